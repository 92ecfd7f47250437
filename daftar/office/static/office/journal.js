"use strict";
// The journal by keys: a grid with one tab stop. A cell is saved by itself; what fails stays marked until it is sent.
(() => {
  const table = document.querySelector(".journal");
  if (!table) return;
  const words = JSON.parse(table.dataset.words), signs = JSON.parse(table.dataset.signs);
  const free = table.dataset.free.split(" ").map(Number);
  const rows = [...table.tBodies[0].rows].map((row) => [...row.querySelectorAll("td[id]")]);
  const notice = document.querySelector("[data-unsaved]"), dialog = document.querySelector("[data-ask]");
  const gradeMode = document.querySelector("[data-grade-mode]");
  const kept = new Map(), dirty = new Set(), failed = new Set(), undo = [];
  const EMPTY = [null, null, null, null, null, ""];
  const TEN_MINUTES = 600000;
  const read = (cell) => JSON.parse(cell.dataset.cell);
  rows.flat().forEach((cell) => { if (cell.dataset.cell) kept.set(cell, cell.dataset.cell); });

  const placeOf = (cell) => {
    const y = rows.findIndex((row) => row.includes(cell));
    return [y, y < 0 ? -1 : rows[y].indexOf(cell)];
  };
  // The cell of the one tab stop: by keys the one with the focus, by a button the last that was pressed.
  const current = () => table.querySelector("td[tabindex='0']");
  let anchor = null;
  const chosen = () => rows.flat().filter((cell) => cell.getAttribute("aria-selected") === "true");
  const choose = (from, to) => {
    const [y1, x1] = placeOf(from), [y2, x2] = placeOf(to);
    rows.forEach((row, y) => row.forEach((cell, x) => {
      const is = y >= Math.min(y1, y2) && y <= Math.max(y1, y2) && x >= Math.min(x1, x2) && x <= Math.max(x1, x2);
      if (is && from !== to) cell.setAttribute("aria-selected", "true"); else cell.removeAttribute("aria-selected");
    }));
  };
  const go = (cell, extend) => {
    if (!cell) return;
    // Not the focus: pressing a cell has moved that there already.
    if (extend) { anchor ??= current(); choose(anchor, cell); } else { anchor = null; choose(cell, cell); }
    table.querySelectorAll("td[tabindex='0']").forEach((each) => { each.tabIndex = -1; });
    cell.tabIndex = 0;
    cell.focus();
  };

  const kindOf = ([present, reason, late]) =>
    present === null ? "none" : !present ? (free.includes(reason) ? "excused" : "away") : late ? "late" : "here";
  const draw = (cell) => {
    const value = read(cell), kind = kindOf(value), late = value[2] ? ` ${value[2]}` : "";
    ["here", "away", "excused", "late", "guest", "none"].forEach((each) => cell.classList.toggle(`j-${each}`, each === kind));
    cell.classList.toggle("j-comment", value[5] !== "");
    cell.dataset.grade = `${value[3] ?? ""}${value[4] === null ? "" : `/${value[4]}`}`;
    cell.textContent = signs[kind] + late;
    cell.setAttribute("aria-label", late ? `${signs[kind]}${late}, ${words[kind]}` : words[kind]);
  };
  const isHere = (cell) => ["j-here", "j-late", "j-guest"].some((name) => cell.classList.contains(name));
  const isMarked = (cell) => isHere(cell) || cell.classList.contains("j-away") || cell.classList.contains("j-excused");
  const count = () => {
    rows.forEach((row) => {
      const held = row.filter(isMarked).length, here = row.filter(isHere).length, line = row[0].parentNode;
      line.querySelector("[data-attended]").textContent = `${here}/${held}`;
      line.querySelector("[data-percent]").textContent = held ? Math.round((100 * here) / held) : "";
    });
    table.querySelectorAll("[data-present]").forEach((sum, x) => {
      sum.textContent = rows.filter((row) => isHere(row[x])).length || "";
    });
  };

  let timer = 0, isSending = false, isToOffer = false, because = "";
  const later = () => { clearTimeout(timer); timer = setTimeout(send, 400); };
  const tellFailed = (text) => {
    notice.hidden = failed.size === 0;
    notice.querySelector("[data-unsaved-text]").textContent = text || table.dataset.notSaved;
  };
  const fail = (cells, text) => {
    cells.forEach((cell) => { failed.add(cell); dirty.delete(cell); cell.classList.add("j-failed"); });
    tellFailed(text);
  };
  const send = async () => {
    if (isSending || dirty.size === 0) return;
    isSending = true;
    const sent = [...dirty].slice(0, 300).map((cell) => [cell, cell.dataset.cell]);
    sent.forEach(([cell]) => dirty.delete(cell));
    const body = new FormData();
    body.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
    body.set("because", because);
    body.set("cells", JSON.stringify(sent.map(([cell, now]) => {
      const [, lesson, student] = cell.id.split("-");
      return [Number(lesson), Number(student), JSON.parse(kept.get(cell)), JSON.parse(now)];
    })));
    const cells = sent.map(([cell]) => cell);
    try {
      const answer = await fetch(table.dataset.save, { method: "POST", body, keepalive: true });
      const said = answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : {};
      if (answer.ok && said.overtaken) saved(sent, said);
      else if (said.asks) await askWhy(cells, said.refused);
      else fail(cells, said.refused);
    } catch {
      fail(cells);
    }
    isSending = false;
    if (dirty.size) later();
  };
  const isHeld = (x) => rows.some((row) => isMarked(row[x]));
  const showStates = () => table.querySelectorAll("thead .journal-state").forEach((state, x) => {
    if (state.classList.contains("journal-cancelled")) return;
    state.classList.toggle("journal-conducted", isHeld(x));
  });
  const saved = (sent, { overtaken, charged }) => {
    because = "";
    const paid = new Set(charged.map(([lesson, student]) => `c-${lesson}-${student}`));
    sent.forEach(([cell]) => cell.classList.toggle("j-charged", paid.has(cell.id)));
    sent.forEach(([cell, now]) => {
      kept.set(cell, now);
      failed.delete(cell);
      cell.classList.remove("j-failed");
      cell.classList.add("j-saved");
      setTimeout(() => cell.classList.remove("j-saved"), 1000);
    });
    overtaken.forEach((each) => {
      const cell = document.getElementById(`c-${each.lesson}-${each.student}`);
      cell.dataset.cell = JSON.stringify(each.cell);
      kept.set(cell, cell.dataset.cell);
      dirty.delete(cell);
      cell.classList.remove("j-saved");
      cell.classList.add("j-overtaken");
      cell.title = each.text;
      draw(cell);
      say(each.text);
    });
    count();
    showStates();
    tellFailed();
    if (isToOffer) offerUndo();
  };
  const toasts = document.querySelector("[data-toasts]");
  const offerUndo = () => {
    isToOffer = false;
    toasts.querySelector("[data-take-back]")?.closest(".toast").remove();
    const box = document.querySelector("[data-saved-toast]").content.firstElementChild.cloneNode(true);
    box.querySelector("[data-take-back]").addEventListener("click", () => { box.remove(); takeBack(); });
    toasts.append(box);
    setTimeout(() => box.remove(), 10000);
  };
  const say = (text) => {
    document.querySelector("#live").textContent = text;
    const box = document.createElement("div"), inner = document.createElement("div");
    box.className = "toast show toast-bad";
    inner.className = "toast-body";
    inner.textContent = text;
    box.append(inner);
    toasts.append(box);
    setTimeout(() => box.remove(), 10000);
  };
  const askWhy = async (cells, text) => {
    const why = await ask("because", "", text);
    if (!why) { fail(cells, text); return; }
    because = why;
    cells.forEach((cell) => dirty.add(cell));
  };

  const ask = (what, value, title = "") => new Promise((done) => {
    const label = dialog.querySelector("label"), field = dialog.querySelector("input"), back = document.activeElement;
    label.textContent = title ? `${title} ${label.dataset[what]}` : label.dataset[what];
    field.type = what === "late" ? "number" : "text";
    field.value = value;
    dialog.returnValue = "";
    dialog.addEventListener("close", () => {
      back.focus();
      done(dialog.returnValue === "ok" ? field.value.trim() : null);
    }, { once: true });
    dialog.showModal();
    field.focus();
  });
  dialog.querySelector("[data-ask-close]").addEventListener("click", () => dialog.close());

  const targets = () => {
    const range = chosen();
    return (range.length ? range : [current()]).filter((cell) => cell?.dataset.cell);
  };
  const set = (change) => apply(targets().map((cell) => [cell, JSON.stringify(change(read(cell)))]), false);
  const apply = (changes, isUndo) => {
    const real = changes.filter(([cell, now]) => now !== cell.dataset.cell);
    if (!real.length) return;
    if (!isUndo) undo.push({ at: Date.now(), cells: real.map(([cell]) => [cell, cell.dataset.cell]) });
    isToOffer = !isUndo;
    real.forEach(([cell, now]) => {
      cell.dataset.cell = now;
      cell.classList.remove("j-overtaken");
      cell.removeAttribute("title");
      draw(cell);
      dirty.add(cell);
    });
    count();
    later();
  };
  const takeBack = () => {
    const last = undo.pop();
    if (last && Date.now() - last.at < TEN_MINUTES) apply(last.cells, true);
  };
  const here = (value) => [true, null, null, value[3], value[4], value[5]];
  const away = (reason) => (value) => [false, reason, null, value[3], value[4], value[5]];
  const excused = table.dataset.excused === "" ? null : Number(table.dataset.excused);

  let digits = "", digitAt = 0;
  const grade = (digit) => {
    digits = Date.now() - digitAt < 1000 && Number(digits + digit) <= 100 ? digits + digit : digit;
    digitAt = Date.now();
    const place = Number(gradeMode.value), number = Number(digits);
    set((value) => [value[0] ?? true, value[1], value[2], place === 3 ? number : value[3], place === 4 ? number : value[4], value[5]]);
  };
  const askFor = async (what, change, value) => {
    const cells = targets();
    if (!cells.length) return;
    const answer = await ask(what, value(read(cells[0])));
    if (answer !== null) apply(cells.map((cell) => [cell, JSON.stringify(change(read(cell), answer))]), false);
  };
  const actions = {
    Space: () => set((value) => (value[0] ? away(null)(value) : here(value))),
    Plus: () => set(here),
    Minus: () => set(away(null)),
    KeyE: () => set(away(excused)),
    KeyL: () => askFor("late", (value, text) => [true, null, Math.min(Number(text), 600) || null, value[3], value[4], value[5]], (value) => value[2] ?? ""),
    Enter: () => askFor("comment", (value, text) => [value[0] ?? true, value[1], value[2], value[3], value[4], text], (value) => value[5]),
    Delete: () => set(() => EMPTY),
    KeyM: () => { if (table.dataset.makeUps) location.assign(`${table.dataset.makeUps}?student=${current().id.split("-")[2]}`); },
  };
  const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  const step = (event, y, x) => {
    if (event.code in moves) { const [dy, dx] = moves[event.code]; return rows[y + dy]?.[x + dx]; }
    const line = event.ctrlKey ? rows[event.code === "Home" ? 0 : rows.length - 1] : rows[y];
    return event.code === "Home" ? line[0] : line[line.length - 1];
  };
  const nameOf = (event) =>
    event.key === "+" ? "Plus" : event.key === "-" || event.key === "−" ? "Minus" : event.key === "Backspace" ? "Delete" : event.code;
  table.addEventListener("keydown", (event) => {
    const [y, x] = placeOf(event.target);
    if (y < 0 || event.altKey || event.metaKey) return;
    const take = () => { event.preventDefault(); event.stopPropagation(); };
    if (event.code in moves || event.code === "Home" || event.code === "End") {
      take();
      go(step(event, y, x), event.shiftKey);
    } else if (event.ctrlKey && event.code === "KeyZ") {
      take();
      takeBack();
    } else if (!event.ctrlKey && gradeMode.value && /^[0-9]$/.test(event.key)) {
      take();
      grade(event.key);
    } else if (!event.ctrlKey && nameOf(event) in actions) {
      take();
      actions[nameOf(event)]();
    }
  });
  // Buttons do what the keys do, to the cells that are chosen; these keep the focus.
  document.querySelectorAll("[data-do]").forEach((button) => {
    button.addEventListener("pointerdown", (event) => event.preventDefault());
    button.addEventListener("mousedown", (event) => event.preventDefault());
    button.addEventListener("click", () => {
      if (!table.contains(document.activeElement)) current()?.focus();
      if (button.dataset.do === "Undo") takeBack(); else actions[button.dataset.do]();
    });
  });
  table.addEventListener("click", (event) => {
    const cell = event.target.closest("td[id]");
    if (cell) go(cell, event.shiftKey);
  });
  notice.querySelector("[data-retry]").addEventListener("click", () => {
    failed.forEach((cell) => dirty.add(cell));
    failed.clear();
    send();
  });
  addEventListener("pagehide", send);
  addEventListener("beforeunload", (event) => { if (failed.size) event.preventDefault(); });
})();
