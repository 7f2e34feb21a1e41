#!/usr/bin/env bash
# What raddle::rpc reads, messages and logs, on bytes that libFuzzer makes up: a minute each, or so many seconds as the first
# argument says. No step of the gate, for it needs a nightly toolchain and cargo-fuzz (cargo install cargo-fuzz); the
# gate's tests do the same with proptest.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
seconds=${1:-60}
cargo +nightly fuzz --version >/dev/null 2>&1 || {
    echo "cargo-fuzz needs: rustup toolchain install nightly; cargo install cargo-fuzz" >&2
    exit 2
}
# A log that is opened is synced: in memory that takes no time.
[ -d /dev/shm ] && export TMPDIR=/dev/shm
for target in wire log; do
    cargo +nightly fuzz run --fuzz-dir tests/fuzz "$target" -- -max_total_time="$seconds" -max_len=4096
done
