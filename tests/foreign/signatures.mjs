// Verifies signatures by @noble: of the checkpoint and the genesis in a bundle, of receipts, and of every signed frame.
// Trusts nothing but the hub's id.
//
//   node signatures.mjs BUNDLE HUB-IN-HEX EVIDENCE
import { readFileSync } from "node:fs";
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex as hex, concatBytes as join, hexToBytes as bytes, utf8ToBytes as utf8 } from "@noble/hashes/utils.js";
import { ml_dsa44, ml_dsa65 } from "@noble/post-quantum/ml-dsa.js";

const require = (ok, what) => {
  if (!ok) throw new Error(what);
};
const text = (data) => new TextDecoder("utf-8", { fatal: true }).decode(data);
const json = (data) => JSON.parse(text(data));
const number = (data) => data.reduce((n, b) => n * 256 + b, 0);
const same = (a, b) => hex(a) === hex(b);
const be = (n, width) => bytes(n.toString(16).padStart(2 * width, "0"));

class Reader {
  constructor(data) {
    this.data = data;
    this.at = 0;
  }
  take(n) {
    require(this.at + n <= this.data.length, "cut off");
    return this.data.slice(this.at, (this.at += n));
  }
  number(width) {
    return number(this.take(width));
  }
  part(width) {
    return this.take(this.number(width));
  }
  magic(expected) {
    require(text(this.take(4)) === expected, `not ${expected}`);
  }
  get done() {
    return this.at === this.data.length;
  }
}

// --- primitives of KH-1 -----------------------------------------------------------------------------------------

const ALGS = {
  1: { size: 32, verify: (key, message, signature) => ed25519.verify(signature, message, key, { zip215: false }) },
  2: { verify: (key, message, signature, context) => ml_dsa65.verify(signature, message, key, { context }) },
  3: { verify: (key, message, signature, context) => ml_dsa44.verify(signature, message, key, { context }) },
};
const lp = (label, ...parts) =>
  join(utf8(label), be(0, 1), be(parts.length, 2), ...parts.flatMap((p) => [be(p.length, 4), p]));
const keyOf = (alg, key) => ({ alg, key: bytes(key), kid: sha256(lp("kh/key/v1", be(alg, 8), bytes(key))) });
const pair = (keys) => [
  keyOf(1, keys.ed25519),
  keys.mldsa65 === undefined ? keyOf(3, keys.mldsa44) : keyOf(2, keys.mldsa65),
];
const pae = (type, payload) =>
  join(utf8(`DSSEv1 ${type.length} ${type} ${payload.length} `), payload);

const KINDS = Object.fromEntries(
  ["command", "genesis", "receipt"].map((name) => [
    name,
    { magic: name === "receipt" ? "KHT1" : "KHF1", type: `application/vnd.kakehashi.${name}+json`, context: utf8(`kakehashi/${name}/v1`) },
  ]),
);

function frameOf(data, magic) {
  const reader = new Reader(data);
  reader.magic(magic);
  const payload = reader.part(4);
  const signatures = [];
  for (let n = reader.number(1); n > 0; n--)
    signatures.push({ alg: reader.number(1), kid: reader.take(32), value: reader.part(2) });
  require(reader.done, "more behind a frame");
  return { payload, signatures, digest: sha256(payload), fields: json(payload) };
}

/** Just these keys have signed, in their order. */
function signed(frame, kind, keys) {
  require(frame.signatures.length === keys.length, "as many signatures as signers");
  keys.forEach((key, i) => {
    const { alg, kid, value } = frame.signatures[i];
    require(alg === key.alg && same(kid, key.kid), "signed by another key");
    require(ALGS[alg].verify(key.key, pae(kind.type, frame.payload), value, kind.context), "a signature does not hold");
  });
}

/** Two different registrars, in genesis order, whoever they are. */
function twoRegistrars(frame, from, registrars) {
  const places = [0, 2].map((i) =>
    registrars.findIndex(([key]) => frame.signatures[from + i] && same(key.kid, frame.signatures[from + i].kid)),
  );
  require(places[0] >= 0 && places[1] > places[0], "two registrars");
  return places.flatMap((n) => registrars[n]);
}

// --- the bundle ---------------------------------------------------------------------------------------------------

const [, , bundle, hub, reported] = process.argv;
const data = new Uint8Array(readFileSync(bundle));
require(same(sha256(data.slice(0, -32)), data.slice(-32)), "the bundle's digest does not fit");
const container = new Reader(data.slice(0, -32));
container.magic("KHB1");
const files = {};
for (let n = container.number(2); n > 0; n--) {
  const name = text(container.part(2));
  files[name] = container.part(8);
}
require(container.done, "the bundle holds more than it says");

