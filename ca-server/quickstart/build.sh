# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # the parts share their variables; quickstart sources them all
# Compiling. A gRPC source takes over a gigabyte of memory, so memory bounds the jobs as cores do.

compile_jobs() {
  local cores gigabytes
  cores=$(nproc)
  gigabytes=$(awk '/MemAvailable/ {print int($2 / 1048576)}' /proc/meminfo)
  ((gigabytes >= 1)) || gigabytes=1
  echo $((cores < gigabytes ? cores : gigabytes))
}

# build_targets FOLDER TARGET...
build_targets() {
  local folder=$1
  shift
  NINJA_STATUS='[%f/%t] ' ninja -C "$folder" -j "$(compile_jobs)" "$@"
}

# Whether ninja would do nothing: asked so that a second run stays quiet.
build_is_current() {
  local folder=$1 answer
  shift
  [[ -f $folder/build.ninja ]] || return 1
  answer=$(ninja -C "$folder" -n "$@" 2>/dev/null) || return 1
  [[ $answer == *'no work to do'* ]]
}
