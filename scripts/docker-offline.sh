#!/bin/bash
# Makes the containers tier possible on a Debian machine that reaches only Debian's packages: installs Docker, starts its
# daemon if none answers, and builds images under the names of the official ones. Each step is skipped when its result is
# there already, so a second run takes a second. Where images can be pulled, this script is not needed.
#
#   scripts/docker-offline.sh             everything
#   scripts/docker-offline.sh --daemon    only the daemon, no images
#
# Settings: FAILOVER_IMAGE_ZOOKEEPER (zookeeper:3.8), FAILOVER_IMAGE_POSTGRES (postgres:15),
# FAILOVER_DOCKER_LOG (where a daemon that is started here writes).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
zookeeper_image=${FAILOVER_IMAGE_ZOOKEEPER:-zookeeper:3.8}
postgres_image=${FAILOVER_IMAGE_POSTGRES:-postgres:15}
base_image=failover-offline-base
daemon_log=${FAILOVER_DOCKER_LOG:-/var/log/dockerd-offline.log}
daemon_patience_s=60

say() { printf 'docker-offline: %s\n' "$*"; }
fail() { printf 'docker-offline: %s\n' "$*" >&2; exit 1; }

need_root() {
  [[ $(id -u) = 0 ]] || fail "cannot $1 without root. Run this script as root, or do that by hand and run it again."
}

install_packages() {
  need_root "install $*"
  command -v apt-get > /dev/null || fail "cannot install $*: this is not a Debian machine (no apt-get). Install Docker by hand."
  say "installing $*"
  local log
  log=$(mktemp)
  # Lists that are old or empty are the usual reason of a failure: fetch them and try once more.
  if ! DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@" > "$log" 2>&1; then
    apt-get update -q >> "$log" 2>&1 || say "apt-get update had problems, going on"
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@" >> "$log" 2>&1 \
      || { tail -n 15 "$log" >&2; fail "apt-get could not install $*: its last lines are above."; }
  fi
  rm -f "$log"
}

daemon_answers() { timeout 10 docker version --format '{{.Server.Version}}' > /dev/null 2>&1; }

# Starts a daemon with the given options and waits for its answer. Fails when it exits or the time is over.
start_daemon() {
  rm -f /var/run/docker.pid
  # A session of its own and no inherited files: it outlives this script, its terminal and a CI step.
  setsid dockerd "$@" > "$daemon_log" 2>&1 < /dev/null &
  local pid=$! deadline=$((SECONDS + daemon_patience_s))
  while ((SECONDS < deadline)); do
    if daemon_answers; then return 0; fi
    kill -0 "$pid" 2> /dev/null || return 1
    sleep 0.2
  done
  kill "$pid" 2> /dev/null || true
  return 1
}

provide_daemon() {
  if command -v docker > /dev/null && daemon_answers; then return; fi
  [[ -z ${DOCKER_HOST:-} ]] || fail "no Docker daemon answers at DOCKER_HOST=$DOCKER_HOST. Start it, or unset DOCKER_HOST."
  command -v dockerd > /dev/null && command -v docker > /dev/null || install_packages docker.io
  if [[ -d /run/systemd/system ]] && systemctl start docker > /dev/null 2>&1 && daemon_answers; then return; fi
  need_root "start the Docker daemon"
  # From the best to the most modest: a kernel may lack overlay file systems, netfilter, or both. Published ports do not
  # need iptables: docker's user-land proxy serves loopback.
  local options
  for options in "" "--storage-driver=vfs" "--iptables=false --ip6tables=false" \
    "--storage-driver=vfs --iptables=false --ip6tables=false"; do
    say "starting dockerd ${options:-with its defaults} (log: $daemon_log)"
    # shellcheck disable=SC2086
    if start_daemon $options; then return; fi
  done
  tail -n 15 "$daemon_log" >&2
  fail "the Docker daemon does not start: the last lines of $daemon_log are above."
}

has_image() { docker image inspect "$1" > /dev/null 2>&1; }

# The release and the mirror that this machine installs from: the images are made from the same.
debian_release() { . /etc/os-release && printf '%s' "${VERSION_CODENAME:-}"; }
debian_mirror() {
  apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT) $(CREATED_BY)' \
    | awk -v release="$(debian_release)" '$2 == release && $3 == "main" && $4 == "Packages" { print $1; exit }'
}

build_base() {
  need_root "make a base image"
  command -v debootstrap > /dev/null || install_packages debootstrap
  local release mirror root
  release=$(debian_release)
  mirror=$(debian_mirror)
  [[ -n $release && -n $mirror ]] || fail "cannot tell which Debian release and mirror this machine uses (apt-get indextargets)."
  root=$(mktemp -d)
  # shellcheck disable=SC2064
  trap "rm -rf '$root'" EXIT
  say "base image: debootstrap $release"
  debootstrap --variant=minbase --include=ca-certificates "$release" "$root/root" "$mirror" > "$root/log" 2>&1 \
    || { tail -n 15 "$root/log" >&2; fail "debootstrap failed: its last lines are above."; }
  # The machine's own proxy settings, so that builds reach what the machine reaches.
  apt-config dump | grep -i '^Acquire::.*Proxy' > "$root/root/etc/apt/apt.conf.d/50proxy" || true
  rm -rf "$root/root/var/cache/apt/archives" "$root/root/var/lib/apt/lists"
  tar -C "$root/root" -c . | docker import - "$base_image" > /dev/null
  rm -rf "$root"
  trap - EXIT
}

build_image() {
  local image=$1 folder=$2 log
  if has_image "$image"; then return; fi
  has_image "$base_image" || build_base
  say "image $image"
  log=$(mktemp)
  # The classic builder is what Debian's docker.io has; the host's network, so that no NAT is needed to build.
  DOCKER_BUILDKIT=0 docker build --force-rm --network host --build-arg "BASE=$base_image" -t "$image" "$folder" > "$log" 2>&1 \
    || { tail -n 20 "$log" >&2; fail "could not build $image: the last lines of the build are above."; }
  rm -f "$log"
}

provide_daemon
if [[ ${1:-} != --daemon ]]; then
  build_image "$zookeeper_image" "$here/docker/zookeeper"
  build_image "$postgres_image" "$here/docker/postgres"
fi
say "ready: Docker $(docker version --format '{{.Server.Version}}'), $zookeeper_image, $postgres_image"
