#!/usr/bin/env python3
"""How long starts and reloads take, with one and with a hundred Lua backends.

    tests/bench/reload.py [BINARY]

Starts BINARY (target/release/bulkhead if not given) on loopback ports with a cache of its own: once
cold, once from the cache. Then reloads through the admin route: ten times with nothing changed, eight
times with one script changed to something that was never compiled before. Prints milliseconds as the
server itself reports them.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "target/release/bulkhead").resolve()
BACKEND = (ROOT / "tests/bench/backend.lua").read_text()


def policy(folder, count, port):
    entries = "".join(f"    - {{ name: b{n}, script: b{n}.lua }}\n" for n in range(count))
    (folder / "bulkhead.yaml").write_text(
        f'server: {{ listen: "127.0.0.1:{port}" }}\nstore: {{ kind: memory }}\n'
        f"reload: {{ watch: false }}\npipeline:\n  backends:\n{entries}"
    )
    for n in range(count):
        (folder / f"b{n}.lua").write_text(f"-- {n}\n{BACKEND}")


def start(folder, port):
    """The running server, and how long its start took by its own log."""
    log = folder / "log"
    process = subprocess.Popen(
        [BINARY, "serve", "-c", "bulkhead.yaml"],
        cwd=folder,
        env=dict(os.environ, XDG_CACHE_HOME=str(folder / "cache")),
        stderr=log.open("w"),
    )
    while process.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/ping").read()
            break
        except OSError:
            time.sleep(0.02)
    else:
        sys.exit(log.read_text())
    line = next(line for line in log.read_text().splitlines() if "start_ms" in line)
    return process, int(line.split("start_ms=")[1].split()[0])


def stop(process):
    process.terminate()
    process.wait()


def reload(port):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/v1/admin/reload", method="POST")
    return json.load(urllib.request.urlopen(request))["result"]["took_ms"]


def measure(count, port):
    folder = Path(tempfile.mkdtemp())
    policy(folder, count, port)
    process, cold = start(folder, port)
    stop(process)
    process, cached = start(folder, port)
    unchanged = [reload(port) for _ in range(10)]
    changed = []
    for n in range(8):
        (folder / "b0.lua").write_text(f"-- {time.time()}\n" + BACKEND.replace("/home/", f"/home{n}/"))
        changed.append(reload(port))
    stop(process)
    shutil.rmtree(folder)
    print(f"{count} scripts: start cold {cold} ms, from the cache {cached} ms")
    print(f"  reload, nothing changed: {sorted(unchanged)} ms")
    print(f"  reload, one script changed: {sorted(changed)} ms")


measure(1, 19801)
measure(100, 19802)
