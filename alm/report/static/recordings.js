// The page of recordings: search, and a drawing of a recording when it is opened. All that others
// wrote goes into the page as text.
const drawings = JSON.parse(document.getElementById("drawings").textContent);
const recordings = [...document.querySelectorAll(".recording")];
const clips = JSON.parse(document.querySelector(".recordings").dataset.clips);
const STEPS = 1000;

const element = (tag, name, text, parent) => {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text !== undefined) made.textContent = text;
  if (parent) parent.append(made);
  return made;
};
const clock = (seconds) => {
  const whole = Math.round(Math.abs(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] ? parts : parts.slice(1);
  return (seconds < 0 ? "-" : "") +
    shown.map((part, k) => k ? String(part).padStart(2, "0") : part).join(":");
};
const place = (bar, begin, length) => {
  bar.style.left = (100 * begin / STEPS) + "%";
  bar.style.width = (100 * Math.max(length, 1) / STEPS) + "%";
};

// A lane with its name and the track that its bars lie in.
const lane = (parent, name, title, text) => {
  const row = element("div", "lane " + name, undefined, parent);
  element("span", "title", title, row).title = text || title;
  return element("div", "track", undefined, row);
};

const ticks = (drawing, parent) => {
  const length = drawing.last - drawing.first, most = 8;
  const step = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400]
    .find((each) => length / each <= most) || length / most;
  const track = lane(parent, "axis", "time");
  for (let at = Math.ceil(drawing.first / step) * step; at <= drawing.last; at += step) {
    const share = (at - drawing.first) / length;
    const tick = element("span", share > 0.93 ? "tick last" : "tick", clock(at), track);
    tick.style.left = (100 * share) + "%";
  }
};

// A button for the clip of a window. The export `audio` makes clips after this page, so whether
// there is one, and of which split it is, shows when it is asked for.
const offer = (clip, panel) => {
  const button = element("button", "listen", "Listen", panel);
  button.type = "button";
  button.addEventListener("click", () => {
    const audio = element("audio", "", undefined, undefined);
    const path = clip.split("/").map(encodeURIComponent).join("/");
    for (const folder of clips.folders) {
      const place = `../exports/audio/${folder}clips/${path}.${clips.format}`;
      element("source", "", undefined, audio).src = place;
    }
    audio.lastChild.addEventListener("error", () => {
      audio.replaceWith("There is no clip of it here yet: snakemake exports makes it.");
    });
    audio.controls = true;
    audio.autoplay = true;
    button.replaceWith(audio);
  });
};

// What is in a window, below the drawing.
const tell = (drawing, window, number, panel) => {
  panel.replaceChildren();
  const lasts = window.end - window.start;
  element("h3", "", `Window ${number} of ${drawing.windows.length}`, panel);
  element("p", "about", `${clock(window.start)} to ${clock(window.end)}: ${lasts.toFixed(1)} s, ` +
    `${window.speech.toFixed(1)} s of speech and ${(lasts - window.speech).toFixed(1)} s of ` +
    `silence, ${window.speakers} ${window.speakers === 1 ? "speaker" : "speakers"}`, panel);
  if (clips && window.clip && location.protocol !== "data:") {
    offer(`${drawing.clips}/${drawing.clips}-${window.clip}`, panel);
  }
  const list = element("dl", "turns", undefined, panel);
  for (const [speaker, text] of window.turns) {
    element("dt", "speaker" + speaker % 8, drawing.speakers[speaker], list);
    element("dd", "", text, list);
  }
  if (drawing.cut) element("p", "about", "The texts are longer than fits on this page.", panel);
  else if (!window.turns.length) element("p", "about", "Its segments have no text.", panel);
};

const draw = (drawing, parent) => {
  if (!drawing) {
    element("p", "empty", "This recording is too large, or too odd, to be drawn here.", parent);
    return;
  }
  const picture = element("div", "picture", undefined, parent);
  drawing.speakers.forEach((name, number) => {
    const track = lane(picture, "talk", name);
    const steps = drawing.talk[number];
    for (let k = 0, at = 0; k < steps.length; k += 2) {
      at += steps[k];
      place(element("i", "speaker" + number % 8, undefined, track), at, steps[k + 1]);
      at += steps[k + 1];
    }
  });
  if (drawing.candidates.length) {
    const track = lane(picture, "candidates", "candidates", "candidate windows");
    track.style.height = (4 * drawing.candidates.length) + "px";
    drawing.candidates.forEach(([begin, end], row) => {
      const bar = element("i", "", undefined, track);
      place(bar, begin, end - begin);
      bar.style.top = (4 * row) + "px";
    });
  }
  const panel = element("div", "window", undefined, parent);
  panel.setAttribute("role", "region");
  panel.setAttribute("aria-label", "The chosen window");
  const rows = [];
  drawing.windows.forEach((window, k) => {
    let row = rows.find((each) => each.end <= window.start);
    if (!row) {
      row = {track: lane(picture, "kept", rows.length ? "" : "kept", "kept windows")};
      rows.push(row);
    }
    row.end = window.end;
    const length = drawing.last - drawing.first;
    const begin = STEPS * (window.start - drawing.first) / length;
    const button = element("button", "", `${(window.end - window.start).toFixed(0)} s`, row.track);
    button.type = "button";
    button.setAttribute("aria-label", `Window ${k + 1}, ${clock(window.start)} to ` +
      `${clock(window.end)}: show its text and figures`);
    place(button, begin, STEPS * (window.end - window.start) / length);
    button.addEventListener("click", () => {
      picture.querySelectorAll("[aria-pressed]").forEach((each) => each.removeAttribute("aria-pressed"));
      button.setAttribute("aria-pressed", "true");
      tell(drawing, window, k + 1, panel);
    });
  });
  ticks(drawing, picture);
  element("p", "about", drawing.windows.length ? "Click a kept window to read it." :
    "No window was kept of this recording.", panel);
};

recordings.forEach((recording, number) => {
  recording.addEventListener("toggle", () => {
    const parent = recording.querySelector(".drawing");
    if (recording.open && !parent.childElementCount) draw(drawings[number], parent);
  });
});
if (recordings.length) recordings[0].open = true;

const search = document.getElementById("search"), why = document.getElementById("why");
const find = () => {
  const wanted = search.value.toLowerCase();
  let matches = 0;
  for (const recording of recordings) {
    const text = recording.querySelector(".name").textContent.toLowerCase();
    const shown = text.includes(wanted) && (!why.value || recording.dataset.why === why.value);
    recording.hidden = !shown;
    matches += shown;
  }
  document.getElementById("matches").textContent =
    wanted || why.value ? `${matches} ${matches === 1 ? "recording" : "recordings"}` : "";
};
search.addEventListener("input", find);
why.addEventListener("change", find);
