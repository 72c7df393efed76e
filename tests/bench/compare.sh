#!/usr/bin/env bash
# Compares the release server with a bare axum handler that does the same compare, route by route.
#
#   tests/bench/compare.sh [ROUNDS [SECONDS [CONNECTIONS]]]
#
# All servers run at the same time; wrk loads one after the other, ROUNDS times in alternation, so that
# a change in the machine's mood hits them alike. Prints the medians as markdown, and how often a login of
# the whole pipeline waited for Redis. Everything else goes to standard error. BULKHEAD_TARGET names a folder
# with binaries to use instead of a release build.
set -euo pipefail

rounds=${1:-5}
seconds=${2:-5}
connections=${3:-32}

root=$(cd "$(dirname "$0")/../.." && pwd)
here=$root/tests/bench
cd "$root"

for tool in wrk redis-server curl; do
  command -v "$tool" >/dev/null || { echo "$tool is missing (a Debian package)" >&2; exit 1; }
done

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
servers=(bare lua lua-pooled pipeline pipeline-lua)
declare -A address label
# What is loaded: a server and a route of it.
cases=(bare:json lua:json lua-pooled:json pipeline:json pipeline:nginx pipeline-lua:json lua:cbor lua:header lua:nginx lua:basic lua:saslauthd)
label[bare:json]="bare axum handler"
label[lua:json]="Bulkhead, JSON, Lua backend, fresh instance per login"
label[lua-pooled:json]="Bulkhead, JSON, Lua backend, pooled instances"
label[pipeline:json]="Bulkhead, JSON, whole pipeline on Redis"
label[pipeline-lua:json]="Bulkhead, JSON, the same with a Lua feature"
label[pipeline:nginx]="Bulkhead, nginx, whole pipeline on Redis"
for route in cbor header nginx basic saslauthd; do
  label[lua:$route]="Bulkhead, $route, Lua backend, fresh instance per login"
done

redis-server --bind 127.0.0.1 --port 19079 --dir "$work" --save "" --appendonly no >"$work/redis.log" 2>&1 &
processes+=($!)

for name in "${servers[@]}"; do
  port=$((port + 1))
  address[$name]=127.0.0.1:$port
  if [ "$name" = bare ]; then
    "$target/examples/bare" "${address[bare]}" >"$work/bare.log" 2>&1 &
  else
    mkdir "$work/$name"
    cp "$here"/{feature,backend,filter}.lua "$work/$name/"
    (umask 077 && printf 'bench-Secret-0123456789' >"$work/$name/api.secret")
    policy=$here/$name.yaml
    feature='component: "builtin:tls-required"'
    if [ "$name" = pipeline-lua ]; then
      policy=$here/pipeline.yaml
      feature='script: feature.lua, dialect: "5.1"'
    fi
    sed -e "s/127\.0\.0\.1:19080/${address[$name]}/" \
      -e "s/component: \"builtin:tls-required\"/$feature/" "$policy" >"$work/$name/bulkhead.yaml"
    XDG_CACHE_HOME=$work/cache "$target/bulkhead" serve -c "$work/$name/bulkhead.yaml" \
      >"$work/$name.log" 2>&1 &
  fi
  processes+=($!)
done

for name in "${servers[@]}"; do
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

load() { # case seconds
  wrk -t1 -c"$connections" -d"$2s" --latency -s "$here/login.lua" "http://${address[${1%%:*}]}" \
    -- "${1##*:}" | awk '/^RESULT/ { print $2, $3, $4, $5 }'
}

# Times that the whole pipeline waited for Redis.
round_trips() {
  curl -sS "http://${address[pipeline]}/metrics" | awk '
    /^bulkhead_store_round_trips_total/ { sum += $NF } END { printf "%d", sum }'
}

logins_of_pipeline() {
  curl -sS "http://${address[pipeline]}/metrics" | awk '
    /^bulkhead_decisions_total/ { sum += $NF } END { printf "%d", sum }'
}

for one in "${cases[@]}"; do
  load "$one" 2 >/dev/null
done
trips=$(round_trips)
logins=$(logins_of_pipeline)
for round in $(seq "$rounds"); do
  for one in "${cases[@]}"; do
    result=$(load "$one" "$seconds")
    echo "round $round, $one: $result (requests/s, p50 µs, p99 µs, unexpected)" >&2
    echo "$result" >>"$work/$one.results"
  done
done

median() { # case column
  sort -n -k"$2,$2" "$work/$1.results" | awk -v column="$2" '
    { value[NR] = $column } END { print value[int((NR + 1) / 2)] }'
}

trips=$(($(round_trips) - trips))
logins=$(($(logins_of_pipeline) - logins))

processor=$(awk -F': ' '/^model name/ { print $2; exit }' /proc/cpuinfo)
echo "Medians of $rounds rounds of $seconds s, $connections connections, wrk on the same $(nproc) cores" \
  "(${processor:-unknown processor}). Command: \`tests/bench/compare.sh $rounds $seconds $connections\`"
echo
echo "| Server | Requests/s | p50 | p99 | Requests/s of bare |"
echo "| --- | ---: | ---: | ---: | ---: |"
bare=$(median bare:json 1)
failed=
for one in "${cases[@]}"; do
  awk -v label="${label[$one]}" -v rate="$(median "$one" 1)" -v p50="$(median "$one" 2)" \
    -v p99="$(median "$one" 3)" -v bare="$bare" 'BEGIN {
      printf "| %s | %d | %.2f ms | %.2f ms | %.2f |\n", label, rate, p50 / 1000, p99 / 1000, rate / bare }'
  if awk '$4 > 0 { bad = 1 } END { exit !bad }' "$work/$one.results"; then
    failed="$failed $one"
  fi
done
echo
awk -v trips="$trips" -v logins="$logins" 'BEGIN {
  printf "The whole pipeline waited for Redis %.2f times per login (%d logins, every tenth with a wrong password).\n",
    trips / logins, logins }'
if [ -n "$failed" ]; then
  echo "answers other than those of a login from:$failed; the figures mean nothing" >&2
  exit 1
fi
