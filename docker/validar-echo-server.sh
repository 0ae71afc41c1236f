#!/bin/sh
# Sends a line to the echo server `server`, port 12345, from a container, and prints a line that says if it
# came back.
#
# Reads tp0/validar-echo-server.sh, which describes the rest.
# shellcheck source=docker/tp0/validar-echo-server.sh
. "$(dirname -- "$0")/tp0/validar-echo-server.sh"
