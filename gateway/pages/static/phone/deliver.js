// On the sign-in page: a concern that this phone has sealed for the door goes there at once, which needs no session. A phone
// whose person was signed out would else keep it until the next sign-in. A report waits for that: its person need not confirm
// it once more then.
const base = location.pathname.replace(/\/sign-in.*$/, "");
const note = document.getElementById("phone-note");

const made = (name, text, attributes) => Object.assign(document.createElement(name), { textContent: text }, attributes);

async function delivered() {
  const [{ Outbox }, { Store }] = await Promise.all([import("./outbox.js"), import("./store.js")]);
  const store = await Store.open(base);
  try {
    if ((await store.device()) && (await store.waiting()).length) await deliver(new Outbox(store, base), store);
  } finally {
    store.close();
  }
}

async function deliver(outbox, store) {
  const { results, problem } = await outbox.send((one) => one.kind === "concern");
  const [waiting, device] = [await store.waiting(), await store.device()];
  const isUrgent = waiting.some((one) => one.kind === "concern") || results.some((one) => one.kind === "concern" && one.state !== "SENT");
  if (isUrgent) {
    const alarm = made("p", "「今すぐ見てほしい」がまだ送られていません。電話してください ", { className: "note bad" });
    if (device.duty_tel) alarm.append(made("a", device.duty_number, { href: `tel:${device.duty_tel}` }));
    note.append(alarm);
  }
  if (results.length) note.append(made("p", `この端末で待っていた「今すぐ見てほしい」が窓口に届きました(${results.length}件)。`, { className: "note ok" }));
  if (waiting.length) note.append(made("p", `この端末に、まだ送っていないものが${waiting.length}件あります。ログインすると送ります。${problem}`, { className: "note bad" }));
}

// A machine on which no phone was set up gets no database of one.
const known = (await window.indexedDB?.databases?.()) ?? [];
if (note && known.some(({ name }) => name === `kakehashi-outbox${base}`)) await delivered();
