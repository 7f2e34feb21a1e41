#!/usr/bin/env bash
# The gate: every step, or those named as arguments. A step is the script of that name in this folder, and can be run
# alone. Steps that are named run one after the other. All of them run in two lanes, side by side, for most leave a processor
# idle for long; a step's output is shown when it has ended.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

lanes=("$*")
if [ $# -eq 0 ]; then
    lanes=("format lint test canary" "narrowed outside command")
fi
for step in ${lanes[*]}; do
    [ -x "ci/$step.sh" ] || { echo "no step is called $step: see ci/*.sh" >&2; exit 2; }
done
logs=$(mktemp -d)
running=()
# Each lane is a process group of its own.
set -m
trap 'kill -- "${running[@]/#/-}" 2>/dev/null || true; rm -rf "$logs"' EXIT

# lane STEPS: one after the other. What came of a step is in a file that is complete once it has that name.
lane() {
    local step begin status
    for step in $1; do
        begin=$SECONDS status=0
        "ci/$step.sh" >"$logs/$step.log" 2>&1 || status=$?
        echo "$status $((SECONDS - begin))" >"$logs/$step.ends"
        mv "$logs/$step.ends" "$logs/$step.ended"
        [ "$status" -eq 0 ] || return 1
    done
}

# tell: shows the steps that have ended since.
tell() {
    local ended step status took
    for ended in "$logs"/*.ended; do
        [ -e "$ended" ] || continue
        step=$(basename "$ended" .ended)
        read -r status took <"$ended"
        rm "$ended"
        printf '\n=== %s\n' "$step"
        cat "$logs/$step.log"
        printf '=== %s: %s s\n' "$step" "$took"
        if [ "$status" -ne 0 ]; then
            printf '\n%s failed. Run it again with: ci/%s.sh\n' "$step" "$step" >&2
            exit 1
        fi
    done
}

for steps in "${lanes[@]}"; do
    lane "$steps" &
    running+=($!)
done
for pid in "${running[@]}"; do
    while kill -0 "$pid" 2>/dev/null; do
        tell
        sleep 1
    done
    tell
    wait "$pid"
done
printf '\nThe gate is green in %s s: %s\n' "$SECONDS" "${lanes[*]}"
