#!/bin/sh
# generar-compose.sh FILE N: writes a Compose file with a server, named `server`, and N clients, `client1` and
# so on.
#
# A client with bets in .data/agency-I.csv is an agency of the lottery, and the server waits for all of these;
# any other client plays the echo. The configuration is in volumes: a change takes effect at the next start.
#
# docker/generar-compose.sh reads this file, so `$0` tells which of the two was called.
set -eu

fail() {
    printf '%s: %s\n' "${0##*/}" "$1" >&2
    exit 1
}

[ $# -eq 2 ] || fail "usage: ${0##*/} FILE N, with N clients from 0 to 255"
file=$1
# Leading zeros would make the number octal.
clients=$(printf '%s' "$2" | sed 's/^0*\(.\)/\1/')
case $clients in
'' | *[!0-9]* | ????*) clients=256 ;;
esac
[ "$clients" -le 255 ] || fail "'$2': expected the number of clients, from 0 to 255"

# Beside the course's server/ and client/ this script uses their images, and elsewhere the one image for all.
here=$(cd -P -- "$(dirname -- "$0")" && pwd)
if [ -e "$here/server/Dockerfile" ]; then
    base=$here server_image=server:latest client_image=client:latest
    config_ini=server/config.ini config_yaml=client/config.yaml
else
    base=${here%/*} server_image=lottery:latest client_image=lottery:latest
    config_ini=docker/config.ini config_yaml=docker/config.yaml
fi

# Compose resolves relative paths from the directory of the file.
directory=$(cd -P -- "$(dirname -- "$file")" 2>/dev/null && pwd) || fail "cannot write $file: no such directory"
prefix=$base
[ "$directory" != "$base" ] || prefix=.

# bind SOURCE TARGET: prints a read-only volume. A missing source is an error: nothing is created in its
# place.
bind() {
    source=$(printf '%s' "$prefix/$1" | sed "s/'/''/g; s/\\\$/\$\$/g")
    printf "      - {type: bind, source: '%s', target: %s, read_only: true}\n" "$source" "$2"
}

server() {
    cat <<END
services:
  server:
    container_name: server
    image: $server_image
    entrypoint: ["/bin/lottery-server-\${RUNTIME:-tokio}"]
END
    [ "$agencies" -eq 0 ] || printf '    environment:\n      SERVER_AGENCIES: "%d"\n' "$agencies"
    printf '    volumes:\n'
    bind "$config_ini" /config.ini
    cat <<END
    networks: [testing_net]
    healthcheck:
      test: ["CMD", "/bin/lottery-server-\${RUNTIME:-tokio}", "health"]
      interval: 1s
      timeout: 5s
      retries: 30
    stop_grace_period: 10s
END
}

# client I: prints the service of a client.
client() {
    cat <<END

  client$1:
    container_name: client$1
    image: $client_image
    entrypoint: ["/bin/lottery-client-\${RUNTIME:-tokio}"]
END
    if has_bets "$1"; then
        printf '    command: ["--bets", "/.data/agency-%d.csv"]\n' "$1"
    else
        printf '    command: ["echo"]\n'
    fi
    printf '    environment:\n      CLI_ID: "%d"\n    volumes:\n' "$1"
    bind "$config_yaml" /config.yaml
    ! has_bets "$1" || bind .data /.data
    cat <<END
    networks: [testing_net]
    depends_on:
      server:
        condition: service_healthy
    stop_grace_period: 10s
END
}

has_bets() {
    [ -e "$base/.data/agency-$1.csv" ]
}

networks() {
    cat <<END

networks:
  testing_net:
    name: tp0_testing_net
    ipam:
      driver: default
      config:
        - subnet: 172.25.125.0/24
END
}

agencies=0
i=1
while [ "$i" -le "$clients" ]; do
    ! has_bets "$i" || agencies=$((agencies + 1))
    i=$((i + 1))
done

{ true >"$file"; } 2>/dev/null || fail "cannot write $file"
{
    server
    i=1
    while [ "$i" -le "$clients" ]; do
        client "$i"
        i=$((i + 1))
    done
    networks
} >"$file" 2>/dev/null || fail "cannot write $file"
