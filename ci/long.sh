#!/usr/bin/env bash
# What takes too long for the gate: five threads in the loom world, with two preemptions; and a server with two clients that make
# two calls each, while one thing goes wrong. Each line tells how many executions that are.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cargo test -p loom-tests -p shuttle-tests --test suite -- --ignored --nocapture "$@"
