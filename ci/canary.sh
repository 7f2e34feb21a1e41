#!/usr/bin/env bash
# A gate that is always green proves nothing. One at a time, in a scratch copy: breaks counter/mutex, repairs
# counter/naive, damages a stored token, removes a case's loom test. Each time the suites must go red and name the case.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
# Always the same folder, so that cargo builds there what has changed and nothing else.
scratch=$root/target/canary
mkdir -p "$scratch"

rm -rf "$scratch/copy"
mkdir "$scratch/copy"
git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$scratch/copy"
# The dependencies that are built already serve the copy too. Its own packages have another version: cargo tells
# packages in one target folder apart by name and version, and would take one tree's for the other's.
sed -i 's/^version = "0.1.0"$/version = "0.1.0-canary"/' "$scratch/copy/Cargo.toml" "$scratch/copy/Cargo.lock"
grep -q 'canary' "$scratch/copy/Cargo.toml" || { echo "canary: the workspace's version has changed" >&2; exit 1; }

# mend FILE: as it was. What else is built in the copy is not built again.
mend() {
    cp "$1" "$scratch/copy/$1"
}

# red NAME CASE: the suites fail in the copy, and say that it is the case. They are run as the step "test" runs them,
# but for the files that have nothing to do with the case's pattern.
red() {
    local what=$1 case=$2 said
    if said=$(cd "$scratch/copy" && CARGO_TARGET_DIR="$root/target" RUST_BACKTRACE=0 ci/suites.sh counter catalogue 2>&1); then
        echo "canary: $what, and the gate stayed green" >&2
        exit 1
    fi
    # Failing to compile is no find.
    if ! grep -q '^test result: FAILED' <<<"$said"; then
        tail -n 40 <<<"$said" >&2
        echo "canary: $what, and the suites did not run" >&2
        exit 1
    fi
    if ! grep -q "$case" <<<"$said"; then
        tail -n 40 <<<"$said" >&2
        echo "canary: $what, and the gate did not name $case" >&2
        exit 1
    fi
    echo "canary: $what: red, and names $case"
}

# swap FROM TO FILE: replaces a line's part, which must be there.
swap() {
    grep -q -- "$1" "$scratch/copy/$3" || { echo "canary: $3 has no $1" >&2; exit 1; }
    sed -i "s/$1/$2/" "$scratch/copy/$3"
}

cp src/patterns/counter/naive.rs "$scratch/copy/src/patterns/counter/mutex.rs"
red "counter/mutex is broken" counter/mutex
mend src/patterns/counter/mutex.rs

cp src/patterns/counter/mutex.rs "$scratch/copy/src/patterns/counter/naive.rs"
red "counter/naive is repaired" counter/naive
mend src/patterns/counter/naive.rs

swap '^token = "rd1:c' 'token = "rd1:d' shuttle-tests/seeds/counter/naive.toml
red "a stored token is damaged" counter/naive
mend shuttle-tests/seeds/counter/naive.toml

swap 'fn naive_counter_loses_an_update' 'fn another_name' loom-tests/tests/counter.rs
red "a loom test is removed" counter/naive
