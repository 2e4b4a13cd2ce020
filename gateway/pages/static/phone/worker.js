// Caches the shell, which holds no data of anybody, and nothing else. VERSION, BASE and FILES stand above.
const CACHE = `kakehashi-phone${BASE}-${VERSION}`;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES.map((file) => new Request(file, { cache: "reload" })))));
  self.skipWaiting();
});

self.addEventListener("activate", (event) => {
  const old = (name) => name.startsWith(`kakehashi-phone${BASE}-`) && name !== CACHE;
  event.waitUntil(
    caches.keys().then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name)))).then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { pathname } = new URL(request.url);
  if (request.method !== "GET") return;
  if (request.mode === "navigate") event.respondWith(fetch(request).catch(() => caches.match(`${BASE}/phone/shell`, { cacheName: CACHE })));
  else if (FILES.includes(pathname)) event.respondWith(fetch(request).catch(() => caches.match(pathname, { cacheName: CACHE })));
});