const genesis = frameOf(files.genesis, "KHF1");
require(hex(genesis.digest) === hub, "the genesis of another hub");
const log = pair(genesis.fields.log);
const registrars = genesis.fields.reg.map(pair);
signed(genesis, KINDS.genesis, [...log, ...twoRegistrars(genesis, 2, registrars)]);

// --- the checkpoint: Ed25519 over its text, ML-DSA-44 over origin, time, size and root ------------------------------

const checkpoint = text(files.checkpoint);
const end = checkpoint.lastIndexOf("\n\n") + 1;
const lines = checkpoint.slice(0, end).split("\n");
const origin = `kakehashi/${genesis.fields.mode}/${hub}`;
require(lines.length === 4 && lines[0] === origin, "a checkpoint of another log");
const under = checkpoint.slice(end + 1).trimEnd().split("\n").map((line) => {
  const [dash, name, value] = line.split(" ");
  const raw = new Uint8Array(Buffer.from(value, "base64"));
  require(dash === "\u2014" && name === origin, "a signature by another name");
  return { id: raw.slice(0, 4), value: raw.slice(4) };
});
require(under.length === 2, "two signatures of the log");
const idOf = (type, key) => sha256(join(utf8(`${origin}\n`), be(type, 1), key)).slice(0, 4);
require(same(under[0].id, idOf(1, log[0].key)) && same(under[1].id, idOf(6, log[1].key)), "another key's checkpoint");
require(ALGS[1].verify(log[0].key, utf8(checkpoint.slice(0, end)), under[0].value), "the checkpoint's Ed25519 signature");
const long = (name) => join(be(name.length, 1), utf8(name));
const cosigned = join(
  utf8("subtree/v1\n\0"),
  long(origin),
  under[1].value.slice(0, 8),
  long(origin),
  be(0, 8),
  be(Number(lines[1]), 8),
  new Uint8Array(Buffer.from(lines[2], "base64")),
);
require(ALGS[3].verify(log[1].key, cosigned, under[1].value.slice(8)), "the checkpoint's ML-DSA signature");

const entries = [];
for (const reader = new Reader(files.entries); !reader.done; ) entries.push(json(reader.part(2)));
require(entries.length === Number(lines[1]), "as many entries as were signed");

// --- commands: each signed by the key set in force, each key set by the one before it and two registrars -----------------

const evidence = JSON.parse(readFileSync(reported, "utf-8"));
const ZEROS = "0".repeat(64);
const sets = new Map([[hub, pair(genesis.fields.audit.sig)]]);
for (const one of evidence.frames) {
  const frame = frameOf(bytes(one), "KHF1");
  const { by, act, keyset, fields } = frame.fields;
  require(frame.fields.hub === hub, "a command for another hub");
  let signers;
  if (by === "REGISTRARS") {
    require(keyset === ZEROS, "the registrars have no key set");
    signers = twoRegistrars(frame, 0, registrars);
  } else if (act === "key_set.published") {
    signers = [...(keyset === ZEROS ? pair(fields.sig) : sets.get(keyset)), ...twoRegistrars(frame, 2, registrars)];
    sets.set(hex(frame.digest), pair(fields.sig));
  } else {
    // the audit office signs by the keys of the genesis until it has published a set
    signers = sets.get(by === "AUDIT" && keyset === ZEROS ? hub : keyset);
  }
  require(signers !== undefined, `a key set that nobody has published: ${by} ${act} ${keyset}`);
  signed(frame, KINDS.command, signers);
}

// --- receipts: signed by the log, and the leaf that each promises stands in it ----------------------------------------

for (const one of evidence.receipts) {
  const reader = new Reader(bytes(one));
  reader.magic("KHN1");
  const note = reader.part(2);
  const frame = frameOf(reader.take(reader.data.length - reader.at), "KHT1");
  signed(frame, KINDS.receipt, log);
  require(frame.fields.hub === hub && frame.fields.notes.includes(hex(sha256(note))), "a note that was not signed");
  const { leaf } = json(note);
  require(leaf === null || JSON.stringify(entries[leaf.seq - 1]) === JSON.stringify(leaf), "a promise that does not stand in the log");
}

console.log(JSON.stringify({ frames: evidence.frames.length, receipts: evidence.receipts.length, sets: sets.size - 1 }));
