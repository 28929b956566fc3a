// Tables as TSV and charts as SVG, to save: made here, from what the page shows.
const save = (name, type, text) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], {type}));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
};
const cellText = (cell) => cell.textContent.trim().replace(/\s+/g, " ");
const cellValue = (cell) => {
  const data = cell.querySelector("data");
  return data ? data.value : cellText(cell);
};
const saver = (label, name, made) => {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "save";
  button.textContent = label;
  button.addEventListener("click", () => save(name(), ...made()));
  return button;
};
const fileName = (text) => text.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");

for (const table of document.querySelectorAll("table")) {
  const titled = table.closest(".panel").querySelector("h3") ||
    table.closest("section").querySelector("h2");
  const rows = () => [...table.rows].map((row) => [...row.cells].map(cellValue).join("\t"));
  const button = saver("Download this table", () => fileName(titled.textContent) + ".tsv",
    () => ["text/tab-separated-values", rows().join("\n") + "\n"]);
  table.closest(".wide").after(button);
}

// A drawing on its own knows no colours of a page: they are written out.
const standalone = (svg) => {
  const copy = svg.cloneNode(true);
  const originals = [svg, ...svg.querySelectorAll("*")];
  [copy, ...copy.querySelectorAll("*")].forEach((node, k) => {
    const style = getComputedStyle(originals[k]);
    for (const name of ["fill", "stroke"]) {
      if ((node.getAttribute(name) || "").startsWith("var(")) node.setAttribute(name, style[name]);
    }
  });
  copy.querySelectorAll(".above").forEach((node) => node.remove());
  copy.style.fontFamily = getComputedStyle(svg).fontFamily;
  copy.style.background = getComputedStyle(svg.closest("figure, .panel")).backgroundColor;
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return new XMLSerializer().serializeToString(copy);
};
const svgSaver = (name, svg) => saver("Download this chart", () => name + ".svg",
  () => ["image/svg+xml", standalone(svg())]);
for (const svg of document.querySelectorAll(".panel > svg")) {
  svg.after(svgSaver(fileName(svg.closest("section").querySelector("h2").textContent), () => svg));
}
const barsOf = (figure) => {
  const plot = figure.querySelector(".plot");
  if (plot) {
    const chart = JSON.parse(plot.nextElementSibling.textContent);
    return [[chart.x, chart.y], ...chart.bars.map((bar) => [bar.name, bar.amount])];
  }
  return [...figure.querySelectorAll(".bars li")].map((bar) =>
    [...bar.querySelectorAll(".title, .words")].map((node) => node.value ?? cellText(node)));
};
for (const figure of document.querySelectorAll("figure")) {
  const plot = figure.querySelector(".plot"), bars = barsOf(figure);
  const name = fileName(figure.querySelector("h3").textContent);
  if (!bars.length) continue;
  const row = figure.appendChild(document.createElement("div"));
  row.className = "saves";
  if (plot) {
    row.append(svgSaver(name, () => plot.querySelector("svg")));
  }
  row.append(saver("Download these figures", () => name + ".tsv",
    () => ["text/tab-separated-values", bars.map((cells) => cells.join("\t")).join("\n") + "\n"]));
}
