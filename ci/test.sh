#!/usr/bin/env bash
# The README's test command, and the library without features. Where cargo-nextest is installed, the suites run once
# more under it, for a JUnit report in target/nextest/ci/junit.xml.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cargo test
cargo test -p raddle
if [ -n "${RADDLE_JUNIT:-}" ] && cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --profile ci
fi
