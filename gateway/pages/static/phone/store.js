// What the phone keeps: in one database the sheets, sealed under a key that no script can read out, in another the device and
// what it has sealed to the door. Signing out erases the first and never touches the second.

export const sheetsName = (base) => `kakehashi-sheets${base}`;
const outboxName = (base) => `kakehashi-outbox${base}`;

function opened(name, stores) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => stores.forEach(([store, options]) => request.result.createObjectStore(store, options));
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** One transaction: ``work`` gets its stores and returns a request whose result is the answer, or nothing. */
function within(db, stores, mode, work) {
  return new Promise((resolve, reject) => {
    const transaction = db.transaction(stores, mode, { durability: "strict" });
    const answer = work(...stores.map((store) => transaction.objectStore(store)));
    transaction.oncomplete = () => resolve(answer?.result);
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error ?? new DOMException("aborted", "AbortError"));
  });
}

export class Store {
  static async open(base) {
    const store = new Store();
    store.sheets = await opened(sheetsName(base), [["state", {}]]);
    store.outbox = await opened(outboxName(base), [["device", {}], ["envelopes", { keyPath: "number" }]]);
    return store;
  }

  close() {
    this.sheets.close();
    this.outbox.close();
  }

  // --- sheets, and what is being written ---------------------------------------------------------------------------

  /** Seal these values under a new key that can't be read out, in place of what was there. ``about``: session, until, clock. */
  async keepSheets(about, sheets) {
    const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    const sealed = await sealedValue(key, about.session, "sheets", sheets);
    await within(this.sheets, ["state"], "readwrite", (state) => {
      state.clear();
      state.put(key, "key");
      state.put(about, "about");
      state.put(sealed, "sheets");
    });
  }

  about() {
    return within(this.sheets, ["state"], "readonly", (state) => state.get("about"));
  }

  async noteAbout(about) {
    await within(this.sheets, ["state"], "readwrite", (state) => state.put(about, "about"));
  }

  /** What is sealed under this name, or null. */
  async read(name) {
    const [key, about, sealed] = await Promise.all(
      ["key", "about", name].map((one) => within(this.sheets, ["state"], "readonly", (state) => state.get(one))),
    );
    if (!key || !about || !sealed) return null;
    try {
      const data = await crypto.subtle.decrypt({ name: "AES-GCM", iv: sealed.iv, additionalData: context(about.session, name) }, key, sealed.data);
      return JSON.parse(new TextDecoder().decode(data));
    } catch {
      return null;
    }
  }

  /** What somebody is writing, as long as there is a key for it; erased with the sheets. */
  async keepDraft(name, values) {
    const [key, about] = await Promise.all(
      ["key", "about"].map((one) => within(this.sheets, ["state"], "readonly", (state) => state.get(one))),
    );
    if (!key || !about) return false;
    const sealed = await sealedValue(key, about.session, name, values);
    await within(this.sheets, ["state"], "readwrite", (state) => state.put(sealed, name));
    return true;
  }

  async forget(name) {
    await within(this.sheets, ["state"], "readwrite", (state) => state.delete(name));
  }

  /** Erase every sheet, draft and the key. */
  async erase() {
    await within(this.sheets, ["state"], "readwrite", (state) => state.clear());
  }

  // --- the device and its outbox -----------------------------------------------------------------------------------

  device() {
    return within(this.outbox, ["device"], "readonly", (device) => device.get("device"));
  }

  async keepDevice(value) {
    await within(this.outbox, ["device"], "readwrite", (device) => device.put(value, "device"));
  }

  /** Store these envelopes all at once, if their numbers are still the next ones; false where another page was faster. */
  async enqueue(first, envelopes) {
    let fits = false;
    let failure = null;
    const stored = within(this.outbox, ["device", "envelopes"], "readwrite", (device, envelopesStore) => {
      const asked = device.get("device");
      asked.onsuccess = () => {
        try {
          fits = asked.result?.next === first;
          if (!fits) return;
          envelopes.forEach((one) => envelopesStore.put(one));
          device.put({ ...asked.result, next: first + envelopes.length }, "device");
        } catch (error) {
          failure = error;
          asked.transaction.abort(); // all or nothing
        }
      };
    });
    await stored.catch((error) => {
      throw failure ?? error;
    });
    return fits;
  }

  /** What has no receipt yet, in the order in which it was written. */
  waiting() {
    return within(this.outbox, ["envelopes"], "readonly", (stored) => stored.getAll());
  }

  /** The door has this one and sends it as soon as it can: it is kept, and asked about, until then. */
  async noteQueued(one) {
    await within(this.outbox, ["envelopes"], "readwrite", (stored) => stored.put({ ...one, isQueued: true }));
  }

  /** The door has stored it, and signed that it has. */
  async settled(number) {
    await within(this.outbox, ["envelopes"], "readwrite", (stored) => stored.delete(number));
  }
}

const context = (session, name) => new TextEncoder().encode(`kakehashi ${session} ${name}`);

async function sealedValue(key, session, name, value) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const data = new TextEncoder().encode(JSON.stringify(value));
  return { iv, data: await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: context(session, name) }, key, data) };
}
