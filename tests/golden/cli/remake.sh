#!/usr/bin/env bash
# Writes expected/ anew from what the command line prints now: remake.sh BUILD_FOLDER. Read the
# difference before you commit it; it is what users will see.
set -euo pipefail
build=$(realpath "${1:?the build folder, e.g. build/test}")
mkdir -p "$(dirname "$0")/expected"
MAYFLY_REMAKE_GOLDEN=1 "$build/bin/unit_cli" --gtest_filter='*/Golden.*'
