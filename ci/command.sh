#!/usr/bin/env bash
# The command: the whole catalogue, every stored seed, the exit statuses, and what is generated from the catalogue.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cargo build --quiet --release -p raddle-ci
raddle=${CARGO_TARGET_DIR:-target}/release/raddle

demand() {
    local status=$1 got=0
    shift
    "$@" >/dev/null 2>&1 || got=$?
    [ "$got" -eq "$status" ] || { echo "exit status $got, and should be $status: $*" >&2; exit 1; }
}

cargo run --quiet --release
cases=$("$raddle" list --json | wc -l)
[ "$cases" -gt 0 ] || { echo "the catalogue is empty" >&2; exit 1; }
checked=$("$raddle" check --world shuttle --strategy random --schedules 100 --json 2>/dev/null | wc -l) || true
[ "$checked" -eq "$cases" ] || { echo "$checked lines for $cases cases" >&2; exit 1; }
# The lecture's own sizes, a thousand schedules of each.
"$raddle" check --large --strategy urw >/dev/null

seeds=0
for file in loom-tests/seeds/*/*.toml shuttle-tests/seeds/*/*.toml; do
    token=$(sed -n 's/^token = "\(.*\)"$/\1/p' "$file")
    "$raddle" replay "$token" >/dev/null || { echo "$file does not replay: $raddle replay $token" >&2; exit 1; }
    seeds=$((seeds + 1))
done
echo "$seeds stored seeds replay"

demand 0 "$raddle" check counter/mutex --strategy random
demand 0 "$raddle" check vote-count-4 --world loom
# One schedule is not enough to find the bug: the case does not meet its expectation.
demand 1 "$raddle" check counter/naive --strategy random --schedules 1
demand 2 "$raddle" check no/such-case
demand 2 "$raddle" check --world mars
demand 2 "$raddle" check --schedules 0
demand 2 "$raddle" check counter --world loom --strategy random
demand 2 "$raddle" check counter --large --strategy dpor
demand 2 "$raddle" replay "${token%?}"
demand 2 "$raddle" replay nonsense
demand 0 "$raddle" explain bank/per-field
demand 0 "$raddle" explain bank/fixed --json
demand 2 "$raddle" explain no/such-case
"$raddle" generate --check
