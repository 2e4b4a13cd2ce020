// The binary forms between a visitor's device and its door, as KH-1 §5a has them: envelopes sealed to the door's key and
// signed by the device's, and statements signed by the door. Nothing here stores or shows anything.
import { ed25519, ml_dsa65, ml_kem768_x25519 } from "./noble.js";

const text = new TextEncoder();
export const utf8 = (value) => text.encode(value);
export const hex = (data) => Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
export const unhex = (value) => {
  if (!/^([0-9a-f]{2})*$/.test(value)) throw new FormError("hex");
  return Uint8Array.from(value.match(/../g) ?? [], (pair) => parseInt(pair, 16));
};

/** Bytes that are not of their form, or not signed by whom they should be. */
export class FormError extends Error {}
const require = (holds, what) => {
  if (!holds) throw new FormError(what);
};

export function join(...parts) {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function number(value, width) {
  const data = new Uint8Array(width);
  for (let at = width - 1, left = value; at >= 0; at--, left = Math.floor(left / 256)) data[at] = left % 256;
  return data;
}

export const uuidBytes = (id) => unhex(id.replaceAll("-", ""));
const withLength = (data) => join(number(data.length, 4), data);
export const same = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);

/** KH-1 §1: label, count, each element with its length. A number is a u64, a text UTF-8. */
export function lp(label, ...elements) {
  const parts = elements.map((one) =>
    withLength(typeof one === "number" ? number(one, 8) : typeof one === "string" ? utf8(one) : one),
  );
  return join(utf8(label), number(0, 1), number(parts.length, 2), ...parts);
}

export async function sha256(data) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", data));
}

export const keyId = (alg, raw) => sha256(lp("kh/key/v1", alg, raw));
export const pae = (type, payload) => join(utf8(`DSSEv1 ${utf8(type).length} ${type} ${payload.length} `), payload);

/** u32 length, text, zeros up to a multiple of max(256, 2^(ceil(log2 n) - 4)). */
export function pad(data) {
  const n = 4 + data.length;
  const step = Math.max(256, 2 ** Math.max(0, Math.ceil(Math.log2(n)) - 4));
  const padded = new Uint8Array(Math.ceil(n / step) * step);
  padded.set(number(data.length, 4));
  padded.set(data, 4);
  return padded;
}

// --- HPKE base mode, X-Wing, HKDF-SHA256, AES-256-GCM (RFC 9180) ------------------------------------------------------

const SUITE = join(utf8("HPKE"), number(0x647a, 2), number(1, 2), number(2, 2));
const EMPTY = new Uint8Array();

async function hmac(key, data) {
  const usable = key.length === 0 ? new Uint8Array(32) : key; // HKDF: no salt is a salt of zeros
  const imported = await crypto.subtle.importKey("raw", usable, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, data));
}

const extract = (salt, label, data) => hmac(salt, join(utf8("HPKE-v1"), SUITE, utf8(label), data));

async function expand(secret, label, info, length) {
  const labeled = join(number(length, 2), utf8("HPKE-v1"), SUITE, utf8(label), info);
  return (await hmac(secret, join(labeled, number(1, 1)))).slice(0, length); // at most one block of 32 bytes
}

export async function schedule(sharedSecret, info) {
  const context = join(number(0, 1), await extract(EMPTY, "psk_id_hash", EMPTY), await extract(EMPTY, "info_hash", info));
  const secret = await extract(sharedSecret, "secret", EMPTY);
  return { key: await expand(secret, "key", context, 32), nonce: await expand(secret, "base_nonce", context, 12) };
}

/** enc (1,120) ‖ ciphertext ‖ tag (16). */
export async function encrypt(publicKey, info, plaintext) {
  require(publicKey.length === 1216, "kem-key-length");
  const { cipherText, sharedSecret } = ml_kem768_x25519.encapsulate(publicKey);
  const { key, nonce } = await schedule(sharedSecret, info);
  const aes = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt"]);
  sharedSecret.fill(0);
  key.fill(0);
  return join(cipherText, new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce }, aes, plaintext)));
}

// --- the device's key ---------------------------------------------------------------------------------------------------

export const ENVELOPE_TYPE = "application/vnd.kakehashi.device-envelope";
const ENVELOPE_CONTEXT = utf8("kakehashi/device-envelope/v1");
const ML_DSA = "ML-DSA-65";

