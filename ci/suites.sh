#!/usr/bin/env bash
# The two suites alone, or the test files named as arguments: what the canary breaks.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tests=()
for name in "$@"; do
    tests+=(--test "$name")
done
cargo test --no-fail-fast -p loom-tests -p shuttle-tests "${tests[@]}"
