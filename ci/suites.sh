#!/usr/bin/env bash
# The two suites alone, or the modules named as arguments: what the canary breaks.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cargo test --no-fail-fast -p loom-tests -p shuttle-tests --test suite -- "${@/%/::}"
