"use strict";
(() => {
  const root = document.documentElement;
  const $ = (selector, from = document) => from.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const say = (text) => { $("#live").textContent = text; };

  // Theme: the server reads the cookie, so that pages arrive in their colours.
  const setTheme = (theme) => {
    root.dataset.bsTheme = theme;
    document.cookie = `theme=${theme};path=/;max-age=31536000;samesite=lax`;
  };
  const system = matchMedia("(prefers-color-scheme: dark)");
  const followSystem = () => {
    if (!localStorage.getItem("theme")) setTheme(system.matches ? "dark" : "light");
  };
  followSystem();
  system.addEventListener("change", followSystem);

  // Toasts stay ten seconds, longer while someone reads them.
  const startToast = (toast) => {
    if (toast.classList.contains("toast-bad")) return;
    let timer;
    const wait = () => { timer = setTimeout(() => toast.remove(), 10000); };
    ["mouseenter", "focusin"].forEach((event) => toast.addEventListener(event, () => clearTimeout(timer)));
    ["mouseleave", "focusout"].forEach((event) => toast.addEventListener(event, wait));
    wait();
  };
  const complain = (text) => {
    const box = document.createElement("div");
    box.className = "toast show toast-bad";
    const body = document.createElement("div");
    body.className = "toast-body";
    body.textContent = text;
    box.append(body);
    $("[data-toasts]")?.append(box);
    setTimeout(() => box.remove(), 10000);
  };

  // A choice may show a part of the form: data-shows on the input's group names it, data-when its value.
  const showParts = () => all("[data-shown-by]").forEach((part) => {
    const chosen = $(`[name="${part.dataset.shownBy}"]:checked, [name="${part.dataset.shownBy}"] option:checked`);
    part.classList.toggle("shown-by", !chosen || !part.dataset.when.split(" ").includes(chosen.value));
  });

  // Attendance: the button says in words what it will save.
  const countMarks = (form) => {
    const boxes = all(".att-box", form);
    const present = boxes.filter((box) => box.checked).length;
    const open = all(".att-box:not(:checked)~.att-reasons .att-open:checked", form).length;
    const text = (open ? form.dataset.resultOpen : form.dataset.result).replace("{present}", present)
      .replace("{absent}", boxes.length - present - open).replace("{unmarked}", open);
    const button = $("[data-save]", form);
    if (button) button.textContent = text;
  };

  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-theme-switch],[data-close],[data-print],[data-fill],[data-copy],a[href^='#id_']");
    if (!target) return;
    if (target.matches("[data-theme-switch]")) {
      const theme = root.dataset.bsTheme === "dark" ? "light" : "dark";
      localStorage.setItem("theme", theme);
      setTheme(theme);
    } else if (target.matches("[data-close]")) {
      target.closest(".toast").remove();
    } else if (target.matches("[data-print]")) {
      print();
    } else if (target.matches("[data-copy]")) {
      const box = document.getElementById(target.dataset.copy);
      box.select();  // without https there is no clipboard for scripts, and Ctrl C copies what is selected
      navigator.clipboard?.writeText(box.value).then(() => {
        target.textContent = target.dataset.copied;
        say(target.dataset.copied);
      });
    } else if (target.matches("[data-fill]")) {
      const field = document.getElementById(target.dataset.fill);
      field.value = target.dataset.text;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.focus();
    } else {
      event.preventDefault();
      document.getElementById(target.hash.slice(1))?.focus();
    }
  });

  // A menu of <details> closes by a click elsewhere and by Esc.
  const closeMenus = (but) => all("details.promise[open]").forEach((menu) => { if (menu !== but) menu.open = false; });
  document.addEventListener("click", (event) => closeMenus(event.target.closest("details.promise")));
  document.addEventListener("keydown", (event) => { if (event.code === "Escape") closeMenus(); });

  document.addEventListener("change", (event) => {
    showParts();
    const form = event.target.closest("[data-attendance]");
    if (form) countMarks(form);
    if (event.target.matches("[data-auto]")) event.target.form.requestSubmit();
  });

  // A form goes once: a second press does nothing until the page comes back.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.busy) { event.preventDefault(); return; }
    form.dataset.busy = "1";
    const button = event.submitter || $("[type=submit]", form);
    if (!button?.matches("[data-save]")) return;
    button.dataset.label = button.innerHTML;
    setTimeout(() => {
      button.disabled = true;
      button.setAttribute("aria-busy", "true");
      button.textContent = document.body.dataset.saving;
    });
  });
  addEventListener("pageshow", () => all("form[data-busy]").forEach((form) => {
    delete form.dataset.busy;
    const button = $("[data-label]", form);
    if (!button) return;
    button.disabled = false;
    button.removeAttribute("aria-busy");
    button.innerHTML = button.dataset.label;
  }));

  // Keys are physical (event.code), so that they work under any keyboard layout.
  let going = 0;
  const typing = (element) => element.matches("input:not([type=checkbox],[type=radio]),textarea,select,[contenteditable]");
  const press = (element) => (element.matches("input") ? element.focus() : element.click());
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey && event.code === "Enter") {
      const form = event.target.closest("form") || all("form").find((each) => $("[data-save]", each));
      if (form?.method === "post") { event.preventDefault(); form.requestSubmit(); }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (typing(event.target)) { if (event.code === "Escape") event.target.blur(); return; }
    const recent = Date.now() - going < 1500;
    const wanted = recent ? `[data-go="${event.code}"]` : `[data-key="${event.code}"]`;
    going = event.code === "KeyG" && !recent ? Date.now() : 0;
    const found = all(wanted).find((element) => element.offsetParent !== null) || $(wanted);
    if (found) { event.preventDefault(); press(found); }
  });

  // Down a column by Enter, back up with Shift; after the last field comes the button that saves.
  document.addEventListener("keydown", (event) => {
    const here = event.target;
    if (event.key !== "Enter" || event.ctrlKey || !here.matches("[data-column]")) return;
    event.preventDefault();
    const column = all(`[data-column="${here.dataset.column}"]`, here.form);
    const next = column[column.indexOf(here) + (event.shiftKey ? -1 : 1)];
    (next || (event.shiftKey ? here : $("[data-save]", here.form))).focus();
    next?.select?.();
  });

  document.addEventListener("htmx:beforeRequest", (event) => event.detail.target.setAttribute("aria-busy", "true"));
  document.addEventListener("htmx:afterRequest", (event) => event.detail.target.removeAttribute("aria-busy"));
  // What arrives while Save is being pressed would move it from under the finger, and the press would be lost.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if ($("[data-save]:active")) event.detail.shouldSwap = false;
  });
  document.addEventListener("htmx:afterSettle", () => {
    const news = all("[data-announce]");
    if (news.length) say(news.map((each) => each.dataset.announce).filter(Boolean).join(". "));
  });
  ["htmx:responseError", "htmx:sendError", "htmx:timeout"].forEach((name) =>
    document.addEventListener(name, () => complain(document.body.dataset.failed)));

  all("[data-toasts] .toast").forEach(startToast);
  all("[data-attendance]").forEach(countMarks);
  showParts();
  // A row of tabs wider than the screen shows the one that is open.
  all(".scroll-x .nav-link.active").forEach((tab) => {
    const box = tab.closest(".scroll-x"), from = tab.getBoundingClientRect().left - box.getBoundingClientRect().left;
    box.scrollLeft += from - (box.clientWidth - tab.offsetWidth) / 2;
  });
  const first = $("[data-error-summary]") || $("[data-focus]");
  first?.focus();
  first?.select?.();
})();
