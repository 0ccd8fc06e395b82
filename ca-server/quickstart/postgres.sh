# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # the parts share their variables; quickstart sources them all
# A PostgreSQL cluster of the CA's own: below $home, on a Unix socket only, started and stopped with
# the CA. Peer authentication: whoever runs this script is every database role, nobody else is any.


# PostgreSQL refuses to run as root, so root runs it as the user postgres. That user cannot enter a
# home of mode 0700; the capability to read and search past modes lets it. Containers often withhold
# CAP_DAC_READ_SEARCH but grant CAP_DAC_OVERRIDE.
as_database_user() {
  local capability
  if ((EUID != 0)); then
    (cd / && exec "$@")
    return
  fi
  local -a become=(setpriv --reuid=postgres --regid=postgres --init-groups)
  if ! "${become[@]}" test -x "$home/postgres" 2>/dev/null; then
    for capability in dac_read_search dac_override; do
      if setpriv --dump | grep -q "bounding set:.*$capability"; then
        become+=("--inh-caps=+$capability" "--ambient-caps=+$capability")
        break
      fi
    done
  fi
  (cd / && HOME=/ exec "${become[@]}" "$@")
}

postgres_pid() {
  local pid
  pid=$(as_database_user head -n 1 "$home/postgres/data/postmaster.pid" 2>/dev/null) || return 1
  # The server's working folder is its data folder: a pid from before a restart is somebody else's.
  [[ -n $pid && $(readlink "/proc/$pid/cwd" 2>/dev/null) == "$home/postgres/data" ]] || return 1
  printf '%s' "$pid"
}

postgres_is_running() { postgres_pid >/dev/null; }

postgres_is_made() { as_database_user test -f "$home/postgres/data/PG_VERSION"; }

# An existing cluster needs the programs of its own version.
pg_programs() {
  local version
  if version=$(as_database_user cat "$home/postgres/data/PG_VERSION" 2>/dev/null); then
    [[ -x /usr/lib/postgresql/$version/bin/postgres ]] ||
      die "the database in $home was made by PostgreSQL $version, which is not installed" \
        "install postgresql-$version, or start over: $again reset"
    echo "/usr/lib/postgresql/$version/bin"
  else
    postgres_programs
  fi
}

make_postgres() {
  local programs data=$home/postgres/data
  programs=$(pg_programs)
  as_database_user "$programs/initdb" -D "$data.new" -U postgres -E UTF8 --locale=C.UTF-8 \
    --auth=peer --no-instructions
  # When a row was committed can be asked: by an auditor, and by the tests.
  as_database_user tee -a "$data.new/postgresql.conf" <<<'track_commit_timestamp = on'
  as_database_user tee "$data.new/pg_hba.conf" <<<'local all all peer map=mayfly'
  write_identity_map "$data.new/pg_ident.conf"
  # Only a whole cluster gets the name that counts, however this is interrupted.
  as_database_user mv "$data.new" "$data"
}

write_identity_map() {
  local role
  for role in postgres mayfly_owner mayfly_issue mayfly_respond mayfly_project mayfly_maintain \
    mayfly_read mayfly_audit; do
    printf 'mayfly "%s" %s\n' "$(id -un)" "$role"
  done | as_database_user tee "$1"
}

# Both lock files name a process of the last boot that is now some other program: PostgreSQL would
# refuse to start for it. Where the process is gone PostgreSQL sorts it out by itself.
clear_stale_postgres() {
  local pid data=$home/postgres/data
  pid=$(as_database_user head -n 1 "$data/postmaster.pid" 2>/dev/null) || return 0
  [[ -d /proc/$pid ]] || return 0
  as_database_user rm -f "$data/postmaster.pid" "$sockets/database/.s.PGSQL.5432.lock"
}

# A cluster that an older version made does not know the roles of this one.
let_in_new_roles() {
  local map=$home/postgres/data/pg_ident.conf
  ! as_database_user grep -qw mayfly_audit "$map" || return 0
  write_identity_map "$map" >/dev/null
  ! postgres_is_running || as_database_user "$(pg_programs)/pg_ctl" reload -D "$home/postgres/data" -s
}

start_postgres() {
  local programs tries
  postgres_is_running && return 0
  prepare_postgres_folders
  postgres_is_made || make_postgres
  clear_stale_postgres
  programs=$(pg_programs)
  # After a crash the children of the last server may hold its memory for a moment more.
  for tries in 1 2 3 4 5; do
    as_database_user "$programs/pg_ctl" start -D "$home/postgres/data" -w -t 60 -s \
      -l "$home/postgres/log" -o "-c listen_addresses= -k $sockets/database" \
      4>&- 9>&- </dev/null && break
    ((tries < 5)) || return 1
    sleep 1
  done
}

prepare_postgres_folders() {
  mkdir -p "$home/postgres" "$sockets/database"
  chmod 0700 "$home/postgres"
  if ((EUID == 0)); then
    chown postgres:postgres "$home/postgres" "$sockets/database"
  fi
  rm -rf "$home/postgres/data.new"
}

stop_postgres() {
  postgres_is_running || return 0
  as_database_user "$(pg_programs)/pg_ctl" stop -D "$home/postgres/data" -m fast -w -t 30 -s ||
    as_database_user "$(pg_programs)/pg_ctl" stop -D "$home/postgres/data" -m immediate -w -t 10 -s
}

query() {  # query ROLE DATABASE SQL
  "$(pg_programs)/psql" -XAtq -v ON_ERROR_STOP=1 -h "$sockets/database" -U "$1" -d "$2" -c "$3"
}

make_database() {
  [[ $(query postgres postgres "SELECT 1 FROM pg_roles WHERE rolname = 'mayfly_owner'") == 1 ]] ||
    query postgres postgres 'CREATE ROLE mayfly_owner LOGIN CREATEROLE'
  [[ $(query postgres postgres "SELECT 1 FROM pg_database WHERE datname = 'mayfly'") == 1 ]] ||
    query postgres postgres 'CREATE DATABASE mayfly OWNER mayfly_owner'
}
