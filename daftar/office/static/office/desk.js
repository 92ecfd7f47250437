"use strict";
// The palette (Ctrl K) and the list of keys (?), for pages of the office.
(() => {
  const palette = document.getElementById("palette");
  const input = palette?.querySelector("input");
  const items = () => [...palette.querySelectorAll("[data-testid=palette-item]")];
  let chosen = 0, answered = "", wanted = false;
  const mark = () => items().forEach((item, place) => item.closest("li").classList.toggle("bg-primary-lt", place === chosen));
  const open = () => {
    palette.showModal();
    input.select();
    input.dispatchEvent(new Event("open"));
  };
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.code === "KeyK" && palette) {
      event.preventDefault();
      open();
    } else if (event.code === "Slash" && event.shiftKey && !event.target.matches("input,textarea,select")) {
      document.getElementById("keys")?.showModal();
    }
  });
  palette?.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.code];
    if (step) {
      event.preventDefault();
      chosen = Math.min(Math.max(chosen + step, 0), items().length - 1);
      mark();
      items()[chosen]?.scrollIntoView({ block: "nearest" });
    } else if (event.code === "Enter") {
      event.preventDefault();
      // Who types fast presses Enter before the answer: what was typed is meant, not what is still shown.
      if (input.value === answered) items()[chosen]?.click();
      else wanted = true;
    }
  });
  // Each answer knows what it was asked: the next question may be on its way before it is shown.
  palette?.addEventListener("htmx:beforeRequest", (event) => { event.detail.xhr.asked = input.value; });
  palette?.addEventListener("htmx:afterSettle", (event) => {
    answered = event.detail.xhr.asked;
    chosen = 0;
    mark();
    if (wanted && input.value === answered) items()[0]?.click();
    if (input.value === answered) wanted = false;
  });
})();
