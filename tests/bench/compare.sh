#!/usr/bin/env bash
# Compares the release server with a bare axum handler that does the same compare.
#
#   tests/bench/compare.sh [ROUNDS [SECONDS [CONNECTIONS]]]
#
# All servers run at the same time; wrk loads one after the other, ROUNDS times in alternation, so that
# a change in the machine's mood hits them alike. Prints the medians as markdown. Everything else goes
# to standard error. BULKHEAD_TARGET names a folder with binaries to use instead of a release build.
set -euo pipefail

rounds=${1:-5}
seconds=${2:-5}
connections=${3:-32}

root=$(cd "$(dirname "$0")/../.." && pwd)
here=$root/tests/bench
cd "$root"

command -v wrk >/dev/null || { echo "wrk is missing (Debian package: wrk)" >&2; exit 1; }

target=${BULKHEAD_TARGET:-}
if [ -z "$target" ]; then
  cargo build --release -p bulkhead --bin bulkhead --example bare >&2
  target=$root/target/release
fi

work=$(mktemp -d)
processes=()
clean() {
  for process in "${processes[@]}"; do
    kill "$process" 2>/dev/null || true
  done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap clean EXIT

port=19080
names=(bare lua lua-pooled)
declare -A address label
label[bare]="bare axum handler"
label[lua]="Bulkhead, Lua backend, fresh instance per login"
label[lua-pooled]="Bulkhead, Lua backend, pooled instances"

for name in "${names[@]}"; do
  port=$((port + 1))
  address[$name]=127.0.0.1:$port
  if [ "$name" = bare ]; then
    "$target/examples/bare" "${address[bare]}" >"$work/bare.log" 2>&1 &
  else
    mkdir "$work/$name"
    cp "$here/backend.lua" "$work/$name/"
    (umask 077 && printf 'bench-Secret-0123456789' >"$work/$name/api.secret")
    sed "s/127\.0\.0\.1:19080/${address[$name]}/" "$here/$name.yaml" >"$work/$name/bulkhead.yaml"
    XDG_CACHE_HOME=$work/cache "$target/bulkhead" serve -c "$work/$name/bulkhead.yaml" \
      >"$work/$name.log" 2>&1 &
  fi
  processes+=($!)
done

for name in "${names[@]}"; do
  up=
  for _ in $(seq 1200); do
    # No curl needed: bash opens the connection.
    if { exec 3<>"/dev/tcp/127.0.0.1/${address[$name]##*:}"; } 2>/dev/null; then
      exec 3>&-
      up=1
      break
    fi
    sleep 0.1
  done
  if [ -z "$up" ]; then
    echo "$name does not come up:" >&2
    cat "$work/$name.log" >&2
    exit 1
  fi
done

load() { # name seconds
  wrk -t1 -c"$connections" -d"$2s" --latency -s "$here/login.lua" "http://${address[$1]}" |
    awk '/^RESULT/ { print $2, $3, $4, $5 }'
}

for name in "${names[@]}"; do
  load "$name" 2 >/dev/null
done
for round in $(seq "$rounds"); do
  for name in "${names[@]}"; do
    result=$(load "$name" "$seconds")
    echo "round $round, $name: $result (requests/s, p50 µs, p99 µs, unexpected)" >&2
    echo "$result" >>"$work/$name.results"
  done
done

median() { # name column
  sort -n -k"$2,$2" "$work/$1.results" | awk -v column="$2" '
    { value[NR] = $column } END { print value[int((NR + 1) / 2)] }'
}

processor=$(awk -F': ' '/^model name/ { print $2; exit }' /proc/cpuinfo)
echo "Medians of $rounds rounds of $seconds s, $connections connections, wrk on the same $(nproc) cores" \
  "(${processor:-unknown processor}). Command: \`tests/bench/compare.sh $rounds $seconds $connections\`"
echo
echo "| Server | Requests/s | p50 | p99 | Requests/s of bare |"
echo "| --- | ---: | ---: | ---: | ---: |"
bare=$(median bare 1)
failed=
for name in "${names[@]}"; do
  awk -v label="${label[$name]}" -v rate="$(median "$name" 1)" -v p50="$(median "$name" 2)" \
    -v p99="$(median "$name" 3)" -v bare="$bare" 'BEGIN {
      printf "| %s | %d | %.2f ms | %.2f ms | %.2f |\n", label, rate, p50 / 1000, p99 / 1000, rate / bare }'
  if awk '$4 > 0 { bad = 1 } END { exit !bad }' "$work/$name.results"; then
    failed="$failed $name"
  fi
done
if [ -n "$failed" ]; then
  echo "answers other than 200 and 403 from:$failed; the figures mean nothing" >&2
  exit 1
fi
