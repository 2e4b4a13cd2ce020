// Whether a sheet may still be shown: by the door's signed time, and by a phone whose clock nobody has turned back.

export const TOLERANCE_MS = 60_000;
/** A time statement is used only if it came within this time: else nobody knows how old it is. */
export const MAX_ANSWER_MS = 60_000;

/** What the phone notes at a statement of the door. ``now``: its own clock; ``monotonic``, ``origin``: of this page. */
export function clockAt(doorAt, now, monotonic, origin) {
  return { doorAt, phoneAt: now, lastSeen: now, monotonic, origin };
}

/** GOOD, OVER or BACK (the phone's clock went back), and the door's time as far as the phone knows it. ``until``: when the
 * sheets end, by the door's time. */
export function checkClock(clock, until, now, monotonic, origin) {
  let passed = now - clock.phoneAt;
  if (now < clock.lastSeen - TOLERANCE_MS) return { state: "BACK", doorNow: clock.doorAt + Math.max(0, passed) };
  if (origin === clock.origin) {
    const really = monotonic - clock.monotonic;
    if (passed < really - TOLERANCE_MS) return { state: "BACK", doorNow: clock.doorAt + really };
    passed = Math.max(passed, really);
  }
  const doorNow = clock.doorAt + Math.max(0, passed);
  return { state: doorNow >= until ? "OVER" : "GOOD", doorNow };
}
