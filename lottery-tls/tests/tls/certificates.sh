#!/bin/sh
# Makes the certificates of a lottery with openssl, in the current directory: a CA, those of a server and of agency 3, and a
# list that revokes agency 3's.
set -eu

openssl ecparam -name prime256v1 -genkey -noout -out ca.key
openssl req -x509 -new -key ca.key -days 3650 -subj '/CN=lottery CA' -out ca.pem

# sign NAME SUBJECT ALTERNATIVE-NAMES PURPOSE
sign() {
    openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"
    openssl req -new -key "$1.key" -subj "$2" -out "$1.csr"
    printf 'subjectAltName=%s\nextendedKeyUsage=%s\nkeyUsage=digitalSignature\n' "$3" "$4" >"$1.ext"
    openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 365 -extfile "$1.ext" -out "$1.pem"
}

sign server '/CN=lottery server' DNS:lottery.example,IP:127.0.0.1 serverAuth
sign agency '/CN=agency 3' URI:agency:3 clientAuth

# Lists without a number, and without the key that they are signed with, are of version 1, and not taken.
cat >ca.conf <<'END'
[ca]
default_ca=lottery
[lottery]
database=index.txt
crlnumber=crlnumber
default_md=sha256
default_crl_days=30
crl_extensions=list
[list]
authorityKeyIdentifier=keyid
END
: >index.txt
echo 01 >crlnumber
openssl ca -config ca.conf -keyfile ca.key -cert ca.pem -revoke agency.pem
openssl ca -config ca.conf -keyfile ca.key -cert ca.pem -gencrl -out revoked.pem
