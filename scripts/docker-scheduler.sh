#!/bin/bash
# Builds the image of the scheduler, failover-scheduler:latest, from this checkout. Nothing is pulled: the base image is
# made on this machine (scripts/docker-offline.sh), the Node binary is the one that runs this. Elsewhere give any image
# with glibc and a C++ library as base: BASE=debian:12-slim scripts/docker-scheduler.sh
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
base=${BASE:-failover-offline-base}
image=${IMAGE:-failover-scheduler:latest}
if [[ -z ${BASE:-} ]] && ! docker image inspect "$base" > /dev/null 2>&1; then "$here/scripts/docker-offline.sh"; fi

context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
(cd "$here" && node scripts/build.cjs --force)
cp "$here/dist/node.cjs" "$here/dist/guard.cjs" "$here/docker/scheduler/Dockerfile" \
  "$here/docker/scheduler/healthcheck.cjs" "$context"
cp "$(node -p process.execPath)" "$context/node"
chmod 755 "$context/node"
# The classic builder: it is what every Docker has.
DOCKER_BUILDKIT=0 docker build --network none --build-arg "BASE=$base" -t "$image" "$context"
