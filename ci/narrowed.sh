#!/usr/bin/env bash
# The builds that users of loom and shuttle expect: narrowed to one world by --cfg. Warnings are errors.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
for world in loom shuttle; do
    echo "--- --cfg $world"
    # Nothing is compiled twice here, so nothing is noted for the next time.
    RUSTFLAGS="--cfg $world -D warnings" CARGO_INCREMENTAL=0 CARGO_TARGET_DIR="target/narrowed-$world" cargo test --quiet
done
# Narrowed to loom, shuttle is not even compiled; and the other way round.
for pair in loom:shuttle-engine shuttle:loom; do
    world=${pair%%:*} absent=${pair#*:}
    if RUSTFLAGS="--cfg $world" cargo tree --quiet -e normal -p raddle --features catalogue --prefix none |
        grep -q "^$absent v"; then
        echo "--cfg $world still compiles $absent" >&2
        exit 1
    fi
done
