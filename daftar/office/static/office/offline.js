"use strict";
// Attendance without a connection. What is marked waits in this browser until the centre has it, and is stored once:
// each lesson goes with a key of its own. A draft that nobody saved yet survives a reload and a closed tab too.
(() => {
  const strip = document.querySelector("[data-outbox]");
  if (!strip || !window.indexedDB) return;
  const { who, today } = strip.dataset;
  const worker = navigator.serviceWorker;
  const DAY = 86400000, EVERY = 30000, PATIENCE = 15000;
  const newKey = () => "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (digit) =>
    (digit ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (digit / 4)))).toString(16));

  // The store: rows {key, who, lesson, title, page, send, at, fields, refused}.
  const opened = () => new Promise((done, fail) => {
    const asked = indexedDB.open("daftar", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("outbox", { keyPath: "key" });
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => fail(asked.error);
  });
  const deal = async (mode, act) => {
    const db = await opened();
    return new Promise((done, fail) => {
      const through = db.transaction("outbox", mode, { durability: "strict" }), asked = act(through.objectStore("outbox"));
      through.oncomplete = () => { db.close(); done(asked?.result); };
      through.onabort = through.onerror = () => { db.close(); fail(through.error); };
    });
  };
  const mine = async () => (await deal("readonly", (store) => store.getAll())).filter((row) => row.who === who);
  const put = (row) => deal("readwrite", (store) => store.put(row));
  const drop = (key) => deal("readwrite", (store) => store.delete(key));

  const list = strip.querySelector("[data-outbox-list]"), head = strip.querySelector("[data-outbox-head]");
  const show = (rows, note = "") => {
    const words = strip.dataset;
    const text = note || (rows.length ? words.waiting.replace("{count}", rows.length) : navigator.onLine ? "" : words.offline);
    strip.hidden = !text;
    head.textContent = text;
    list.replaceChildren(...rows.map((row) => {
      const line = document.createElement("li"), link = document.createElement("a");
      link.href = row.page;
      link.textContent = row.title;
      line.append(link, row.refused ? ` ${row.refused} ` : "");
      if (row.refused) {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "btn btn-sm";
        button.textContent = words.discard;
        button.addEventListener("click", async () => { await drop(row.key); refresh(); });
        line.append(button);
      }
      return line;
    }));
  };
  const refresh = async (note) => show(await mine(), note);

  // Sending. The answer of one row: "sent", "refused", "away" (no connection) or "strangers" (signed out).
  let token = document.querySelector("[name=csrfmiddlewaretoken]")?.value;
  const post = (row) => {
    const body = new FormData();
    row.fields.forEach(([name, value]) => body.append(name, value));
    body.set("csrfmiddlewaretoken", token);
    body.set("key", row.key);
    body.set("age", Math.max(0, Date.now() - row.at));
    return fetch(row.send, { method: "POST", body, signal: AbortSignal.timeout?.(PATIENCE) });
  };
  const newToken = async () => {
    const answer = await fetch(today, { credentials: "same-origin" });
    if (answer.redirected) return false;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    token = page.querySelector("[name=csrfmiddlewaretoken]")?.value;
    return Boolean(token);
  };
  const send = async (row) => {
    try {
      let answer = await post(row);
      if (answer.status === 403 && (await newToken())) answer = await post(row);
      if (answer.redirected || answer.status === 403) return "strangers";
      if (answer.ok) { await drop(row.key); return "sent"; }
      if (answer.status >= 500) return "away";
      const isTold = answer.headers.get("Content-Type")?.includes("json");
      row.refused = isTold ? (await answer.json()).refused : strip.dataset.gone;
      await put(row);
      return "refused";
    } catch {
      return "away";
    }
  };
  let flushing = null;
  const flush = () => { flushing ??= flushAll().finally(() => { flushing = null; }); return flushing; };
  const flushAll = async () => {
    const rows = (await mine()).filter((row) => !row.refused);
    let note = "", sent = 0;
    for (const row of rows) {
      const became = await send(row);
      if (became === "sent") sent += 1;
      if (became === "strangers") note = strip.dataset.strangers;
      if (became === "away" || became === "strangers") break;
    }
    const left = await mine();
    if (sent && !left.length) {
      const now = new Date();
      note = strip.dataset.sent.replace("{time}", `${now.getHours()}:${String(now.getMinutes()).padStart(2, "0")}`);
      setTimeout(refresh, 8000);
    }
    show(left, note);
  };

  // The page of a lesson: its form is put into the store first and sent from there.
  const form = document.querySelector("[data-attendance][data-send]");
  const fieldsOf = () => [...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken");
  const rowOf = () => ({
    key: newKey(), who, lesson: form.dataset.lesson,
    title: form.dataset.title, page: location.pathname, send: form.dataset.send, at: Date.now(), fields: fieldsOf(), refused: "",
  });
  const fill = (row) => {
    const values = new Map();
    row.fields.forEach(([name, value]) => values.set(name, [...(values.get(name) ?? []), value]));
    const shown = new Set(values.get("shown"));
    form.querySelectorAll("input[name], select[name], textarea[name]").forEach((field) => {
      if (field.type === "checkbox") { if (shown.has(field.value)) field.checked = values.get(field.name)?.includes(field.value) ?? false; }
      // Of who was not on the page then nothing is said: they stay as the page begins.
      else if (field.type === "radio") { if (shown.has(field.name.replace("reason_", ""))) field.checked = (values.get(field.name) ?? [""]).includes(field.value); }
      else if (field.type !== "hidden" && values.has(field.name)) [field.value] = values.get(field.name);
    });
    form.querySelector(".att-box")?.dispatchEvent(new Event("change", { bubbles: true }));
  };
  // A draft is kept at once, before the page can go: the store would still be writing when it does.
  const draftKey = form ? `draft ${who} ${form.dataset.lesson}` : "";
  const draft = () => {
    const row = JSON.parse(localStorage.getItem(draftKey) ?? "null");
    if (row && Date.now() - row.at <= DAY) return row;
    localStorage.removeItem(draftKey);
    return null;
  };
  const begin = async () => {
    form.addEventListener("input", () => localStorage.setItem(draftKey, JSON.stringify(rowOf())));
    const begun = draft(), isShown = !document.querySelector("[data-error-summary]");
    if (begun && isShown) {
      fill(begun);
      const notice = document.querySelector("[data-draft]");
      notice.hidden = false;
      notice.querySelector("button").addEventListener("click", () => { localStorage.removeItem(draftKey); location.reload(); });
    } else if (isShown) {
      const last = (await mine()).filter((row) => row.lesson === form.dataset.lesson).sort((a, b) => a.at - b.at).pop();
      if (last) fill(last);
    }
  };
  const submit = async (event) => {
    if (!form.dataset.send || form.dataset.plain) return;
    event.preventDefault();
    const row = rowOf();
    await Promise.all((await mine()).filter((each) => each.lesson === row.lesson).map((each) => drop(each.key)));
    await put(row);
    localStorage.removeItem(draftKey);
    const became = await send(row);
    if (became === "refused") {
      // The page of the centre says it best, beside what was typed.
      await drop(row.key);
      form.dataset.plain = "1";
      form.submit();
    } else if (became === "sent" || worker?.controller) {
      location.assign(today);
    } else {
      await refresh();
      dispatchEvent(new Event("pageshow"));
    }
  };
  if (form) {
    begin();
    form.addEventListener("submit", submit);
  }

  // The day's lessons are kept for later.
  const keep = async () => {
    const links = [...document.querySelectorAll("[data-keep]")].map((link) => link.pathname).slice(0, 20);
    const files = performance.getEntriesByType("resource").map((entry) => entry.name)
      .filter((name) => new URL(name).pathname.startsWith("/static/"));
    const ready = await worker.ready;
    ready.active.postMessage({ pages: [location.pathname, ...links], files: [...new Set(files)] });
  };
  if (worker) {
    worker.register("/worker.js").catch(() => {});
    worker.addEventListener("message", (event) => { if (event.data.kept) document.body.dataset.kept = event.data.kept; });
    if (location.pathname === today && navigator.onLine) addEventListener("load", keep);
    document.querySelectorAll("[data-sign-out]").forEach((out) => out.addEventListener("submit", () => {
      worker.controller?.postMessage({ forget: true });
    }));
  }

  strip.querySelector("[data-outbox-send]").addEventListener("click", flush);
  ["online", "focus"].forEach((name) => addEventListener(name, flush));
  addEventListener("offline", () => refresh());
  setInterval(flush, EVERY);
  flush();
})();
