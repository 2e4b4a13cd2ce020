// The phone: what is shown without signal, and the way of every form through the outbox.
import { Outbox, Problem, UNVERIFIED } from "./outbox.js";
import { Store } from "./store.js";

const place = document.getElementById("phone");
const base = place.dataset.base;
const page = place.dataset.page;
const byId = (id) => document.getElementById(id);
const NAMES = { report: "訪問の報告", concern: "今すぐ見てほしい", photo: "写真" };
const SLEEP_MS = 60_000;
const DRAFT_MS = 800;
const NOT_ARRIVED = "まだ届いていません。電話してください";
const NOT_SENT = "窓口に届きましたが、まだ送られていません。電話してください";

const policy = window.trustedTypes?.createPolicy("kakehashi", {
  createScriptURL: (url) => {
    if (url !== `${base}/phone/sw.js`) throw new TypeError("not the worker");
    return url;
  },
});

function made(name, text = "", attributes = {}) {
  const element = document.createElement(name);
  element.textContent = text;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

function within(parent, ...children) {
  parent.append(...children);
  return parent;
}

class Phone {
  constructor(store) {
    this.store = store;
    this.outbox = new Outbox(store, base);
    this.notes = []; // what became of what this page has sent
    this.isStopped = false; // the door does not know this phone any more, or has other keys: it is to be set up again
  }

  // --- notices -----------------------------------------------------------------------------------------------------

  /** What waits, and in red that a concern has not arrived. */
  async show(notice = "", problem = "") {
    const device = await this.store.device();
    const waiting = device ? await this.store.waiting() : [];
    const alerts = byId("phone-alerts");
    alerts.replaceChildren();
    const unsent = waiting.filter((one) => !one.isQueued);
    if (unsent.some((one) => one.kind === "concern")) alerts.append(await this.alarm(NOT_ARRIVED));
    if (unsent.length < waiting.length) alerts.append(await this.alarm(NOT_SENT));
    if (problem) alerts.append(made("p", problem, { class: "note bad" }));
    alerts.append(...this.notes);
    const lines = [notice];
    if (unsent.length < waiting.length) lines.push(`窓口が預かり、まだ送られていない「今すぐ見てほしい」: ${waiting.length - unsent.length}件。`);
    if (unsent.length) lines.push(`送っていないもの: ${unsent.map((one) => NAMES[one.kind]).join("、")}(${unsent.length}件)。端末に封をして保存しました。つながると送ります。`);
    byId("phone-status").textContent = lines.filter(Boolean).join(" ") || (device ? "送っていないものはありません。" : "通信のない所でも使えるように、この端末を準備できます。");
    byId("phone-device").hidden = false;
    const isOwn = device && device.actor === place.dataset.actor;
    byId("phone-set-up").hidden = page === "shell" || (isOwn && !this.isStopped) || waiting.length > 0;
    byId("phone-load").hidden = page !== "today" || !isOwn || this.isStopped;
    byId("phone-send").hidden = waiting.length === 0;
    await this.showDuty(device);
    return waiting;
  }

  async alarm(text) {
    const device = await this.store.device();
    const alarm = made("p", `${text} `, { class: "alarm" });
    if (device?.duty_tel) alarm.append(made("a", device.duty_number, { href: `tel:${device.duty_tel}` }));
    return alarm;
  }

  /** Without signal the number is the one that was set when the phone was last here. */
  async showDuty(device) {
    if (page !== "shell" || !device?.duty_tel) return;
    const link = made("a", "当番に電話する ", { class: "button quiet wide", href: `tel:${device.duty_tel}` });
    byId("phone-duty").replaceChildren(within(link, made("span", device.duty_number, { class: "mono" })));
  }

  // --- sending -------------------------------------------------------------------------------------------------------

  /** Send what waits and say what became of it. */
  async send() {
    const { results, isAway, problem } = await this.outbox.send();
    const waiting = await this.show("", problem);
    for (const one of results) if (one.kind !== "photo" || one.state !== "SENT") this.notes.push(...(await this.noteOf(one)));
    byId("phone-alerts").append(...this.notes);
    return { results, isAway, problem, waiting };
  }

  /** What a person is shown of an envelope that the door has. */
  async noteOf({ kind, state, text }) {
    const name = NAMES[kind];
    if (state === "SENT") return [made("p", `${name}: 窓口が受け取り、送りました。`, { class: "note ok" })];
    if (state === "QUEUED") return kind === "concern" ? [] : [made("p", `${name}: 窓口が受け取りました。ハブにつながりしだい届きます(送信箱)。`, { class: "note" })];
    if (state === "DISCARDED") return [made("p", `${name}: 「送らずに捨てる」が選ばれたので、送っていません。`, { class: "note" })];
    if (kind === "photo") return [made("p", `${name}: 受け付けられなかったので、付けていません。${text}`, { class: "note bad" })];
    const isWaiting = state === "WAITING";
    const words = isWaiting ? "窓口が預かりました。ログインして「確かめて送る」を押すと送られます。" : `まだ記録していません。${text}`;
    const [path, link] = isWaiting ? ["/phone/waiting", "確かめて送る"] : ["/drafts", "下書きを開く"];
    const note = within(made("p", `${name}: ${words} `, { class: "note bad" }), made("a", link, { href: `${base}${path}` }));
    if (kind !== "concern") return [note];
    return [await this.alarm(isWaiting ? NOT_SENT : NOT_ARRIVED), note];
  }

  /** Every form of the phone goes through the outbox: sealed and stored first, then sent. */
  intercept(form, family) {
    const kind = form.dataset.outbox;
    const name = `draft:${family}:${kind}`;
    let timer = 0;
    form.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.store.keepDraft(name, valuesOf(form)).catch(() => {}), DRAFT_MS);
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (form.dataset.busy) return; // a second tap
      form.dataset.busy = "1";
      clearTimeout(timer);
      this.submitted(form, family, kind, name, event.submitter).finally(() => delete form.dataset.busy);
    });
    this.store.read(name).then((values) => values && filled(form, values));
  }

  async submitted(form, family, kind, draft, submitter) {
    const values = valuesOf(form);
    if (submitter?.name) values[submitter.name] = [submitter.value];
    const photos = [...(form.elements.namedItem("photo")?.files ?? [])];
    const about = { form: kind, case: family, command_id: values.command_id[0], composing: values.composing[0], values };
    try {
      await this.outbox.put(about, photos);
    } catch (error) {
      await this.show("", error instanceof Problem ? error.message : `保存できませんでした(${error.name})。画面を閉じずに、もう一度押してください。`);
      if (kind === "concern") byId("phone-alerts").prepend(await this.alarm(NOT_ARRIVED));
      byId("phone-alerts").scrollIntoView();
      return;
    }
    await this.store.forget(draft).catch(() => {});
    form.replaceWith(made("p", "端末に封をして保存しました。", { class: "card", id: "sealed" }));
    await this.show();
    const { results, problem } = await this.send();
    if (!problem && results.some((one) => one.kind === kind) && results.every((one) => ["SENT", "QUEUED"].includes(one.state))) {
      location.assign(`${base}/phone/?done=${kind}-${results.some((one) => one.kind === kind && one.state === "QUEUED") ? "waiting" : "recorded"}`);
      return;
    }
    window.scrollTo(0, 0);
  }

  // --- without signal --------------------------------------------------------------------------------------------------

  async showShell() {
    const shell = byId("shell");
    const { state, sheets } = await this.outbox.sheets();
    const path = location.pathname.slice(base.length);
    const [, family, form] = /^\/phone\/cases\/([0-9a-f-]{36})(?:\/(report|concern))?/.exec(path) ?? [];
    const words = {
      NONE: "この端末に載せた家庭票はありません。通信のある所で「きょうの訪問を端末に載せる」を押してください。",
      OVER: "家庭票を載せてから時間が過ぎたので、端末から消しました。通信のある所で載せ直してください。",
      BACK: "端末の時計が戻されたため、家庭票を開けません。時計を直すか、通信のある所で開き直してください。",
    };
    if (state !== "GOOD") {
      shell.replaceChildren(made("p", words[state], { class: "note bad" }));
      return;
    }
    const sheet = sheets.find((one) => one.case === family);
    if (family && !sheet) shell.replaceChildren(made("p", "この家庭の家庭票は端末に載っていません。", { class: "note bad" }), link(`${base}/phone/`, "きょうの訪問へ"));
    else if (!family) shell.replaceChildren(...sheets.map(visitCard));
    else if (!form) shell.replaceChildren(...sheetElements(sheet));
    else await this.showForm(shell, sheet, form);
    byId("shell-title").textContent = sheet ? sheet.name : "きょうの訪問";
  }

  async showForm(shell, sheet, kind) {
    const form = byId(`${kind}-template`).content.firstElementChild.cloneNode(true);
    form.elements.namedItem("command_id").value = crypto.randomUUID();
    form.elements.namedItem("composing").value = crypto.randomUUID();
    if (kind === "report") {
      form.elements.namedItem("visit").value = sheet.visit;
      const now = new Date(Math.floor((await this.outbox.doorNow()) / 300_000) * 300_000);
      const begun = new Date(now.getTime() - 3_600_000);
      form.elements.namedItem("visited_on").value = japanese(now).slice(0, 10);
      form.elements.namedItem("started_at").value = japanese(begun).slice(11, 16);
      form.elements.namedItem("ended_at").value = japanese(now).slice(11, 16);
      form.querySelector(".children").append(...sheet.children.map(childFields));
    }
    shell.replaceChildren(form);
    this.intercept(form, sheet.case);
  }

  // --- the page ----------------------------------------------------------------------------------------------------------

  async begin() {
    byId("phone-set-up").addEventListener("click", () => this.pressed(() => this.setUp()));
    byId("phone-load").addEventListener("click", () => this.pressed(async () => this.loaded(await this.outbox.load())));
    byId("phone-send").addEventListener("click", () => this.pressed(async () => void (await this.send())));
    document.querySelector("[data-sign-out]")?.addEventListener("submit", () => void this.store.erase());
    for (const form of document.querySelectorAll("form[data-outbox]")) if (await this.isOwn()) this.intercept(form, form.dataset.case);
    await this.eraseOfAnother();
    if (page === "shell") await this.showShell();
    await this.show();
    window.addEventListener("online", () => void this.meet());
    setInterval(() => void this.tick(), SLEEP_MS);
    await this.meet();
    document.body.dataset.phone = "ready";
  }

  async setUp() {
    await this.outbox.setUp(deviceName());
    this.isStopped = false;
    return "準備できました。";
  }

  /** Somebody else has signed in on this phone: the sheets are not theirs. */
  async eraseOfAnother() {
    const device = await this.store.device();
    if (device && place.dataset.actor && device.actor !== place.dataset.actor) await this.store.erase();
  }

  async isOwn() {
    const device = await this.store.device();
    return device?.actor === place.dataset.actor;
  }

  /** The door may be there: its time, what it wants, and what waits. */
  async meet() {
    const state = await this.outbox.contact();
    if (state === "NONE" || state === "AWAY") return;
    this.isStopped = state === "STOPPED" || state === "UNVERIFIED";
    if (state === "UNVERIFIED") {
      await this.show("", UNVERIFIED);
      return;
    }
    if (state === "STOPPED") {
      await this.send();
      const words = "この端末は止められました。家庭票を端末から消しました。見つけた端末は、職場で準備し直してください。";
      byId("phone-alerts").append(made("p", words, { class: "note bad" }));
      return;
    }
    await this.send();
  }

  /** While a page stays open, its sheet ends in time. */
  async tick() {
    const { state } = await this.outbox.sheets();
    if (page === "shell" && state !== "GOOD") await this.showShell();
    if (navigator.onLine) await this.meet();
  }

  loaded(sheets) {
    const leftOut = sheets.reduce((sum, one) => sum + one.left_out, 0);
    return sheets.length ? `${sheets.length}件の家庭票を端末に載せました。通信のない所でも見られます。${leftOutText(leftOut)}` : "きょうの予定がないので、端末には何も載せていません。";
  }

  async pressed(work) {
    try {
      const notice = await work();
      if (notice !== undefined) await this.show(notice);
    } catch (error) {
      await this.show("", error instanceof Problem ? error.message : "つながりませんでした。通信のある所で、もう一度押してください。");
    }
  }
}

