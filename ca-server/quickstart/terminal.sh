# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # the parts share their variables; quickstart sources them all
# What the scripts say, and how they fail: one line a step with its time, and on failure what
# failed, the end of the log and where it is.
#
# A script that sources this calls `trap report_failure EXIT` once.

exec 4>&2  # the terminal, whatever a step's own output is redirected to
step_text='' # what is being done, for the message when it fails
step_log=''  # where its output goes
long_step_pid=''
failure_told=''

say() { printf '%s\n' "$*"; }

warn() { printf 'warning: %s\n' "$*" >&4; }

# Ends the script with a reason of our own.
die() {
  failure_told=yes
  printf '\nfailed: %s\n' "$1" >&4
  shift
  (($# == 0)) || printf '  %s\n' "$@" >&4
  exit 1
}

now_ms() {
  local micros=${EPOCHREALTIME/[.,]/}
  echo $((micros / 1000))
}

# 1234 -> "  1.2 s"
format_ms() { printf '%5d.%d s' $(($1 / 1000)) $(($1 % 1000 / 100)); }

on_terminal() { [[ -t 1 && ${TERM:-dumb} != dumb ]]; }

clear_line() { ! on_terminal || printf '\r\033[K'; }

# The EXIT trap: every unexpected end names its step and shows the end of its log.
report_failure() {
  local status=$?
  trap - EXIT
  [[ -z $long_step_pid ]] || end_long_step
  if ((status != 0)) && [[ -z $failure_told && -n $step_text ]]; then
    printf '\nfailed: %s\n' "$step_text" >&4
    if [[ -n $step_log && -s $step_log ]]; then
      printf '  the end of %s:\n' "$step_log" >&4
      tail -n 15 "$step_log" | sed 's/^/    /' >&4
    fi
  fi
  exit "$status"
}

# Its children first: the shell that runs a long step only waits for them.
end_long_step() {
  local child
  for child in $(ps -o pid= --ppid "$long_step_pid"); do kill "$child" 2>/dev/null || true; done
  kill "$long_step_pid" 2>/dev/null || true
}

# run_step TEXT COMMAND...: a short step. Its output goes to $step_log.
run_step() {
  local began
  step_text=$1
  began=$(now_ms)
  shift
  ! on_terminal || printf '            %s ...' "$step_text"
  "$@" >>"$step_log" 2>&1
  clear_line
  printf '  %s  %s\n' "$(format_ms $(($(now_ms) - began)))" "$step_text"
  step_text=''
}

# run_long_step TEXT COMMAND...: a step of minutes, which shows the newest line of its output: always
# on a terminal, every 20 s elsewhere.
run_long_step() {
  local began waited=0
  step_text=$1
  began=$(now_ms)
  shift
  say "            $step_text ..."
  "$@" >>"$step_log" 2>&1 </dev/null &
  long_step_pid=$!
  while kill -0 "$long_step_pid" 2>/dev/null; do
    sleep 0.2
    waited=$((waited + 1))
    ((waited % 5 != 0)) || show_progress "$waited" "$(($(now_ms) - began))"
  done
  clear_line
  wait "$long_step_pid"
  long_step_pid=''
  printf '  %s  %s\n' "$(format_ms $(($(now_ms) - began)))" "$step_text"
  step_text=''
}

show_progress() {
  local line
  # Of ninja and apt; not the lines of a compiler's warning.
  line=$(tail -n 50 "$step_log" 2>/dev/null | tr -cd '[:print:]\n' |
    grep -E '^(\[[0-9]|[A-Z][a-z]+ )' | tail -n 1 | cut -c 1-64) || true
  if on_terminal; then
    printf '\r\033[K  %s  %s' "$(format_ms "$2")" "$line"
  elif (($1 % 100 == 0)); then
    printf '  %s    %s\n' "$(format_ms "$2")" "$line"
  fi
}

# wait_until SECONDS COMMAND...: polls; fails when it is not true by then.
wait_until() {
  local until=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < until)) || return 1
    sleep 0.1
  done
}
