#!/bin/sh
# generar-compose.sh FILE N: writes a Compose file with the centre, `server`, and N clients, of the image lottery:latest.
#
# It is tp0/generar-compose.sh, read from here: where it is called from says for which images it writes.
# shellcheck source=docker/tp0/generar-compose.sh
. "$(dirname -- "$0")/tp0/generar-compose.sh"
