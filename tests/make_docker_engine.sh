#!/usr/bin/env bash
# Starts a Docker engine for tests/demo_agents/test_real_docker.py where none runs: root on Debian, no service, nothing
# installed. Programs and a small image come from Debian's archive; all of it lies in FOLDER, in namespaces of its own.
#
#   tests/make_docker_engine.sh FOLDER        # then: export DOCKER_HOST=unix://FOLDER/docker.sock CLAIMCHECK_TEST_IMAGE=debian-tests
#   kill "$(cat FOLDER/docker.pid)"           # ends it
set -euo pipefail
folder=$(mkdir -p "$1" && cd "$1" && pwd)
root=$folder/root
if [ ! -d "$root" ]; then
  mkdir -p "$folder/packages" && cd "$folder/packages"
  apt-get download -qq docker.io containerd runc libdevmapper1.02.1 debootstrap
  for package in *.deb; do dpkg -x "$package" "$root"; done
fi
export PATH=$root/usr/bin:$root/usr/sbin:$PATH
export LD_LIBRARY_PATH=$root/lib/$(uname -m)-linux-gnu:$root/usr/lib/$(uname -m)-linux-gnu
# no iptables: containers reach each other, and nothing outside their network namespace
setsid unshare --mount --net --propagation private sh -c 'ip link set lo up && exec "$@"' sh dockerd \
  --host "unix://$folder/docker.sock" --pidfile "$folder/docker.pid" --data-root "$folder/data" --exec-root "$folder/exec" \
  --exec-opt native.cgroupdriver=cgroupfs --iptables=false --ip6tables=false --ip-masq=false \
  >"$folder/engine.log" 2>&1 </dev/null &
export DOCKER_HOST=unix://$folder/docker.sock
until docker info >/dev/null 2>&1; do kill -0 $! || { tail -3 "$folder/engine.log"; exit 1; }; sleep 1; done
if [ -z "$(docker images --quiet debian-tests)" ]; then
  base=$folder/base
  [ -d "$base" ] || DEBOOTSTRAP_DIR=$root/usr/share/debootstrap unshare --mount --propagation private debootstrap \
    --variant=minbase --include=python3,python-is-python3,python3-pytest,git,tmux,procps "$(. /etc/os-release; echo "$VERSION_CODENAME")" "$base"
  tar -C "$base" -c . | docker import - debian-tests:latest
fi
