// From what somebody wrote to the door's receipt: seal, store, send in order, erase only what the door has signed for.
import { FormError, contentOf, hex, newDeviceKey, readStatement, sealEnvelope, timeText, unhex } from "./forms.js";
import { MAX_ANSWER_MS, checkClock, clockAt } from "./clock.js";

export const MAX_PHOTO_BYTES = 25_000_000;
export const bytesOf = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
export const base64Of = (data) => btoa(Array.from(data, (byte) => String.fromCharCode(byte)).join(""));

/** A sentence for the person, in Japanese. */
export class Problem extends Error {}
const problemOf = async (answer) => {
  const answered = await answer.json().catch(() => ({}));
  return new Problem(answered.detail_ja ?? answered.text_ja ?? answered.title_ja ?? "受け付けられませんでした。職場に確かめてください。");
};

export const UNVERIFIED = "窓口の受領証が確かめられません。送ったものは端末に残しています。職場に知らせてください。";

/** What was written together: the photos of a form, and the form. */
const groupOf = (one) => `${one.group ?? `number ${one.number}`}`;

/** Concerns with what belongs to them, then the rest, each in the order in which it was written. */
function concernsFirst(waiting) {
  const urgent = new Set(waiting.filter((one) => one.kind === "concern").map(groupOf));
  return [...waiting.filter((one) => urgent.has(groupOf(one))), ...waiting.filter((one) => !urgent.has(groupOf(one)))];
}

export const doorOf = (device) => ({
  hub: device.hub,
  agency: device.agency,
  kem: unhex(device.kem),
  ed25519: unhex(device.ed25519),
  mldsa65: unhex(device.mldsa65),
});

/** JPEG, PNG, or HEIC by its ftyp: neither name nor type is believed. */
export async function isPhoto(file) {
  const head = new Uint8Array(await file.slice(0, 12).arrayBuffer());
  const text = String.fromCharCode(...head);
  const isHeic = text.slice(4, 8) === "ftyp" && /^(heic|heix|heim|heis|hevc|hevx|mif1|msf1)$/.test(text.slice(8, 12));
  return (head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff) || text.startsWith("\x89PNG") || isHeic;
}

export class Outbox {
  constructor(store, base) {
    this.store = store;
    this.base = base;
  }

  /** Set this phone up, in the session of its person. */
  async setUp(name) {
    const made = await newDeviceKey();
    const answer = await fetch(`${this.base}/phone/device`, { method: "POST", body: new URLSearchParams({ key: base64Of(made.publicKey), name }) });
    if (answer.redirected || !answer.ok) throw answer.ok ? new Problem("もう一度ログインしてください。") : await problemOf(answer);
    const registered = await answer.json();
    const wrapped = made.seed && (await wrappedSeed(made.seed));
    await this.store.keepDevice({ ...registered, privateKey: made.privateKey, wrapped, next: 1 });
    navigator.storage?.persist?.().catch(() => false); // where the browser has it, it is asked to keep this
    return registered;
  }

  /** Seal a form and its photos and store them all, or nothing. ``about``: form, case, command_id, composing, values. */
  async put(about, photos) {
    for (const photo of photos) {
      if (photo.size > MAX_PHOTO_BYTES) throw new Problem(`写真「${photo.name}」が大きすぎます(25MBまで)。小さくして選び直してください。まだ保存していません。`);
      if (!(await isPhoto(photo))) throw new Problem(`「${photo.name}」は写真(JPEG・PNG・HEIC)ではありません。選び直してください。まだ保存していません。`);
    }
    const contents = [];
    const attached = [];
    for (const photo of photos) {
      const id = crypto.randomUUID();
      attached.push(id);
      contents.push(["photo", contentOf({ v: 1, kind: "photo", id, composing: about.composing, name: photo.name }, new Uint8Array(await photo.arrayBuffer()))]);
    }
    const { form, case: family, command_id, composing } = about;
    const values = { ...about.values, command_id: [command_id], composing: [composing], ...(attached.length ? { attach: attached } : {}) };
    contents.push([form, contentOf({ v: 1, kind: "form", form, case: family, command_id, values })]);
    for (let attempt = 0; attempt < 5; attempt++) {
      const device = await this.store.device();
      if (!device) throw new Problem("この端末はまだ準備されていません。通信のある所で「この端末を準備する」を押してください。まだ保存していません。");
      const key = device.privateKey ?? (await openedSeed(device.wrapped));
      const sealed = [];
      for (const [kind, content] of contents) {
        const number = device.next + sealed.length;
        const envelope = crypto.randomUUID();
        const head = { device: device.device, envelope, number, written_at: timeText(await this.doorNow()) };
        sealed.push({ number, kind, group: device.next, at: Date.now(), ...(await sealEnvelope(doorOf(device), head, content, key)) });
      }
      try {
        if (await this.store.enqueue(device.next, sealed)) return;
      } catch (error) {
        if (error?.name === "QuotaExceededError") throw new Problem("端末の空きが足りないため、まだ保存していません。写真を減らすか、端末の空きを増やして、もう一度押してください。");
        throw error;
      }
    }
    throw new Problem("保存できませんでした。ほかの画面を閉じて、もう一度押してください。");
  }

  /** The door's time as far as this phone knows it. */
  async doorNow() {
    const about = await this.store.about();
    if (!about) return Date.now();
    return checkClock(about.clock, about.until, Date.now(), performance.now(), performance.timeOrigin).doorNow;
  }

  /** Send what waits, concerns first. Returns what became of each; stops where the door can't be reached. What is refused stays,
   * with what was written together with it, and holds nothing else up. */
  /** ``isChosen``: which of what waits is to go; all, where nothing is given. */
  send(isChosen = () => true) {
    const work = () => this.sendAll(isChosen);
    return navigator.locks ? navigator.locks.request(`kakehashi-outbox${this.base}`, work) : work();
  }

