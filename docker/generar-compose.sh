#!/bin/sh
# generar-compose.sh FILE N: writes a Compose file with a server, named `server`, and N clients, of the image
# lottery:latest.
#
# Reads tp0/generar-compose.sh, which chooses the images by the directory of the called script.
# shellcheck source=docker/tp0/generar-compose.sh
. "$(dirname -- "$0")/tp0/generar-compose.sh"
