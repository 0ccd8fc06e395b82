# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # the parts share their variables; quickstart sources them all
# The main job on real input: a certificate from its key to its revocation, each line with its time.
# Everything that checks is openssl, not Mayfly.

walk() {
  local folder=$home/walk
  step_log=$home/logs/walk.log
  say ""
  say "A certificate's life:"
  run_step "key and CSR for web.internal made here, by openssl" make_csr "$folder"
  run_step "seven-day certificate issued over gRPC, recorded before it was signed" \
    issue_from_csr "$folder"
  show_certificate "$folder/web.crt"
  run_step "chain verified by openssl (-x509_strict)" verify_chain "$folder/web.crt"
  run_step "OCSP asked by openssl: good" expect_ocsp good "$folder/web.crt"
  run_step "revoked with the CLI: key compromise" revoke "$folder/web.crt"
  run_step "OCSP asked by openssl: revoked" expect_ocsp revoked "$folder/web.crt"
}

make_csr() {
  (umask 077 && openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj / \
    -addext subjectAltName=DNS:web.internal -keyout "$1/web.key" -out "$1/web.csr")
}

issue_from_csr() {
  mayfly issue --csr "$1/web.csr" --profile server --lifetime 7d --cert-out "$1/web.crt" --force
}

show_certificate() {
  openssl x509 -in "$1" -noout -serial -enddate -ext subjectAltName |
    sed -n 's/^serial=\(.*\)/serial    \L\1/p; s/^notAfter=/not after /p; s/^ *DNS:/name      DNS:/p' |
    sed 's/^/                /'
}

verify_chain() {
  openssl verify -x509_strict -CAfile "$home/ca/root.pem" -untrusted "$home/ca/chain.pem" "$1"
}

# openssl ocsp exits 0 for a revoked certificate and for an answer it could not verify, so both of its
# sentences are looked for.
expect_ocsp() {
  local answer
  answer=$(timeout 20 openssl ocsp -CAfile "$home/ca/root.pem" -issuer "$home/ca/chain.pem" \
    -verify_other "$home/ca/chain.pem" -cert "$2" \
    -url "http://127.0.0.1:${ports[http]}/ocsp" 2>&1) || true
  printf '%s\n' "$answer"
  grep -q 'Response verify OK' <<<"$answer" && grep -q "^$2: $1\$" <<<"$answer"
}

revoke() { mayfly revoke "$1" --reason key-compromise --yes; }

# What a machine that knows nothing yet compares: mayfly bootstrap --fingerprint.
root_fingerprint() {
  openssl x509 -in "$home/ca/root.pem" -outform DER | sha256sum | cut -d' ' -f1
}

# Commands to be pasted, so their words are quoted where they need it.
what_next() {
  local cli place
  cli=$(printf %q "${binaries#"$PWD/"}")/mayfly
  place=$(printf %q "$shown_home")
  # Elsewhere the program would not find its configuration by itself.
  [[ $home == "$PWD/.mayfly" ]] || cli+=" --config $place/client.toml"
  cat <<END

The CA is running. Five things to try next:
  $cli issue api.internal --profile server --lifetime 1d --out $place/walk --force
  $cli inspect $place/walk/api.internal.crt
  $cli revoke $place/walk/api.internal.crt --reason superseded --yes
  curl http://127.0.0.1:${ports[http]}/trust-bundle.pem
  \$EDITOR $place/policy.toml && $again        # brings the policy into force

Where things are:
  gRPC                localhost:${ports[grpc]}, with the client certificate $shown_home/operator/tls.crt
  enrolment           localhost:${ports[enrolment]}, for callers without a certificate: tokens
  root SHA-256        $(root_fingerprint)
  OCSP                http://127.0.0.1:${ports[http]}/ocsp
  health              http://127.0.0.1:${ports[private]}/readyz
  CA certificates     $shown_home/ca/root.pem, $shown_home/ca/chain.pem
  configuration       $shown_home/ca.toml, $shown_home/policy.toml
  logs                $shown_home/logs/

To go on:
  $again stop         # stops; everything stays on the disk
  $again              # continues
  $again reset        # stops and deletes everything
END
}
