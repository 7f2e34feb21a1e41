#!/usr/bin/env bash
# clippy and the docs, without warnings. (What is compiled in a narrowed build alone is seen by the step "narrowed", where
# the compiler's warnings are errors.)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The library of the catalogue has no test target of its own: a test there would never run.
if grep -rn --include='*.rs' --exclude-dir=engine '#\[cfg(test)\]' src >&2; then
    echo "a test in src/, but for src/engine, never runs: put it into shuttle-tests or tests" >&2
    exit 1
fi
cargo clippy --quiet --workspace --all-targets -- -D warnings
RUSTDOCFLAGS="-D warnings" cargo doc --quiet --workspace --no-deps
# Without models the shims are std's own.
cargo clippy --quiet -p raddle --all-targets -- -D warnings
cargo clippy --quiet -p world-tests --no-default-features --all-targets -- -D warnings
