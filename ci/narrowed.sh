#!/usr/bin/env bash
# The builds that users of loom and shuttle expect: narrowed to one world by --cfg. Warnings are errors.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# Both at once: while one links or runs its longest test, the other has work for the second core.
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
declare -A running
for world in loom shuttle; do
    RUSTFLAGS="--cfg $world -D warnings" CARGO_TARGET_DIR="target/narrowed-$world" \
        cargo test --quiet >"$logs/$world" 2>&1 &
    running[$world]=$!
done
failed=0
for world in loom shuttle; do
    wait "${running[$world]}" || failed=1
    echo "--- --cfg $world"
    cat "$logs/$world"
done
[ "$failed" -eq 0 ] || exit 1
# Narrowed to loom, shuttle is not even compiled; and the other way round.
for pair in loom:shuttle-engine shuttle:loom; do
    world=${pair%%:*} absent=${pair#*:}
    if RUSTFLAGS="--cfg $world" cargo tree --quiet -e normal -p raddle --features catalogue --prefix none |
        grep -q "^$absent v"; then
        echo "--cfg $world still compiles $absent" >&2
        exit 1
    fi
done
