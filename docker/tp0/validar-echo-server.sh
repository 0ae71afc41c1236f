#!/bin/sh
# Sends a line to the echo server `server`, port 12345, from a container on the Compose network, with netcat,
# and prints a line that says if it came back. The exit code is 0 if the test could be made, with either
# result.
#
# ECHO_NETWORK names another network, NETCAT_IMAGE another image with `nc` and `timeout`.
network=${ECHO_NETWORK:-tp0_testing_net}
image=${NETCAT_IMAGE:-busybox:latest}

cannot() {
    printf '%s: %s\n' "${0##*/}" "$1" >&2
    exit 1
}

result() {
    printf 'action: test_echo_server | result: %s\n' "$1"
    exit 0
}

command -v docker >/dev/null 2>&1 || cannot 'docker is not installed'
docker version >/dev/null 2>&1 || cannot 'no Docker engine runs, or it may not be used'
docker image inspect "$image" >/dev/null 2>&1 || docker pull -q "$image" >/dev/null 2>&1 ||
    cannot "there is no image $image, and it cannot be pulled: name one that has nc in NETCAT_IMAGE"
# Without the network there is no server either.
docker network inspect "$network" >/dev/null 2>&1 || result fail

message="echo $$ $(date +%s)"
# The shell stays the container's first process, because `timeout` could not end that one.
answer=$(printf '%s\n' "$message" | docker run --rm -i --network "$network" "$image" \
    sh -c 'timeout 5 nc -w 3 server 12345; true' 2>/dev/null)
[ "$answer" = "$message" ] || result fail
result success
