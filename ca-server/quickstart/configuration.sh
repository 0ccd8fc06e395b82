# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # the parts share their variables; quickstart sources them all
# The configuration files in $home. All but the policy are written again at each start.

# Those of the last time, at first the usual ones.
read_ports() {
  local name port
  declare -gA ports=([grpc]=7443 [enrolment]=7444 [http]=7080 [private]=7081)
  for name in "${!ports[@]}"; do
    port=$(sed -n "s/^$name=//p" "$home/ports" 2>/dev/null) || true
    ports[$name]=${port:-${ports[$name]}}
  done
  write_ports
}

write_ports() {
  local name
  for name in grpc enrolment http private; do echo "$name=${ports[$name]}"; done >"$home/ports"
}

# Ports are kept, unless somebody else has one of them.
choose_ports() {
  local name
  process_is_gone server "$home/ca.toml" || return 0
  for name in "${!ports[@]}"; do ports[$name]=$(first_free_port "${ports[$name]}"); done
  write_ports
  write_client_configuration
  write_ca_configuration
}

first_free_port() {
  local port tries
  for ((port = $1, tries = 0; tries < 100; port += 10, ++tries)); do
    port_is_taken "$port" || { echo "$port" && return; }
  done
  die "no free port among 100 tried from $1 on 127.0.0.1"
}

write_signer_configuration() {
  write_signer_file "$home/signer.toml" "What the running CA may sign with. The root key is not here." \
    issuing:certificate,crl ocsp:ocsp audit:audit
  write_signer_file "$home/ceremony-signer.toml" \
    "For key ceremonies: the root key too. Runs only while CA certificates are made." \
    root:ca-certificate issuing:certificate,crl ocsp:ocsp audit:audit
}

# A test puts a module of its own before SoftHSM's: MAYFLY_PKCS11_MODULE.
write_signer_file() {  # FILE COMMENT KEY:PURPOSE,PURPOSE...
  local file=$1 comment=$2 key purposes
  shift 2
  {
    cat <<END
# $comment
# Written by ./quickstart at each start.
module = "${MAYFLY_PKCS11_MODULE:-$(softhsm_module)}"
pin_file = "softhsm/pin"
socket = "$sockets/signer.sock"
state_directory = "signer-state"
workers = 2
END
    for key in "$@"; do
      printf '\n[[key]]\nuri = "pkcs11:token=mayfly;object=%s"\n' "${key%%:*}"
      purposes=${key#*:}
      printf 'purposes = ["%s"]\n' "${purposes//,/\", \"}"
    done
    # Yours to write: the [[key]]s of an issuer of your own.
    [[ ! -e $home/signer.more.toml ]] || cat "$home/signer.more.toml"
  } | replace_file "$file" || true
}

write_ca_configuration() {
  { ca_configuration && more_configuration; } | replace_file "$home/ca.toml" || true
}

# Yours to write, for what a CA to try things on has no use for: an [[oidc_issuer]], say.
more_configuration() { [[ ! -e $home/ca.more.toml ]] || cat "$home/ca.more.toml"; }

ca_configuration() {
  cat <<END
# mayfly-ca. Written by ./quickstart at each start; docs/CONFIGURATION.md is the reference.
trust_domain = "mayfly.internal"
state_directory = "state"
policy = "policy.toml"

[database]
connection = "host=$sockets/database dbname=mayfly"

[signer]
kind = "process"
socket = "$sockets/signer.sock"

[root]
name = "root-1"
key = "pkcs11:token=mayfly;object=root"
common_name = "Mayfly quickstart root"
lifetime = "3650d"

[[issuer]]
name = "issuing-1"
key = "pkcs11:token=mayfly;object=issuing"
common_name = "Mayfly quickstart issuing CA"
lifetime = "365d"
ocsp_key = "pkcs11:token=mayfly;object=ocsp"
ocsp_urls = ["http://127.0.0.1:${ports[http]}/ocsp"]
ca_issuers_urls = ["http://127.0.0.1:${ports[http]}/ca/issuing-1.cer"]

[ocsp]
answer_life = "1h"
lease = "10s"
certificate_life = "7d"

[audit]
key = "pkcs11:token=mayfly;object=audit"
directory = "audit"
origin = "mayfly.internal/audit"
checkpoint_age_max = "5s"

[[listener]]
address = "127.0.0.1:${ports[grpc]}"
services = ["ca"]
tls = "mutual"
certificate = "server/tls.pem"
names = ["DNS:localhost", "IP:127.0.0.1"]

[[listener]]
address = "127.0.0.1:${ports[enrolment]}"
services = ["ca"]
tls = "server"
certificate = "server/enrolment.pem"
names = ["DNS:localhost", "IP:127.0.0.1"]

[[listener]]
address = "127.0.0.1:${ports[http]}"
services = ["ocsp", "ca-certificates"]
tls = "none"

[[listener]]
address = "127.0.0.1:${ports[private]}"
services = ["health", "metrics"]
tls = "none"

[limits]
in_flight_max = 1024
worker_threads = 4
drain = "30s"
END
}

# Yours to edit: ./quickstart brings a changed policy into force.
write_policy() {
  [[ ! -e $home/policy.toml ]] || return 0
  replace_file "$home/policy.toml" <<'END'
# Who may have which certificates. Yours to edit: ./quickstart applies it again.
# docs/POLICY.md is the reference.
# The one who set this CA up may do everything; operators, auditors and enrollers may do less.
admins = ["spiffe://mayfly.internal/operator"]

[profile.server]
lifetime = "7d"
lifetime_max = "30d"
key_usage = ["digital-signature"]
extended_key_usage = ["server-auth"]
names = ["dns", "ip"]

[profile.client]
lifetime = "7d"
lifetime_max = "30d"
key_usage = ["digital-signature"]
extended_key_usage = ["client-auth"]
names = ["dns", "uri"]

[profile.workload]
lifetime = "1h"
lifetime_max = "24h"
key_usage = ["digital-signature"]
extended_key_usage = ["server-auth", "client-auth"]
names = ["dns", "uri"]

[[rule]]
name = "operators"
principals = ["spiffe://mayfly.internal/operator"]
profiles = ["server", "client", "workload"]
dns = ["*.internal"]
ip = ["10.0.0.0/8", "127.0.0.1"]
uri = ["spiffe://mayfly.internal/ns/*/sa/*"]

[[rule]]
name = "this-machine"
principals = ["local:*"]
profiles = ["server", "client"]
dns = ["localhost", "*.internal"]
ip = ["127.0.0.1"]
uri = ["spiffe://mayfly.internal/operator"]
END
}

write_client_configuration() {
  replace_file "$home/client.toml" <<END || true
# For the program mayfly, which finds this file in .mayfly/ of its folder or a folder above.
# Written by ./quickstart at each start.
server = "localhost:${ports[grpc]}"
enrolment_server = "localhost:${ports[enrolment]}"
trust = "ca/root.pem"
certificate = "operator/tls.crt"
private_key = "operator/tls.key"
END
}
