#!/usr/bin/env bash
# Mutation testing: does some test notice every change of a fixed variant's code? Of all patterns, or of those named as
# arguments, by the shuttle suite's tests of the pattern. No step of the gate: with all patterns it takes over an hour on two
# cores. One that nothing can notice belongs, with the reason, under exclude_re in .cargo/mutants.toml.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
cargo mutants --version >/dev/null 2>&1 || cargo install --locked --quiet cargo-mutants

cargo build --quiet --release -p raddle-ci
fixed=$("${CARGO_TARGET_DIR:-target}/release/raddle" list --json | sed -n 's/.*"expected":"pass","file":"\([^"]*\)".*/\1/p')
patterns=("$@")
if [ ${#patterns[@]} -eq 0 ]; then
    mapfile -t patterns < <(cut -d/ -f3 <<<"$fixed" | sort -u)
fi
workers=$(nproc)
scratch=$root/target/mutants
mkdir -p "$scratch"

# worker N: every workers-th pattern, in a copy of its own, which is changed in place.
worker() {
    local copy=$scratch/$1 at pattern file files
    rm -rf "$copy"
    mkdir "$copy"
    git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$copy"
    cd "$copy"
    # What is not changed is right.
    CARGO_TARGET_DIR=$scratch/target-$1 cargo test --quiet -p shuttle-tests --test suite >"$scratch/unchanged-$1.log" 2>&1 ||
        { cat "$scratch/unchanged-$1.log" >&2; return 1; }
    for ((at = $1; at < ${#patterns[@]}; at += workers)); do
        pattern=${patterns[at]} files=()
        while read -r file; do
            files+=(--file "$file")
        done < <(grep "/$pattern/" <<<"$fixed")
        # 2: some mutant is missed; 3: some takes too long, which is noticed too.
        CARGO_TARGET_DIR=$scratch/target-$1 cargo mutants --in-place --package raddle --test-package shuttle-tests \
            --output "$scratch/$pattern" --baseline skip --timeout 120 --build-timeout 300 --colors never --no-shuffle "${files[@]}" \
            -- --test suite -- "$pattern::" "fixed_$pattern" >"$scratch/$pattern.log" 2>&1 ||
            { status=$?; [ "$status" -eq 2 ] || [ "$status" -eq 3 ]; } || { cat "$scratch/$pattern.log" >&2; return 1; }
    done
}

running=()
for ((n = 0; n < workers; n++)); do
    worker "$n" &
    running+=($!)
done
for pid in "${running[@]}"; do
    wait "$pid"
done

count() {
    local pattern sum=0
    for pattern in "${patterns[@]}"; do
        sum=$((sum + $(cat "$scratch/$pattern/mutants.out/$1.txt" | wc -l)))
    done
    echo "$sum"
}
echo "$(count caught) mutants caught, $(count timeout) end in a timeout, $(count unviable) do not compile, $(count missed) missed"
for pattern in "${patterns[@]}"; do
    cat "$scratch/$pattern/mutants.out/missed.txt"
done
[ "$(count missed)" -eq 0 ]
