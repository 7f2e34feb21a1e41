#!/usr/bin/env bash
# The README's test in an empty crate outside the workspace: it fails, its token replays it, and the fix passes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

mkdir -p "$scratch/src"
cat > "$scratch/Cargo.toml" <<TOML
[package]
name = "outside"
version = "0.1.0"
edition = "2024"

[dependencies]
raddle = { path = "$root" }

[dev-dependencies]
raddle = { path = "$root", features = ["model"] }
TOML
cp Cargo.lock "$scratch/Cargo.lock"
# The test stands in the README, between the fence that names it and the next one.
sed -n '/^```rust your-own$/,/^```$/p' README.md | sed '1d;$d' > "$scratch/src/lib.rs"
grep -q 'raddle::check(' "$scratch/src/lib.rs" || { echo "README.md has no test of your own" >&2; exit 1; }

cd "$scratch"
export CARGO_TARGET_DIR="$root/target/outside"
# Without features it builds against std alone.
cargo build --quiet
if [ -n "$(cargo tree --quiet -e normal --depth 2 --prefix none | grep -E '^(loom|shuttle)')" ]; then
    echo "the library without features depends on an engine" >&2
    exit 1
fi
if said=$(RUST_BACKTRACE=0 cargo test --quiet --lib 2>&1); then
    echo "the README's test should fail, and passed" >&2
    exit 1
fi
token=$(grep -o 'RADDLE_REPLAY=[^ ]*' <<<"$said" | head -n 1 || true)
[ -n "$token" ] || { echo "$said"; echo "the report has no token" >&2; exit 1; }
if replayed=$(env RUST_BACKTRACE=0 "$token" cargo test --quiet --lib 2>&1); then
    echo "the token should fail again, and passed: $token" >&2
    exit 1
fi
for text in "$said" "$replayed"; do
    grep -q 'the total is 1' <<<"$text" || { echo "$text"; echo "another failure than the README's" >&2; exit 1; }
done
# A damaged token is an error that says so.
if said=$(env RUST_BACKTRACE=0 "${token}0" cargo test --quiet --lib 2>&1) || ! grep -q 'checksum' <<<"$said"; then
    echo "a damaged token was not refused" >&2
    exit 1
fi
# The fix that the README gives.
sed -n '/^```rust your-own-fixed$/,/^```$/p' "$root/README.md" | sed '1d;$d' > src/lib.rs
grep -q 'raddle::check(' src/lib.rs || { echo "README.md has no fix of the test of your own" >&2; exit 1; }
cargo test --quiet --lib