/** A key pair for signing: of the browser, not extractable, where it has ML-DSA-65; else a seed for @noble. */
export async function newDeviceKey() {
  try {
    const pair = await crypto.subtle.generateKey({ name: ML_DSA }, false, ["sign", "verify"]);
    const raw = new Uint8Array(await crypto.subtle.exportKey("raw-public", pair.publicKey));
    require(raw.length === 1952, "mldsa-key-length");
    return { publicKey: raw, privateKey: pair.privateKey, seed: null };
  } catch {
    const seed = crypto.getRandomValues(new Uint8Array(32));
    return { publicKey: ml_dsa65.keygen(seed).publicKey, privateKey: null, seed };
  }
}

/** The signature of a device's key over these bytes. ``key``: of the browser, or the seed of @noble's. */
export async function signByDevice(key, message) {
  if (key instanceof Uint8Array) return ml_dsa65.sign(message, ml_dsa65.keygen(key).secretKey, { context: ENVELOPE_CONTEXT });
  return new Uint8Array(await crypto.subtle.sign({ name: ML_DSA, context: ENVELOPE_CONTEXT }, key, message));
}

// --- envelopes ----------------------------------------------------------------------------------------------------------

const canonical = (value) => utf8(JSON.stringify(Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))));

/** Whole microseconds, as KH-1 writes times. */
export const timeText = (ms) => `${new Date(ms).toISOString().slice(0, -1)}000Z`;

/** Seal and sign. ``door``: hub, agency (id), kem (raw); ``head``: device, envelope, number, written_at. Returns the whole
 * form and its name (SHA-256 of what is signed). */
export async function sealEnvelope(door, head, content, deviceKey) {
  const kid = await keyId(4, door.kem);
  const info = lp("kh/device-envelope/v1", unhex(door.hub), uuidBytes(door.agency), uuidBytes(head.device), uuidBytes(head.envelope), head.number, kid);
  const clear = canonical({ v: 1, hub: door.hub, agency: door.agency, kid: hex(kid), ...head });
  const sealed = await encrypt(door.kem, info, pad(content));
  const signed = join(utf8("KHE1"), withLength(clear), withLength(sealed));
  const signature = await signByDevice(deviceKey, pae(ENVELOPE_TYPE, signed));
  return { bytes: join(signed, number(signature.length, 2), signature), digest: hex(await sha256(signed)) };
}

/** What is sealed: u32 length ‖ JSON ‖ the bytes of a photo, if there is one. */
export const contentOf = (value, bytes = EMPTY) => join(withLength(utf8(JSON.stringify(value))), bytes);

// --- what the door states -----------------------------------------------------------------------------------------------

const STATEMENT_TYPE = "application/vnd.kakehashi.device-statement+json";
const STATEMENT_CONTEXT = utf8("kakehashi/device-statement/v1");
const KEYS = "about,agency,at,device,form,hub,state,v";

/** A statement of this door to this device: verified by both signatures, or a FormError. ``door``: hub, agency, ed25519,
 * mldsa65 (raw). */
export async function readStatement(data, door, device) {
  let at = 0;
  const take = (count) => {
    require(at + count <= data.length, "cut off");
    return data.subarray(at, (at += count));
  };
  const count = (width) => take(width).reduce((n, byte) => n * 256 + byte, 0);
  require(same(take(4), utf8("KHV1")), "not KHV1");
  const payload = take(count(4));
  require(count(1) === 2, "two signatures");
  const signatures = [1, 2].map(() => ({ alg: count(1), kid: take(32), value: take(count(2)) }));
  require(at === data.length, "more behind a statement");
  const message = pae(STATEMENT_TYPE, payload);
  const signers = [[1, door.ed25519], [2, door.mldsa65]];
  for (const [n, [alg, key]] of signers.entries())
    require(signatures[n].alg === alg && same(signatures[n].kid, await keyId(alg, key)), "another signer");
  require(ed25519.verify(signatures[0].value, message, door.ed25519, { zip215: false }), "ed25519");
  require(ml_dsa65.verify(signatures[1].value, message, door.mldsa65, { context: STATEMENT_CONTEXT }), "mldsa65");
  const fields = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
  require(Object.keys(fields).sort().join() === KEYS && fields.v === 1, "keys of a statement");
  require(fields.hub === door.hub && fields.agency === door.agency && fields.device === device, "of another door or device");
  const ms = Date.parse(fields.at);
  require(Number.isFinite(ms), "time");
  return { form: fields.form, about: fields.about, state: fields.state, at: ms };
}