  async sendAll(isChosen) {
    const device = await this.store.device();
    const results = [];
    const problems = new Set();
    const refused = new Set();
    const ended = (isAway) => ({ results, isAway, problem: [...problems].join(" ") });
    for (const one of device ? concernsFirst(await this.store.waiting()).filter(isChosen) : []) {
      if (refused.has(groupOf(one))) continue;
      let answer;
      try {
        answer = await fetch(`${this.base}/phone/envelopes`, {
          method: "POST",
          headers: { "Kakehashi-Device": device.device, "Content-Type": "application/octet-stream" },
          body: one.bytes,
        });
      } catch {
        return ended(true);
      }
      if (answer.status >= 500 || answer.status === 429) return ended(true);
      if (!answer.ok) {
        problems.add((await problemOf(answer)).message);
        if (answer.status === 401) break;
        refused.add(groupOf(one));
        continue;
      }
      const answered = await answer.json();
      const receipt = await verified(answered.receipt, device);
      if (receipt?.form !== "receipt" || receipt.about !== one.digest) {
        problems.add(UNVERIFIED);
        break;
      }
      if (receipt.state === "QUEUED" && one.kind === "concern") await this.store.noteQueued(one);
      else await this.store.settled(one.number);
      results.push({ kind: one.kind, state: receipt.state, text: answered.text });
    }
    return ended(false);
  }

  /** Ask the door for its time, and whether this phone is in use; erase what it asks for. Returns ACTIVE, CLEARED, STOPPED, AWAY, or
   * UNVERIFIED where the answer is not signed by the keys of the door that this phone knows. */
  async contact() {
    const device = await this.store.device();
    if (!device) return "NONE";
    const about = await this.store.about();
    const nonce = hex(crypto.getRandomValues(new Uint8Array(32)));
    const form = { nonce, waiting: String((await this.store.waiting()).filter((one) => !one.isQueued).length), sheets: about ? String(about.count) : "0" };
    const asked = performance.now();
    let answer;
    try {
      answer = await fetch(`${this.base}/phone/contact`, { method: "POST", headers: { "Kakehashi-Device": device.device }, body: new URLSearchParams(form) });
    } catch {
      return "AWAY";
    }
    if (answer.status === 401 || answer.status === 404) {
      await this.store.erase(); // the door knows this phone no more
      return "STOPPED";
    }
    if (!answer.ok) return "AWAY";
    const statement = await verified((await answer.json()).statement, device);
    if (!statement) return "UNVERIFIED";
    if (statement.form !== "time" || statement.about !== nonce || performance.now() - asked > MAX_ANSWER_MS) return "AWAY";
    if (statement.state !== "ACTIVE" || (about && statement.at >= about.until)) {
      await this.store.erase();
      if (about) await this.contact(); // so that the door's list shows that nothing is left
    } else if (about) {
      await this.store.noteAbout({ ...about, clock: clockAt(statement.at, Date.now(), performance.now(), performance.timeOrigin) });
    }
    return statement.state;
  }

  /** Load the sheets of today, opened on record, sealed under a key of this session. Returns them. */
  async load() {
    const device = await this.store.device();
    const nonce = hex(crypto.getRandomValues(new Uint8Array(32)));
    const asked = performance.now();
    const answer = await fetch(`${this.base}/phone/sheets`, { method: "POST", body: new URLSearchParams({ device: device.device, nonce }) });
    if (answer.redirected) throw new Problem("時間が過ぎてログアウトしていました。もう一度ログインしてください。");
    if (!answer.ok) throw await problemOf(answer);
    const loaded = await answer.json();
    const statement = await verified(loaded.statement, device);
    if (statement?.form !== "time" || statement.about !== nonce || performance.now() - asked > MAX_ANSWER_MS) throw new Problem("窓口の時刻が確かめられません。もう一度押してください。");
    const until = Math.min(Date.parse(loaded.until), statement.at + loaded.hours * 3_600_000);
    const clock = clockAt(statement.at, Date.now(), performance.now(), performance.timeOrigin);
    await this.store.keepSheets({ session: loaded.session, until, clock, count: loaded.sheets.length }, loaded.sheets);
    await this.store.keepDevice({ ...(await this.store.device()), duty_number: loaded.duty_number, duty_tel: loaded.duty_tel, hours: loaded.hours });
    return loaded.sheets;
  }

  /** The sheets, if they may be shown now; erased where their hours are over. */
  async sheets() {
    const about = await this.store.about();
    if (!about) return { state: "NONE", sheets: [] };
    const now = Date.now();
    const { state } = checkClock(about.clock, about.until, now, performance.now(), performance.timeOrigin);
    if (state === "OVER") await this.store.erase();
    if (state !== "GOOD") return { state, sheets: [] };
    if (now > about.clock.lastSeen) await this.store.noteAbout({ ...about, clock: { ...about.clock, lastSeen: now } });
    return { state, sheets: (await this.store.read("sheets")) ?? [], until: about.until };
  }
}

/** A statement of the door that this phone knows; null where it is not that. ``text``: base64. */
async function verified(text, device) {
  try {
    return await readStatement(bytesOf(text), doorOf(device), device.device);
  } catch (error) {
    if (error instanceof FormError) return null;
    throw error;
  }
}

/** A seed for @noble, where the browser has no ML-DSA: under a key that no script can read out. */
async function wrappedSeed(seed) {
  const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const data = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, seed);
  seed.fill(0);
  return { key, iv, data };
}

async function openedSeed({ key, iv, data }) {
  return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, data));
}
