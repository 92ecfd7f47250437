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
})();