// --- parts of the shell ------------------------------------------------------------------------------------------------

const link = (href, text, name = "") => made("a", text, { href, ...(name ? { class: name } : {}) });

function visitCard(sheet) {
  const at = `${base}/phone/cases/${sheet.case}`;
  const card = made("section", "", { class: "card visit" });
  within(card, within(made("h2"), link(at, sheet.name)), made("p", [sheet.place, sheet.planned_text].filter(Boolean).join("、"), { class: "meta" }));
  return within(card, actionsOf(at));
}

const actionsOf = (at) => within(made("p", "", { class: "actions" }), link(`${at}/report`, "報告する", "button"), " ", link(`${at}/concern`, "今すぐ見てほしい", "button danger"));

const leftOutText = (count) => (count ? `開けなかった内容が${count}件あります。` : "");

function sheetElements(sheet) {
  const at = `${base}/phone/cases/${sheet.case}`;
  const items = sheet.items.map((item) => {
    const lines = made("dl", "", { class: "content-lines" });
    item.lines.forEach(([label, text, depth]) => lines.append(made("dt", label, { class: `depth-${depth}` }), made("dd", text)));
    return within(made("section", "", { class: "card" }), made("h2", item.section), made("p", `${item.title} ${item.at}`, { class: "meta" }), lines);
  });
  const where = sheet.place ? [within(made("p"), made("strong", "訪問先"), ` ${sheet.place}`)] : [];
  const notes = [...sheet.warnings, leftOutText(sheet.left_out)].filter(Boolean).map((text) => made("p", text, { class: "note bad" }));
  return [...notes, ...where, actionsOf(at), ...items];
}

