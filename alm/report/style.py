"""How the pages look, and the little that moves in them."""

CSS = """
:root {
  color-scheme: light dark;
  --page: #f6f7f8; --card: #ffffff; --text: #1b1f26; --muted: #5d6572; --line: #dfe3e8;
  --accent: #23708f; --faint: #c6d3da; --warm: #b4601c; --warm-card: #fdf4ea;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171c; --card: #1c2027; --text: #e7eaee; --muted: #9ba4b1; --line: #303640;
    --accent: #58b0d2; --faint: #47555f; --warm: #e6a563; --warm-card: #2b241c;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main { max-width: 1180px; margin: 0 auto; padding: 32px 28px 56px; }
h1 { font-size: 30px; line-height: 1.2; letter-spacing: -0.015em; margin: 0 0 8px; }
h2 { font-size: 20px; letter-spacing: -0.01em; margin: 44px 0 4px; }
h3 { font-size: 15px; margin: 0; }
p { margin: 0; }
.lead { font-size: 17px; color: var(--muted); max-width: 110ch; }
.request { color: var(--muted); max-width: 110ch; margin-top: 18px; }
.about { color: var(--muted); max-width: 100ch; margin-bottom: 14px; }
.notice {
  margin: 20px 0 0; padding: 12px 16px; border-left: 4px solid var(--warm);
  border-radius: 4px; background: var(--warm-card); max-width: 85ch;
}
.cards { display: grid; gap: 14px; margin-top: 26px; grid-template-columns: repeat(3, 1fr); }
.card, figure, .finding, .panel {
  background: var(--card); border: 1px solid var(--line); border-radius: 10px;
}
.card { padding: 14px 16px; }
.card .name { color: var(--muted); }
.card .value { font-size: 28px; font-weight: 650; line-height: 1.25; letter-spacing: -0.02em;
  white-space: nowrap; }
.card .note { color: var(--muted); font-size: 13px; }
.grid { display: grid; gap: 16px; margin-top: 14px; }
@media (min-width: 760px) { .grid { grid-template-columns: repeat(2, minmax(0, 1fr)); } }
figure { margin: 0; padding: 16px 18px; min-width: 0; display: flex; flex-direction: column; }
figcaption p { color: var(--muted); font-size: 13.5px; margin: 2px 0 12px; }
.plot { width: 100%; }
.grid + .grid, figure + .grid { margin-top: 16px; }
h2 + figure, h2 + .panel { margin-top: 14px; }
.plot svg { display: block; }
.empty { color: var(--muted); border: 1px dashed var(--line); border-radius: 8px; padding: 18px; }
.findings { display: grid; gap: 12px; margin-top: 14px; }
.finding { display: grid; grid-template-columns: 168px 1fr; padding: 14px 18px; gap: 2px 18px; }
.finding .size { font-size: 22px; font-weight: 650; letter-spacing: -0.01em; line-height: 1.3; }
.finding .note { color: var(--muted); font-size: 13px; line-height: 1.4; }
.finding code { color: var(--muted); font-weight: 400; font-size: 12.5px; margin-left: 6px; }
.finding .action { margin-top: 6px; }
.finding .action b { color: var(--accent); }
.panel { padding: 6px 18px 12px; min-width: 0; align-self: start; }
.panel h3 { margin: 10px 0 4px; }
ul.plain { list-style: none; margin: 14px 0 0; padding: 0; }
ul.plain li { padding: 7px 0; border-bottom: 1px solid var(--line); }
ul.plain b { display: inline-block; min-width: 90px; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th { text-align: left; color: var(--muted); font-weight: 600; vertical-align: bottom; }
th, td { padding: 6px 14px 6px 0; border-bottom: 1px solid var(--line); }
tbody tr:last-child td { border-bottom: 0; }
td { overflow-wrap: anywhere; vertical-align: top; }
.sortable td:first-child { min-width: 220px; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
td.number { white-space: nowrap; }
th button { all: unset; cursor: pointer; }
th button:hover { color: var(--accent); }
th button:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
th[aria-sort=ascending] button::after { content: " ↑"; }
th[aria-sort=descending] button::after { content: " ↓"; }
td code { font-size: 12.5px; white-space: pre-wrap; }
td code.name { white-space: nowrap; overflow-wrap: normal; }
#vg-tooltip-element.vg-tooltip {
  background: var(--card); color: var(--text); border: 1px solid var(--line); border-radius: 6px;
  font: inherit; font-size: 13px; padding: 6px 10px; box-shadow: 0 3px 12px rgb(0 0 0 / 0.18);
}
#vg-tooltip-element.vg-tooltip td.key { color: var(--muted); }
@media (min-width: 1080px) {
  .cards { grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); }
}
@media (max-width: 560px) {
  .cards { grid-template-columns: repeat(2, 1fr); }
  main { padding: 20px 14px 40px; }
  .finding { grid-template-columns: 1fr; }
}
"""

DRAW = """
for (const plot of document.querySelectorAll(".plot")) {
  const chart = JSON.parse(plot.nextElementSibling.textContent);
  vegaEmbed(plot, chart, {renderer: "svg", actions: false}).catch((error) => {
    plot.textContent = "This chart could not be drawn: " + error.message;
    console.error(error);
  });
}
"""

SORT = """
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0], titles = [...table.tHead.rows[0].cells];
  const key = (row, column) => {
    const cell = row.cells[column], data = cell.querySelector("data");
    return data ? Number(data.value) : cell.textContent;
  };
  titles.forEach((title, column) => title.firstElementChild.addEventListener("click", () => {
    const down = title.ariaSort === "ascending" ? -1 : 1;
    const order = (a, b) => typeof a === "number" ? a - b : a.localeCompare(b);
    const rows = [...body.rows].map((row) => [key(row, column), row]);
    body.append(...rows.sort(([a], [b]) => down * order(a, b)).map(([, row]) => row));
    titles.forEach((other) => { other.ariaSort = null; });
    title.ariaSort = down === 1 ? "ascending" : "descending";
  }));
}
"""
