#!/usr/bin/env python3
"""How fast Lua runs in the sandbox, beside the reference interpreters and the runtime built natively.

    tests/bench/lua.py [ROUNDS [PROGRAM…]]

Runs each program of tests/bench/lua with `lua5.1`, `lua5.4`, the release build of `bulkhead lua run` in
both dialects, and the native build of the same runtime (lua-compat's example `lua`), ROUNDS times in
alternation (5 if not given), so that a change in the machine's mood hits all alike. From the shortest
time of each it takes off what an empty script takes, and prints the ratios to `lua5.1` as markdown. All
must print the same. PROGRAM is a name like `calls`.

BULKHEAD and LUA_NATIVE name binaries to use instead of building them. BULKHEAD_BEFORE names an earlier
build of `bulkhead`, which gets two columns of its own.
"""

import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / "tests/bench/lua"


def built(variable, command, binary):
    """The binary that the variable names, or a fresh build."""
    if variable in os.environ:
        return os.environ[variable]
    subprocess.run(command, cwd=ROOT, check=True)
    return str(ROOT / binary)


def contestants():
    bulkhead = built(
        "BULKHEAD", ["cargo", "build", "--release", "--bin", "bulkhead"], "target/release/bulkhead"
    )
    native = built(
        "LUA_NATIVE",
        ["cargo", "build", "--release", "--example", "lua", "--manifest-path", "lua-compat/Cargo.toml"],
        "lua-compat/target/release/examples/lua",
    )
    all = {"lua5.1": ["lua5.1"], "lua5.4": ["lua5.4"]}
    for name, binary in [("", bulkhead), (" before", os.environ.get("BULKHEAD_BEFORE"))]:
        for dialect in ["5.1", "5.4"] if binary else []:
            all[f"sandbox {dialect}{name}"] = [binary, "lua", "run", "--dialect", dialect]
    for dialect in ["5.1", "5.4"]:
        all[f"native {dialect}"] = [native, dialect]
    for command in all.values():
        if not shutil.which(command[0]):
            sys.exit(f"{command[0]} is missing (Debian packages: lua5.1, lua5.4)")
    return all


def run(command, program, cache):
    """Seconds, and what it printed."""
    begin = time.perf_counter()
    done = subprocess.run(
        [*command, str(PROGRAMS / f"{program}.lua")],
        env=dict(os.environ, XDG_CACHE_HOME=cache),
        capture_output=True,
    )
    took = time.perf_counter() - begin
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} {program}: {done.stderr.decode(errors='replace')}")
    return took, done.stdout


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    programs = sys.argv[2:] or sorted(path.stem for path in PROGRAMS.glob("*.lua"))
    programs = ["empty", *(name for name in programs if name != "empty")]
    interpreters = contestants()
    best, texts = {}, {}
    with tempfile.TemporaryDirectory() as cache:
        for name, command in interpreters.items():
            run(command, "empty", cache)  # compiles the runtime, once
        for _ in range(rounds):
            for program in programs:
                for name, command in interpreters.items():
                    took, text = run(command, program, cache)
                    best[program, name] = min(took, best.get((program, name), math.inf))
                    if texts.setdefault(program, text) != text:
                        sys.exit(f"{program}: {name} prints something else: {text.decode()}")

    def net(program, name):
        return max(best[program, name] - best["empty", name], 1e-4)

    others = [name for name in interpreters if name != "lua5.1"]
    print(f"Best of {rounds}, times those of lua5.1. Command: `tests/bench/lua.py {rounds}`\n")
    print("| Program | lua5.1 | " + " | ".join(others) + " |")
    print("| --- | --: |" + " --: |" * len(others))
    for program in programs[1:]:
        base = net(program, "lua5.1")
        ratios = [f"{net(program, name) / base:.2f}" for name in others]
        print(f"| {program} | {base * 1000:.0f} ms | " + " | ".join(ratios) + " |")
    means = [
        math.exp(sum(math.log(net(p, name) / net(p, "lua5.1")) for p in programs[1:]) / len(programs[1:]))
        for name in others
    ]
    print("| geometric mean | | " + " | ".join(f"{mean:.2f}" for mean in means) + " |")
    starts = [f"{best['empty', name] * 1000:.1f} ms" for name in others]
    print(f"| starting (taken off) | {best['empty', 'lua5.1'] * 1000:.1f} ms | " + " | ".join(starts) + " |")


main()
