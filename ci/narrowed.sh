#!/usr/bin/env bash
# The builds that users of loom and shuttle expect: narrowed to one world by --cfg. Warnings are errors. The world's suite runs
# there, and the examples in the docs; what has the same engine in the other build, and the command, are tested by the step
# "test" alone.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
for world in loom shuttle; do
    echo "--- --cfg $world"
    export RUSTFLAGS="--cfg $world -D warnings" CARGO_TARGET_DIR="target/narrowed-$world"
    cargo test --quiet --workspace --exclude benches --exclude raddle-ci --exclude raddle-engine
    cargo test --quiet --doc
done
unset CARGO_TARGET_DIR
# Narrowed to loom, shuttle is not even compiled; and the other way round.
for pair in loom:shuttle-engine shuttle:loom; do
    world=${pair%%:*} absent=${pair#*:}
    if RUSTFLAGS="--cfg $world" cargo tree --quiet -e normal -p raddle --features catalogue --prefix none |
        grep -q "^$absent v"; then
        echo "--cfg $world still compiles $absent" >&2
        exit 1
    fi
done
