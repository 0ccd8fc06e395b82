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

# build_is_current STAMP: whether no source is newer than the last build. (ninja, when asked, would
# first look for new files, and never say that there is nothing to do.)
build_is_current() {
  [[ -f $1 && -z $(find CMakeLists.txt ca-server clients hsm proto schema -newer "$1" -print -quit) ]]
}
