#!/bin/bash
# Makes the golden OCSP requests and a chain to answer for, with the openssl program. The keys are
# for tests only and guard nothing. Run it in its own folder; it replaces what is there.
set -euo pipefail
cd "$(dirname "$0")"
rm -f ./*.pem ./*.key ./*.der

serial=0x210190a1b2c3d4000102030405060708090a0b0c
days=36500

make_key() { openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key"; }

# certify NAME ISSUER SERIAL SUBJECT EXTENSION...
certify() {
  local name=$1 issuer=$2 number=$3 subject=$4
  shift 4
  make_key "$name"
  openssl req -new -key "$name.key" -subj "$subject" -out request.csr
  local sign=(-CA "$issuer.pem" -CAkey "$issuer.key")
  [[ $issuer == "$name" ]] && sign=(-signkey "$name.key")
  openssl x509 -req -in request.csr "${sign[@]}" -set_serial "$number" -days $days -sha256 \
    -extfile <(printf '%s\n' "$@") -out "$name.pem" 2>/dev/null
  rm -f request.csr
}

ca=("basicConstraints=critical,CA:TRUE" "keyUsage=critical,keyCertSign,cRLSign"
    "subjectKeyIdentifier=hash")
responder=("basicConstraints=critical,CA:FALSE" "keyUsage=critical,digitalSignature"
           "extendedKeyUsage=OCSPSigning" "noCheck=ignored" "authorityKeyIdentifier=keyid")
certify root root 0x11 "/CN=Golden Root" "${ca[@]}"
certify issuer root 0x12 "/CN=Golden Issuer" "${ca[@]}" "authorityKeyIdentifier=keyid"
certify other root 0x13 "/CN=Other Issuer" "${ca[@]}" "authorityKeyIdentifier=keyid"
certify delegate issuer 0x14 "/CN=Golden Responder" "${responder[@]}"
certify foreign other 0x15 "/CN=Foreign Responder" "${responder[@]}"
certify leaf issuer $serial "/CN=leaf" "basicConstraints=critical,CA:FALSE" \
  "keyUsage=critical,digitalSignature" "extendedKeyUsage=serverAuth" \
  "authorityKeyIdentifier=keyid"

ask() { openssl ocsp -issuer issuer.pem "$@"; }
ask -serial $serial -no_nonce -reqout sha1.der
ask -sha256 -serial $serial -no_nonce -reqout sha256.der
ask -serial $serial -nonce -reqout nonce.der
ask -serial $serial -no_nonce -signer leaf.pem -signkey leaf.key -reqout signed.der
ask -serial $serial -serial 0x77 -no_nonce -reqout two.der
ask -sha384 -serial $serial -no_nonce -reqout sha384.der
openssl ocsp -issuer root.pem -serial $serial -no_nonce -reqout not_ours.der
rm -f leaf.key other.key foreign.key root.key issuer.key
