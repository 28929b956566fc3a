// Draws each chart where its page has left room for it, from the JSON that follows, as wide as that
// is, and anew when it changes.
const SVG = "http://www.w3.org/2000/svg";
const TOP = 24, PLOT = 190, BOTTOM = 44, RIGHT = 22, GAP = 8, LINE = 16, WIDEST = 72;

const shown = (value) => value.toLocaleString("en", {maximumFractionDigits: 6});
const add = (parent, tag, attributes, text) => {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  return parent.appendChild(node);
};
const write = (parent, x, y, anchor, fill, text) =>
  add(parent, "text", {x, y, "text-anchor": anchor, fill, "aria-hidden": "true"}, text);
const widest = (nodes) => Math.max(0, ...nodes.map((node) => node.getComputedTextLength()));

// Round numbers between two, few enough; from a step of 1 on where only whole ones make sense.
const ticks = (low, high, most, whole) => {
  let step = 10 ** Math.floor(Math.log10((high - low) / most || 1));
  if (whole) step = Math.max(step, 1);
  while ((high - low) / step > most) step *= String(step).includes("2") ? 2.5 : 2;
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({length: Math.floor(high / step + 1e-9) - first + 1},
    (_, k) => Number(((first + k) * step).toPrecision(12)));
};

// The amounts: lines across, each with its number, and what is counted above. Says where they end.
const drawAmounts = (svg, chart, width) => {
  const most = Math.max(...chart.bars.map((bar) => bar.base + bar.amount)) || 1;
  const steps = ticks(0, most, 4, chart.whole), step = steps[1] ?? most;
  if (steps.at(-1) < most) steps.push(Number((steps.at(-1) + step).toPrecision(12)));
  const lines = steps.map((value) => [value, write(svg, 0, 0, "end", "var(--muted)", shown(value))]);
  const left = Math.ceil(widest(lines.map(([, text]) => text))) + GAP;
  const up = (value) => PLOT * (1 - value / steps.at(-1));
  for (const [value, text] of lines) {
    text.setAttribute("x", left - GAP);
    text.setAttribute("y", up(value) + 4);
    add(svg, "line", {x1: left, x2: width - RIGHT, y1: up(value), y2: up(value),
      stroke: "var(--line)"});
  }
  return {left, up, title: write(svg, 0, 0, "start", "var(--muted)", chart.y)};
};

// Where each bar lies along the axis below, and the names there: all that have room.
const drawAxis = (svg, chart, left, right) => {
  const name = (x, text) => write(svg, x, PLOT + 18, "middle", "var(--muted)", text);
  write(svg, (left + right) / 2, PLOT + 38, "middle", "var(--muted)", chart.x);
  if (chart.domain) {
    const [low, high] = chart.domain;
    const at = (value) => left + (right - left) * (value - low) / (high - low);
    for (const value of ticks(low, high, Math.max(2, Math.floor((right - left) / 50)), false)) {
      add(svg, "line", {x1: at(value), x2: at(value), y1: PLOT, y2: PLOT + 5,
        stroke: "var(--line)"});
      name(at(value), shown(value));
    }
    return {at, place: (bar) => [at(bar.low), Math.max(1, at(bar.high) - at(bar.low) - 1)]};
  }
  const band = (right - left) / chart.bars.length, width = Math.min(WIDEST, 0.8 * band);
  const names = chart.bars.map((bar, k) => name(left + (k + 0.5) * band, bar.name));
  const every = Math.ceil((widest(names) + GAP) / band);
  names.forEach((text, k) => { if (k % every) text.remove(); });
  return {place: (bar, k) => [left + (k + 0.5) * band - width / 2, width]};
};

// The limits, their names above in as many rows as it takes. Says how many.
const drawLimits = (svg, chart, at, left, right) => {
  const ends = [];
  for (const limit of chart.limits) {
    const x = at(limit.at);
    const text = write(svg, 0, 0, "start", "var(--warm)", limit.name);
    const length = text.getComputedTextLength();
    const begin = Math.max(left, Math.min(x - length / 2, right + RIGHT - length));
    let row = ends.findIndex((end) => end + GAP <= begin);
    if (row < 0) row = ends.length;
    ends[row] = begin + length;
    text.setAttribute("x", begin);
    text.setAttribute("y", -6 - LINE * row);
    add(svg, "line", {x1: x, x2: x, y1: -2 - LINE * row, y2: PLOT, stroke: "var(--warm)",
      "stroke-dasharray": "4 3"});
  }
  return ends.length;
};

const draw = (plot, chart) => {
  const width = plot.clientWidth, tip = document.createElement("div");
  const svg = document.createElementNS(SVG, "svg");
  plot.replaceChildren(svg, tip);
  tip.className = "tip";
  tip.hidden = true;
  const {left, up, title} = drawAmounts(svg, chart, width);
  const right = width - RIGHT;
  const {at, place} = drawAxis(svg, chart, left, right);
  const bars = add(svg, "g", {});
  const rows = drawLimits(svg, chart, at, left, right);
  const top = TOP + LINE * rows, height = top + PLOT + BOTTOM;
  title.setAttribute("y", 12 - top);
  for (const [name, value] of Object.entries({width, height, role: "group",
    viewBox: `0 ${-top} ${width} ${height}`, "font-size": 12, "aria-label": chart.description})) svg.setAttribute(name, value);
  chart.bars.forEach((bar, k) => {
    const [x, wide] = place(bar, k), y = up(bar.base + bar.amount);
    const said = `${chart.x}${chart.domain ? "," : ""} ${bar.name}: ${bar.words}`;
    const drawn = add(bars, "rect", {class: "bar", role: "img", "aria-label": said, x, y,
      width: wide, height: up(bar.base) - y, fill: bar.enough ? "var(--accent)" : "var(--faint)"});
    // All above a bar belongs to it, too: some are only a pixel high.
    const above = bar.base ? drawn : add(bars, "rect", {class: "above", x, y: 0, width: wide,
      height: y, fill: "transparent", "aria-hidden": "true"});
    for (const node of [drawn, above]) {
      node.addEventListener("pointerenter", () => {
        tip.textContent = said;
        tip.hidden = false;
        tip.style.left = Math.max(0, Math.min(x, width - tip.offsetWidth)) + "px";
        tip.style.top = Math.max(0, y + top - tip.offsetHeight - 6) + "px";
      });
      node.addEventListener("pointerleave", () => { tip.hidden = true; });
    }
  });
};

for (const plot of document.querySelectorAll(".plot")) {
  const chart = JSON.parse(plot.nextElementSibling.textContent);
  let drawn = 0;
  new ResizeObserver(() => {
    if (plot.clientWidth && plot.clientWidth !== drawn) {
      drawn = plot.clientWidth;
      draw(plot, chart);
    }
  }).observe(plot);
}
