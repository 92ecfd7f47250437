"use strict";
// Keeps the day's lessons for when there is no connection. A page comes from the centre whenever that answers.
const PAGES = "daftar-pages", FILES = "daftar-files", PATIENCE = 8000;
const EMPTY_PAGE = "/no-connection/";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

// A new day's answers take the place of the old one's: nobody's names are kept longer than they are of use.
const keep = async (name, addresses) => {
  const answers = await Promise.all(addresses.map((address) =>
    fetch(address, { credentials: "same-origin" }).catch(() => null)));
  // No answer: no connection. An address that leads elsewhere leads to signing in.
  const good = addresses.map((address, place) => [address, answers[place]])
    .filter(([, answer]) => answer?.ok && !answer.redirected);
  const cache = await caches.open(name);
  await Promise.all(good.map(([address, answer]) => cache.put(address, answer)));
  // What is old goes last, and only where everything was answered: nothing may be missing, not for a moment.
  if (!good.length || answers.includes(null)) return;
  const wanted = new Set(good.map(([address]) => new URL(address, self.location).href));
  const old = (await cache.keys()).filter((each) => !wanted.has(each.url));
  await Promise.all(old.map((each) => cache.delete(each)));
};

self.addEventListener("message", (event) => {
  if (event.data.forget) event.waitUntil(caches.delete(PAGES));
  else if (event.data.pages) event.waitUntil(Promise.all([
    keep(PAGES, [...event.data.pages, EMPTY_PAGE]), keep(FILES, event.data.files),
  ]).then(() => event.source?.postMessage({ kept: event.data.pages.length })));
});

const kept = async (request) =>
  (await (await caches.open(PAGES)).match(request, { ignoreVary: true }))
  ?? (await (await caches.open(FILES)).match(request, { ignoreVary: true }));

const page = async (request) => {
  const have = await kept(request);
  const late = new Promise((_, fail) => { if (have) setTimeout(() => fail(new Error("late")), PATIENCE); });
  try {
    return await Promise.race([fetch(request), late]);
  } catch {
    return have ?? (await kept(EMPTY_PAGE)) ?? Response.error();
  }
};
const file = async (request) => (await fetch(request).catch(() => kept(request))) ?? Response.error();

self.addEventListener("fetch", (event) => {
  const { request } = event, url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (url.pathname.startsWith("/static/")) event.respondWith(file(request));
  else if (request.mode === "navigate") event.respondWith(page(request));
});