function childFields({ key, name }) {
  const fields = byId("child-template").content.firstElementChild.cloneNode(true);
  fields.querySelector(".child-name").textContent = name;
  for (const input of fields.querySelectorAll("[name]")) input.name = input.name.replace("KEY", key);
  return fields;
}

/** 2026-05-12T09:30 in Japan, wherever the phone believes to be. */
const japanese = (at) => new Date(at.getTime() + 9 * 3_600_000).toISOString();

function valuesOf(form) {
  const values = {};
  for (const [name, value] of new FormData(form)) if (typeof value === "string") (values[name] ??= []).push(value);
  return values;
}

function filled(form, values) {
  for (const input of form.querySelectorAll("input:not([type=file]), textarea")) {
    if (["command_id", "composing"].includes(input.name)) continue;
    const written = values[input.name] ?? [];
    if (input.type === "checkbox" || input.type === "radio") input.checked = written.includes(input.value);
    else if (written.length) input.value = written[0];
  }
}

const deviceName = () => (/android/i.test(navigator.userAgent) ? "Androidの端末" : /iphone|ipad/i.test(navigator.userAgent) ? "iPhone・iPad" : "端末");

if ("serviceWorker" in navigator) navigator.serviceWorker.register(policy?.createScriptURL(`${base}/phone/sw.js`) ?? `${base}/phone/sw.js`, { scope: `${base}/phone/` }).catch(() => {});
if ("indexedDB" in window && crypto.subtle) {
  const phone = new Phone(await Store.open(base));
  window.addEventListener("pagehide", () => phone.store.close());
  await phone.begin();
}
