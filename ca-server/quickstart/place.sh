# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # the parts share their variables; quickstart sources them all
# Where everything of this CA lies: $home, ./.mayfly unless MAYFLY_HOME says otherwise.

socket_path_bytes_max=107  # sockaddr_un.sun_path without its final NUL
deepest_socket=/database/.s.PGSQL.5432

prepare_place() {
  if [[ -e $home && $(stat -c %u "$home") != "$EUID" ]]; then
    die "$home belongs to $(stat -c %U "$home"), and this is $(id -un)" \
      "run ./quickstart as that user, or, as that user first: $again reset"
  fi
  mkdir -p "$home"
  chmod 0700 "$home"
  mkdir -p "$home"/{logs,state,signer-state,ca,server,operator,walk,softhsm/tokens}
  exec 9>"$home/lock"
  flock -w 60 9 || die "another ./quickstart has been at work in $home for a minute"
  prepare_sockets
}

# Sockets and process ids lie in $home/run. Where that path is too long for a socket, or would need
# quotes in a connection string, it is a link to a short folder, which nobody else may have made.
# $sockets is the path to use.
prepare_sockets() {
  local run=$home/run
  if [[ ! $run =~ [^[:alnum:]/._-] ]] &&
    ((${#run} + ${#deepest_socket} <= socket_path_bytes_max)); then
    sockets=$run
    mkdir -p "$run"
  else
    sockets=$(readlink "$run" || true)
    if [[ -z $sockets || ! -d $sockets || -L $sockets || $(stat -c %u "$sockets") != "$EUID" ]]; then
      sockets=$(mktemp -d /tmp/mayfly.XXXXXX)
      ln -sfn "$sockets" "$run"
    fi
  fi
  chmod 0711 "$sockets"
}

# replace_file FILE: standard input becomes its content; true where that changed it.
replace_file() {
  local new=$1.new
  cat >"$new"
  if cmp -s "$new" "$1"; then
    rm -f "$new"
    return 1
  fi
  mv "$new" "$1"
}

random_hex() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }
