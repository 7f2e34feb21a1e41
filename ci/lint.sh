#!/usr/bin/env bash
# clippy and the docs, without warnings, in the three forms of the build.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

for form in "" loom shuttle; do
    flags=${form:+--cfg $form}
    target=target${form:+/narrowed-$form}
    echo "--- ${form:-every world}"
    # A narrowed build has nothing to measure: what benches/ needs would be compiled for nothing.
    packages=(--workspace ${form:+--exclude benches})
    RUSTFLAGS="$flags" CARGO_TARGET_DIR="$target" cargo clippy --quiet "${packages[@]}" --all-targets -- -D warnings
    RUSTFLAGS="$flags" RUSTDOCFLAGS="$flags -D warnings" CARGO_TARGET_DIR="$target" \
        cargo doc --quiet "${packages[@]}" --no-deps
done
# Without models the shims are std's own.
cargo clippy --quiet -p raddle --all-targets -- -D warnings
cargo clippy --quiet -p world-tests --no-default-features --all-targets -- -D warnings
