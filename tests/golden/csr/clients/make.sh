#!/usr/bin/env bash
# Makes the requests of this folder with the tools that people have: CLIENT-KEY.csr, DER, each for
# DNS:web.internal and IP:10.1.2.3. Keys are new in each run.
#
# Needs openssl, gnutls-bin, golang-go, python3-cryptography, default-jdk-headless (keytool), nodejs
# and npm; for Node, one package of npm is installed into a temporary folder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

readonly names=DNS:web.internal,IP:10.1.2.3
readonly node_package=@peculiar/x509@1.12.3
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

with_openssl() {  # NAME GENPKEY_ARGUMENT...; signed with ${sign_options[@]}
  local name=$1
  shift
  openssl genpkey "$@" -out "$scratch/$name.pem" 2>/dev/null
  openssl req -new -key "$scratch/$name.pem" -subj /CN=web.internal -addext "subjectAltName=$names" \
    "${sign_options[@]}" -outform DER -out "$name.csr"
}

with_gnutls() {  # NAME CERTTOOL_ARGUMENT...
  local name=$1
  shift
  printf 'cn = web.internal\ndns_name = web.internal\nip_address = 10.1.2.3\ntls_www_server\n' \
    >"$scratch/template"
  certtool --generate-privkey "$@" --outfile "$scratch/$name.pem" 2>/dev/null
  certtool --generate-request --load-privkey "$scratch/$name.pem" --template "$scratch/template" \
    --outder --outfile "$name.csr" 2>/dev/null
}

with_keytool() {  # NAME SIGNATURE_ALGORITHM KEY_ARGUMENT...
  local name=$1 algorithm=$2 store=(-keystore "$scratch/$1.p12" -storepass changeit -alias web)
  shift 2
  keytool -genkeypair "${store[@]}" -dname CN=web.internal "$@" 2>/dev/null
  keytool -certreq "${store[@]}" -sigalg "$algorithm" -ext san=dns:web.internal,ip:10.1.2.3 \
    2>/dev/null | openssl req -outform DER -out "$name.csr"
}

sign_options=()
with_openssl openssl-ec -algorithm EC -pkeyopt ec_paramgen_curve:P-256
with_openssl openssl-rsa -algorithm RSA -pkeyopt rsa_keygen_bits:2048
with_openssl openssl-ed25519 -algorithm ED25519
sign_options=(-sigopt rsa_padding_mode:pss)  # and a salt as long as it makes by default
with_openssl openssl-rsa-pss -algorithm RSA -pkeyopt rsa_keygen_bits:2048
with_gnutls gnutls-ec --key-type=ecdsa --curve=secp256r1
with_gnutls gnutls-rsa --key-type=rsa --bits=2048
with_gnutls gnutls-ed25519 --key-type=ed25519
with_keytool java-ec SHA256withECDSA -keyalg EC -groupname secp256r1
with_keytool java-rsa SHA256withRSA -keyalg RSA -keysize 2048
with_keytool java-rsa-pss RSASSA-PSS -keyalg RSA -keysize 2048
with_keytool java-ed25519 Ed25519 -keyalg Ed25519
GOCACHE=$scratch/go go run request.go
/usr/bin/python3 request.py
npm install --silent --no-save --prefix "$scratch" "$node_package"
NODE_PATH=$scratch/node_modules node request.js
