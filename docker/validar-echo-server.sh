#!/bin/sh
# Sends a line to the echo server `server`, port 12345, from a container, and prints whether it came back.
#
# It is tp0/validar-echo-server.sh, which says the rest.
# shellcheck source=docker/tp0/validar-echo-server.sh
. "$(dirname -- "$0")/tp0/validar-echo-server.sh"
