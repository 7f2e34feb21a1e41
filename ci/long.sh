#!/usr/bin/env bash
# What takes too long for the gate, and tells of each how many executions it is: five threads in the loom world, with two
# preemptions; a server with a log that crashes once, and two clients that make two calls each; and a thousand schedules of each
# sampler at the lectures' own sizes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cargo test -p loom-tests -p shuttle-tests --test suite -- --ignored --nocapture "$@"
cargo run --release -- check --large
