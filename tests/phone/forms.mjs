// Reads the golden vectors of a device by the modules that the phone uses, and makes an envelope that Python opens.
//
//   node forms.mjs VECTORS/device.json
import { readFileSync } from "node:fs";
import * as forms from "./phone/forms.js";
import { ml_dsa65, ml_kem768_x25519 } from "./phone/noble.js";

const v = JSON.parse(readFileSync(process.argv[2]));
const { unhex, hex } = forms;
const require = (holds, what) => {
  if (!holds) throw new Error(what);
};
const door = {
  hub: v.hub,
  agency: v.agency,
  kem: unhex(v.door.xwing),
  ed25519: unhex(v.door.ed25519),
  mldsa65: unhex(v.door.mldsa65),
};

// Python's envelope: info, key schedule, padding and signature are the same here.
const head = JSON.parse(v.head);
const info = forms.lp("kh/device-envelope/v1", unhex(v.hub), forms.uuidBytes(v.agency), forms.uuidBytes(v.device), forms.uuidBytes(head.envelope), head.number, unhex(head.kid));
require(hex(info) === v.info, "info");
require(hex(await forms.keyId(4, door.kem)) === head.kid, "kid");
const envelope = unhex(v.envelope);
const headLength = new DataView(envelope.buffer).getUint32(4);
const sealedAt = 12 + headLength;
const sealed = envelope.slice(sealedAt, envelope.length - 2 - 3309);
const signed = envelope.slice(0, envelope.length - 2 - 3309);
require(hex(await forms.sha256(signed)) === v.envelope_digest, "digest");
require(
  ml_dsa65.verify(envelope.slice(-3309), forms.pae(forms.ENVELOPE_TYPE, signed), unhex(v.device_public), { context: forms.utf8("kakehashi/device-envelope/v1") }),
  "signature of Python",
);
const { secretKey } = ml_kem768_x25519.keygen(unhex(v.door_kem_seed));
const { key, nonce } = await forms.schedule(ml_kem768_x25519.decapsulate(sealed.slice(0, 1120), secretKey), info);
const aes = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
const padded = new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv: nonce }, aes, sealed.slice(1120)));
require(hex(padded) === hex(forms.pad(unhex(v.content))), "content and padding");

// Its statements; each changed byte is noticed.
for (const { frame, payload } of v.statements) {
  const read = await forms.readStatement(unhex(frame), door, v.device);
  const told = JSON.parse(payload);
  require(read.form === told.form && read.about === told.about && read.state === told.state && read.at === Date.parse(told.at), "statement");
  const bytes = unhex(frame);
  for (const at of [0, 9, 200, 300, 500, 700, bytes.length - 5]) {
    const changed = bytes.slice();
    changed[at] ^= 1;
    let refused = false;
    await forms.readStatement(changed, door, v.device).catch(() => (refused = true));
    require(refused, `a changed byte at ${at} of a statement`);
  }
  let refused = false;
  await forms.readStatement(bytes, door, v.agency).catch(() => (refused = true));
  require(refused, "a statement to another device");
}

// One of ours, by the seed of the vectors.
const ours = await forms.sealEnvelope(
  door,
  { device: v.device, envelope: head.envelope, number: 8, written_at: head.written_at },
  forms.contentOf({ 文: "架け橋" }, unhex("0102")),
  unhex(v.device_seed),
);
console.log(JSON.stringify({ envelope: hex(ours.bytes), digest: ours.digest, time: forms.timeText(Date.parse(head.written_at)) }));
