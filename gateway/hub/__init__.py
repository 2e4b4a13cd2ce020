"""The hub's door: verifies, decides, records, releases. It reads control and can't read content.

A command's way through the hub. Each state is a step of ``hub.py``; what it does is in the module named on the right.

    received      bytes of a request (KHQ1)                                          queue.put
       │ reading lane: form, signatures, parts                                       admission
       ├───────────────────────────────► answered: Malformed, Untrusted
    waiting  ◄───────────────────────┐
       │ deciding lane, in a batch   │   another command of its case goes first,
       │                             │   or another record was appended first
       │ due events are recorded     │                                               timers
       │ idempotency, key set,       │
       │ recipients, ``decide``      │                                               decision
       ├─────────────────────────────│─► answered: NotFound, Conflict, …
       ├─────────────────────────────│─► replayed: it was recorded before
    decided                          │       │
       │ sealed, appended, synced    │       │                                       recording
       ├─────────────────────────────┘       │
       ├─────────────────────────────────────│─► answered: Unavailable
    recorded                                 │
       │ response lane: receipt, then        │
       │ the wrapped key of an opening ◄─────┘                                       release
    answered

All but the two outer lanes runs on one lane, so that a decision over several originators needs no locks. ``runtime``
wires the parts; ``executor`` is what they run on. ``log``, ``witnesses`` and ``timestamps`` make what was recorded
provable, ``read_models`` and ``queries`` answer what leaves no record.
"""
