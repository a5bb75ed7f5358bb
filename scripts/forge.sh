#!/usr/bin/env bash
# forge as npm brought it, whatever the platform: scripts/forge.sh test -vv
set -euo pipefail
cd "$(dirname "$0")/.."

for forge in contracts/proofs/node_modules/@foundry-rs/forge-*/bin/forge; do
  [ -x "$forge" ] && exec "$forge" "$@"
done
echo "forge is not installed: run make forge" >&2
exit 1
