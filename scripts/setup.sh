#!/usr/bin/env bash
# The set-up steps behind the Makefile's stamp files; each may be repeated safely.
#   scripts/setup.sh venv | packages <lock file> | project | node | forge
set -euo pipefail
cd "$(dirname "$0")/.."

venv=.venv
log=$venv/setup.log

die() {
  printf 'setup: %s\n' "$*" >&2
  exit 1
}

find_python() {
  local name
  for name in "${PYTHON:-python3}" python3 python3.13 python3.12 python3.11; do
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$name"
      return
    fi
  done
  die "Python 3.11 or newer is needed and was not found; set PYTHON=/path/to/python3"
}

make_venv() {
  local python
  python=$(find_python)
  "$python" -c 'import venv, ensurepip' 2>/dev/null ||
    die "$python lacks the venv module; on Debian and Ubuntu: apt install python3-venv"
  echo "Creating $venv with $("$python" --version)"
  "$python" -m venv "$venv"
}

# The lock names every package, so pip need not resolve: an extra that a package asks of another one
# would otherwise have it look past the pins. Its log goes to a file; what is shown is a counter.
install_packages() {
  local lock=$1 total
  shift
  total=$(grep -c '^[a-z].*==' "$lock")
  echo "Installing Python packages of $lock (at most $total)"
  "$venv/bin/python" -m pip install --disable-pip-version-check --no-input --no-compile \
    --no-deps --require-hashes -r "$lock" 2>"$log" | show_progress "$total" ||
    { cat "$log" >&2; die "installing $lock failed"; }
}

show_progress() {
  local line count=0 end='\n'
  [ -t 1 ] && end='\r'
  while IFS= read -r line; do
    case $line in
      Collecting*)
        count=$((count + 1))
        line=${line#Collecting }
        if [ -t 1 ] || [ $((count % 10)) = 0 ]; then
          printf "  %3d/%d %-40s$end" "$count" "$1" "${line%% *}"
        fi
        ;;
      Installing*) printf '  unpacking %d packages %-30s\n' "$count" "" ;;
    esac
  done
}

install_project() {
  "$venv/bin/python" -m pip install --disable-pip-version-check --no-input -q \
    --require-hashes -r requirements-build.lock 2>"$log" ||
    { cat "$log" >&2; die "installing the build tool failed"; }
  "$venv/bin/python" -m pip install --disable-pip-version-check --no-input -q \
    --no-deps --no-build-isolation --editable . 2>"$log" ||
    { cat "$log" >&2; die "installing the project failed"; }
}

has_node() {
  command -v npm >/dev/null &&
    node -e 'process.exit(parseInt(process.versions.node) < 18)' 2>/dev/null
}

# Node trusts its own list of authorities only; add the system's, as pip does.
trust_system_authorities() {
  local bundle=/etc/ssl/certs/ca-certificates.crt
  export NODE_USE_SYSTEM_CA=1
  if [ -z "${NODE_EXTRA_CA_CERTS:-}" ] && [ -r "$bundle" ]; then
    export NODE_EXTRA_CA_CERTS=$bundle
  fi
}

install_node_packages() {
  local folder=$1 what=$2
  PATH=$PWD/$venv/bin:$PATH
  if ! has_node; then
    echo "No Node.js 18 or newer on PATH: installing it into $venv"
    install_packages requirements-node.lock
  fi
  echo "Installing Node packages ($what)"
  trust_system_authorities
  npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --no-update-notifier \
    --loglevel=error
}

case ${1:-} in
  venv) make_venv ;;
  packages) install_packages "${2:?which lock file?}" ;;
  project) install_project ;;
  node) install_node_packages . "anvil, the Solidity compiler, exchange contracts" ;;
  forge) install_node_packages contracts/proofs "forge, cast, MetaMask's delegation framework" ;;
  *) die "usage: scripts/setup.sh venv | packages <lock file> | project | node | forge" ;;
esac
