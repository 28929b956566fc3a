// A click on a title of a table.sortable sorts by that column: by the exact value of its <data>
// elements, else by its text. A second click turns the order around.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0], titles = [...table.tHead.rows[0].cells];
  const key = (row, column) => {
    const cell = row.cells[column], data = cell.querySelector("data");
    return data ? Number(data.value) : cell.textContent;
  };
  const compare = (a, b) => typeof a === "number" ? a - b : a.localeCompare(b);
  const sort = (title, column) => {
    const down = title.ariaSort === "ascending" ? -1 : 1;
    const rows = [...body.rows].map((row) => [key(row, column), row]);
    body.append(...rows.sort(([a], [b]) => down * compare(a, b)).map(([, row]) => row));
    titles.forEach((other) => { other.ariaSort = null; });
    title.ariaSort = down === 1 ? "ascending" : "descending";
  };
  titles.forEach((title, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...title.childNodes);
    button.addEventListener("click", () => sort(title, column));
    title.append(button);
  });
}
