#!/bin/bash
# Makes the baseline that the API is compared with: mayfly.binpb, its messages and services as protoc
# describes them. Run it when something was added, so that it too stays; and when something was
# taken away on purpose, which breaks every client and needs a new package version (v2).
set -euo pipefail
cd "$(dirname "$0")/../../../proto"
protoc -I. --include_imports --descriptor_set_out=../tests/golden/proto/mayfly.binpb \
  mayfly/ca/v1/certificate_authority.proto
