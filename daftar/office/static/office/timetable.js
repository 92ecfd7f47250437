"use strict";
// A lesson is dragged to another lane or hour: the form of its move opens with them filled in. Without a mouse the same
// form is one press away, in the lesson.
(() => {
  const board = document.querySelector(".board");
  if (!board) return;
  const field = { rooms: "room_id", teachers: "teacher_id", week: "held_on" }[board.dataset.view];
  let held = null;
  const place = (event) => event.target.closest("td[data-at]");
  const leave = () => board.querySelectorAll(".board-over").forEach((cell) => cell.classList.remove("board-over"));
  board.addEventListener("dragstart", (event) => {
    held = event.target.closest("[data-move]");
    held?.classList.add("board-held");
  });
  board.addEventListener("dragend", () => { held?.classList.remove("board-held"); held = null; leave(); });
  board.addEventListener("dragover", (event) => {
    const cell = place(event);
    leave();
    if (!held || !cell) return;
    event.preventDefault();
    cell.classList.add("board-over");
  });
  board.addEventListener("drop", (event) => {
    const cell = place(event);
    if (!held || !cell) return;
    event.preventDefault();
    const to = new URLSearchParams({ starts_time: cell.dataset.at, held_on: board.dataset.on });
    if (field) to.set(field, cell.dataset.lane);
    location.href = `${held.dataset.move}?${to}`;
  });
  // The free places are one stop of the tabulator: the arrows go from one to the next.
  const free = [...board.querySelectorAll(".board-free")];
  if (free.length) free[0].tabIndex = 0;
  const at = (row, lane) => row?.querySelector(`td[data-lane="${CSS.escape(lane)}"] > .board-free`);
  const beside = (link, key) => {
    const row = link.closest("tr"), lane = link.parentElement.dataset.lane;
    if (key === "ArrowRight" || key === "ArrowLeft") {
      const mine = [...row.querySelectorAll(".board-free")];
      return mine[mine.indexOf(link) + (key === "ArrowRight" ? 1 : -1)];
    }
    const step = key === "ArrowDown" ? "nextElementSibling" : "previousElementSibling";
    for (let next = row[step]; next; next = next[step]) if (at(next, lane)) return at(next, lane);
    return null;
  };
  board.addEventListener("keydown", (event) => {
    const link = event.target.closest(".board-free");
    if (!link || !event.key.startsWith("Arrow")) return;
    const next = beside(link, event.key);
    if (!next) return;
    event.preventDefault();
    link.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });
})();
