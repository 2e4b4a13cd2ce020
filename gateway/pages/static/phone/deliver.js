// On the sign-in page: what this phone has sealed for the door goes there, which needs no session. A phone whose person was
// signed out would else keep it until the next sign-in.
const base = location.pathname.replace(/\/sign-in.*$/, "");
const note = document.getElementById("phone-note");

const made = (name, text, attributes) => Object.assign(document.createElement(name), { textContent: text }, attributes);

async function delivered() {
  const [{ Outbox }, { Store }] = await Promise.all([import("./outbox.js"), import("./store.js")]);
  const store = await Store.open(base);
  window.addEventListener("pagehide", () => store.close());
  if (!(await store.device()) || !(await store.waiting()).length) return;
  const { results, problem } = await new Outbox(store, base).send();
  const [waiting, device] = [await store.waiting(), await store.device()];
  const isUrgent = waiting.some((one) => one.kind === "concern") || results.some((one) => one.kind === "concern" && one.state !== "SENT");
  if (isUrgent) {
    const alarm = made("p", "「今すぐ見てほしい」がまだ送られていません。電話してください ", { className: "note bad" });
    if (device.duty_tel) alarm.append(made("a", device.duty_number, { href: `tel:${device.duty_tel}` }));
    note.append(alarm);
  }
  if (results.length) note.append(made("p", `この端末で待っていた${results.length}件が窓口に届きました。ログインすると、送られたかどうかを確かめられます。`, { className: "note ok" }));
  if (waiting.length) note.append(made("p", `この端末に、まだ送っていないものが${waiting.length}件あります。${problem}`, { className: "note bad" }));
}

// A machine on which no phone was set up gets no database of one.
const known = (await window.indexedDB?.databases?.()) ?? [];
if (note && known.some(({ name }) => name === `kakehashi-outbox${base}`)) await delivered();
