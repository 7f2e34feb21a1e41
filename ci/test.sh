#!/usr/bin/env bash
# The README's test command, and the library without models. Where cargo-nextest is installed, the suites run once
# more under it, for a JUnit report in target/nextest/ci/junit.xml.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cargo test
cargo test -p raddle
cargo test -p world-tests --no-default-features
if [ -n "${RADDLE_JUNIT:-}" ] && cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --profile ci
fi
