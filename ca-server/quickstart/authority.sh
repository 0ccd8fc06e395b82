# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # the parts share their variables; quickstart sources them all
# Bringing the CA up and down: database, token, ceremony, signer, server, the first credentials.

command_seconds_max=60  # of one command of mayfly-ca or mayfly-signer

mayfly-ca() { timeout -k 5 "$command_seconds_max" "$binaries/mayfly-ca" "$@" 9>&-; }
mayfly-signer() { timeout -k 5 "$command_seconds_max" "$binaries/mayfly-signer" "$@" 9>&-; }
mayfly() { timeout -k 5 60 "$binaries/mayfly" --config "$home/client.toml" "$@" 9>&-; }

write_configuration() {
  read_ports
  write_token_configuration
  write_signer_configuration
  write_policy
  write_client_configuration
  write_ca_configuration
  export SOFTHSM2_CONF=$home/softhsm/softhsm2.conf
}

start_database() {
  postgres_is_running || run_step "start PostgreSQL (in $shown_home/postgres, Unix socket only)" \
    start_postgres
  let_in_new_roles
  if [[ ! -f $home/state/database-is-made ]]; then
    run_step "make the database" make_database
    : >"$home/state/database-is-made"
  fi
}

start_token() {
  token_is_made || run_step "make the token (in $shown_home/softhsm, random PINs)" make_token
  [[ -f $home/softhsm/keys-are-made ]] ||
    run_step "generate the keys root, issuing, ocsp and audit inside the token" make_keys
  : >"$home/softhsm/keys-are-made"
}

migrate() {
  mayfly-ca migrate --config "$home/ca.toml" \
    --owner user=mayfly_owner
}

start_signer_with() {  # CONFIG
  process_pid signer "$home/$1" >/dev/null && return
  rm -f "$sockets/signer.sock"
  start_process signer "$home/$1" "$binaries/mayfly-signer" serve --config "$home/$1"
  wait_until 20 signer_is_up_or_gone || true
  [[ -S $sockets/signer.sock ]] || fail_with_log signer "mayfly-signer did not start"
}

signer_is_up_or_gone() { [[ -S $sockets/signer.sock ]] || started_process_is_gone signer; }

fail_with_log() {
  step_log=$home/logs/$1.log
  step_text=$2
  exit 1
}

# The root key signs only here, in a signer that is stopped again at once.
hold_ceremony() {
  stop_process signer "$home/signer.toml" 10
  start_signer_with ceremony-signer.toml
  mayfly-ca init-ca --config "$home/ca.toml" --owner user=mayfly_owner
  mayfly-ca export-ca --config "$home/ca.toml" --root "$home/ca/root.pem" \
    --chain "$home/ca/chain.pem.new"
  stop_process signer "$home/ceremony-signer.toml" 10
  mv "$home/ca/chain.pem.new" "$home/ca/chain.pem"
}

ceremony_is_due() { [[ ! -f $home/ca/chain.pem ]]; }

# What it signs never outlives it.
warn_of_issuer_expiry() {
  openssl x509 -in "$home/ca/chain.pem" -noout -checkend $((30 * 86400)) >/dev/null ||
    say "Note: the issuing CA's certificate ends within 30 days; './quickstart reset' makes a new CA."
}

# Where the policy in force asks for two persons, one file is not enough to change it, and none to go
# on.
apply_policy() {
  local said
  if said=$(mayfly-ca apply-policy --config "$home/ca.toml" 2>&1); then
    printf '%s\n' "$said"
  elif [[ $said == *approval.needed* ]]; then
    printf '%s\n' "$said" 'policy.toml is not the policy in force, which asks for two persons; it stays.'
  else
    printf '%s\n' "$said"
    return 1
  fi
}

# The operator's first credentials need no listener: the same issue path runs inside one process. The
# server makes its own.
make_credentials() {
  mayfly-ca issue-local --config "$home/ca.toml" --profile client \
    --name URI:spiffe://mayfly.internal/operator --lifetime 7d --if-lapsing \
    --cert-out "$home/operator/tls.crt" --key-out "$home/operator/tls.key"
}

# One that runs but is not ready is started again.
start_server() {
  local tries
  stop_server
  for tries in 1 2 3; do
    choose_ports
    start_process server "$home/ca.toml" "$binaries/mayfly-ca" serve --config "$home/ca.toml"
    wait_until 40 server_is_ready_or_gone || true
    ! server_is_ready || return 0
    server_lost_a_port || break
  done
  fail_with_log server "mayfly-ca did not become ready"
}

# Whatever else may answer on the port, it counts only from our own process.
server_is_ready() {
  local pid
  pid=$(process_pid server "$home/ca.toml") && process_listens "$pid" "${ports[private]}" &&
    http_ok "${ports[private]}" /readyz
}

server_is_ready_or_gone() { server_is_ready || started_process_is_gone server; }

# Another process has taken a port between our choice and the server's start.
server_lost_a_port() {
  local port
  started_process_is_gone server || return 1
  for port in "${ports[@]}"; do
    ! port_is_taken "$port" || return 0
  done
  return 1
}

stop_server() { stop_process server "$home/ca.toml" 40; }
stop_signer() {
  stop_process signer "$home/signer.toml" 10
  stop_process signer "$home/ceremony-signer.toml" 10
}

# What runs with older programs or another configuration is started again.
stop_what_changed() {
  if ! process_is_current server "$home/ca.toml" ||
    ! process_is_current signer "$home/signer.toml"; then
    stop_server
    stop_signer
  fi
}

bring_up() {
  step_log=$home/logs/quickstart.log
  write_configuration
  stop_what_changed
  choose_ports  # already here, since certificates name them
  start_database
  start_token
  run_step "migrate the schema" migrate
  if ceremony_is_due; then
    run_step "key ceremony: the root signs itself and the issuing CA" hold_ceremony
  fi
  warn_of_issuer_expiry
  run_step "start mayfly-signer (without the root key)" start_signer_with signer.toml
  run_step "bring the policy into force" apply_policy
  run_step "the operator's credentials" make_credentials
  server_is_ready || run_step "start mayfly-ca" start_server
}

bring_down() {
  step_log=$home/logs/quickstart.log
  write_configuration
  run_step "stop mayfly-ca (finishes what is in flight)" stop_server
  run_step "stop mayfly-signer" stop_signer
  run_step "stop PostgreSQL" stop_postgres
}
