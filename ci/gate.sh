#!/usr/bin/env bash
# The gate: every step, or those named as arguments. A step is the script of that name in this folder, and can be run
# alone.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

steps=("$@")
if [ ${#steps[@]} -eq 0 ]; then
    steps=(format lint test narrowed outside command canary)
fi
for step in "${steps[@]}"; do
    [ -x "ci/$step.sh" ] || { echo "no step is called $step: see ci/*.sh" >&2; exit 2; }
done
for step in "${steps[@]}"; do
    printf '\n=== %s\n' "$step"
    begin=$SECONDS
    if ! "ci/$step.sh"; then
        printf '\n%s failed. Run it again with: ci/%s.sh\n' "$step" "$step" >&2
        exit 1
    fi
    printf '=== %s: %s s\n' "$step" "$((SECONDS - begin))"
done
printf '\nThe gate is green: %s\n' "${steps[*]}"
