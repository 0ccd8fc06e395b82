# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # the parts share their variables; quickstart sources them all
# The one list of Debian packages: what ./quickstart and ./run-tests need, and how they get it.

run_packages=(
  openssl       # the walk's own key, CSR and checks
  postgresql    # the ledger
  softhsm2      # the token
  opensc        # pkcs11-tool, which makes the token
  procps util-linux
)
build_packages=(
  cmake ninja-build g++ pkg-config
  libgrpc++-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc
  libssl-dev libp11-dev libp11-kit-dev libpqxx-dev
  libspdlog-dev libfmt-dev libcli11-dev libtomlplusplus-dev libboost-dev
  nlohmann-json3-dev prometheus-cpp-dev libjose-dev libcurl4-openssl-dev
)
test_packages=(
  ccache libgtest-dev libgmock-dev clang-format-19 shellcheck gnutls-bin curl git
  python3-pytest python3-grpcio python3-protobuf python3-cryptography python3-psycopg2 python3-venv
  golang-go     # another implementation judges the audit log
  faketime      # certtool judges what has expired as of its own time
  swtpm libtpm2-pkcs11-1 libtss2-tcti-swtpm0  # a second token, of another make
  zsh fish      # completion is typed into them
)
full_test_packages=(  # ./run-tests --full, and tests/fuzz/run
  clang-tidy-19 clang-19 libclang-rt-19-dev
)

# The folder of PostgreSQL's server programs (Debian keeps them off the PATH): the newest one.
postgres_programs() {
  local program newest=''
  for program in /usr/lib/postgresql/*/bin/initdb; do
    [[ -x $program ]] && newest=$(printf '%s\n%s\n' "$newest" "$program" | sort -V | tail -n 1)
  done
  [[ -n $newest ]] && dirname "$newest"
}

package_is_installed() {
  # Any version of the server will do, whichever package it came with.
  if [[ $1 == postgresql ]]; then
    postgres_programs >/dev/null
  # So will any version of Go.
  elif [[ $1 == golang-go ]]; then
    command -v go >/dev/null
  else
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
  fi
}

missing_packages() {
  local package
  for package in "$@"; do
    package_is_installed "$package" || printf '%s\n' "$package"
  done
}

as_root() {
  if ((EUID == 0)); then "$@"; else sudo -n "$@"; fi
}

# Asks for sudo's password once, and only where somebody can answer.
obtain_root() {
  ((EUID != 0)) || return 0
  command -v sudo >/dev/null || die "packages are missing and there is no sudo" \
    "as root: apt-get install --no-install-recommends $*"
  sudo -n true 2>/dev/null && return 0
  [[ -t 0 ]] && sudo -v && return 0
  die "packages are missing and sudo wants a password" \
    "as root: apt-get install --no-install-recommends $*"
}

# Debian's PostgreSQL package makes and starts a cluster for the whole machine. Mayfly has its own,
# so the package is told not to, for this installation only.
install_with_apt() {
  local guard=/etc/postgresql-common/createcluster.d/mayfly-quickstart.conf status=0
  as_root mkdir -p "${guard%/*}"
  echo 'create_main_cluster = false' | as_root tee "$guard" >/dev/null
  as_root apt-get update -q || status=$?
  ((status != 0)) || as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y \
    --no-install-recommends -o DPkg::Lock::Timeout=300 "$@" || status=$?
  as_root rm -f "$guard"
  return "$status"
}

# install_packages PACKAGE...: installs what is missing, after saying what that is.
install_packages() {
  local missing
  command -v dpkg-query >/dev/null || die "this is not Debian, so nothing can be installed here" \
    "needed by their Debian names: $*"
  mapfile -t missing < <(missing_packages "$@")
  ((${#missing[@]} > 0)) || return 0
  say "Missing here, to be installed with apt (as root):"
  printf '%s ' "${missing[@]}" | fold -s -w 90 | sed 's/^/    /'
  say ""
  obtain_root "${missing[@]}"
  run_long_step "install ${#missing[@]} Debian packages and what they need" \
    install_with_apt "${missing[@]}"
}
