"use strict";
{
  const ABSENT = "–";

  // 0.5, −0.5, 1,200 and 3/4 sort as numbers, anything else as words.
  const read = (row, place) => {
    const text = row.cells[place].textContent.trim();
    const number = Number.parseFloat(text.replace("−", "-").replaceAll(",", ""));
    return Number.isNaN(number) ? text : number;
  };

  const compare = (one, other) =>
    typeof one === "number" && typeof other === "number" ? one - other : String(one).localeCompare(String(other));

  const sort = (table, heads, head, place) => {
    const rows = [...table.tBodies[0].rows].map((row) => ({ row, value: read(row, place) }));
    const numeric = head.classList.contains("num");
    const order = head.ariaSort || (numeric ? "ascending" : "descending"); // numbers start with the largest
    const turn = order === "ascending" ? -1 : 1;
    rows.sort((one, other) => {
      const absent = (one.value === ABSENT) - (other.value === ABSENT);
      return absent || turn * compare(one.value, other.value);
    });
    for (const other of heads) other.ariaSort = null;
    head.ariaSort = turn > 0 ? "ascending" : "descending";
    table.tBodies[0].append(...rows.map(({ row }) => row));
  };

  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows].at(-1).cells;
    [...heads].forEach((head, place) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => sort(table, heads, head, place));
    });
  }
}
