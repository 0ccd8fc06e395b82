# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # the parts share their variables; quickstart sources them all
# Long-running processes by their pid files: start, find, stop. A pid file alone proves nothing
# (the machine may have been restarted since), so the process must also carry our configuration.

process_pid() {
  local pid
  pid=$(cat "$sockets/$1.pid" 2>/dev/null) || return 1
  [[ -r /proc/$pid/cmdline ]] || return 1
  tr '\0' '\n' <"/proc/$pid/cmdline" | grep -qxF -- "$2" || return 1
  printf '%s' "$pid"
}

# start_process NAME CONFIG PROGRAM ARGUMENT...: as a session of its own, so that closing the terminal
# does not end it.
start_process() {
  local name=$1
  sha256sum <"$2" >"$sockets/$name.configuration"
  shift 2
  setsid "$@" >>"$home/logs/$name.log" 2>&1 </dev/null 4>&- 9>&- &
  echo $! >"$sockets/$name.pid"
  disown
}

# stop_process NAME CONFIG SECONDS
stop_process() {
  local pid
  pid=$(process_pid "$1" "$2") || return 0
  kill -TERM "$pid"
  wait_until "$3" process_is_gone "$1" "$2" || kill -KILL "$pid" 2>/dev/null || true
  rm -f "$sockets/$1.pid"
}

# Just after its start it has no command line of its own yet, so its number has to do.
started_process_is_gone() { ! kill -0 "$(cat "$sockets/$1.pid")" 2>/dev/null; }

process_is_gone() { ! process_pid "$1" "$2" >/dev/null; }

# Whether it runs the program and the configuration that lie on the disk: a build replaces the program.
process_is_current() {
  local pid
  pid=$(process_pid "$1" "$2") || return 1
  [[ $(readlink "/proc/$pid/exe") != *' (deleted)' &&
    $(sha256sum <"$2") == "$(cat "$sockets/$1.configuration" 2>/dev/null)" ]]
}

# process_listens PID PORT: whether it is this process that has the port.
process_listens() {
  local inode
  while read -r inode; do
    [[ -z $(find "/proc/$1/fd" -lname "socket:\[$inode\]" 2>/dev/null) ]] || return 0
  done < <(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
    awk -v port="$(printf ':%04X$' "$2")" '$2 ~ port && $4 == "0A" {print $10}')
  return 1
}

# http_ok PORT PATH: whether a GET is answered with 200.
http_ok() {
  local status=''
  # The connection is opened in a subshell, since a refused one ends a shell that runs exec.
  status=$( {
    exec 3<>"/dev/tcp/127.0.0.1/$1" &&
      printf 'GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n' "$2" >&3 &&
      IFS= read -r -t 5 line <&3 && printf '%s' "$line"
  } 2>/dev/null) || return 1
  [[ $status == *' 200 '* ]]
}

port_is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
