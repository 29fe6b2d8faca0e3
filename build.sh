#!/usr/bin/env bash
# The project's one command. See usage() below, or ./build.sh help.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
work=$root/.build
oldest_python=3.10

usage() {
  cat <<'TEXT'
./build.sh                        build dist/<id>-v<version>.mbp
./build.sh demo [--data DIR]      start the whole system on this machine; Ctrl-C ends it
./build.sh demo --check           one full round trip without a person; exit 1 if a step fails
./build.sh console [arguments]    the moderators' console, from this folder
./build.sh test [pytest args]     every check and every test, or only pytest with the given arguments
./build.sh faults [--only N]      every fault of the matrix against the whole system; --json, --seed S
./build.sh bench [--quick] [--json] [--only ROW] [--out DIR]
                                  how fast everything is, beside its aims; exit 1 if one is missed
TEXT
}

say() { printf '\033[2m[%3ds]\033[0m %s\n' "$SECONDS" "$*" >&2; }
fail() { printf 'build.sh: %s\n' "$*" >&2; exit "${code:-1}"; }

# --- Debian packages -------------------------------------------------------------------------------------------
postgres_bin() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1; }

have_package() {
  case $1 in
    python3-venv) "$python" -c 'import ensurepip, venv' 2>/dev/null ;;
    python3) find_python ;;
    chromium | tmux) command -v "$1" >/dev/null ;;
    postgresql) [ -x "$(postgres_bin)/initdb" ] || command -v initdb >/dev/null ;;
  esac
}

# Installs what is missing when root; names it and exits 2 otherwise.
need_packages() {
  local missing=() package
  for package in "$@"; do have_package "$package" || missing+=("$package"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    code=2 fail "missing Debian packages: ${missing[*]} (sudo apt-get install ${missing[*]})"
  fi
  say "installing ${missing[*]}"
  mkdir -p "$work"
  { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${missing[@]}"; } \
    >"$work/apt.log" 2>&1 || { tail -n 20 "$work/apt.log" >&2; code=2 fail "could not install ${missing[*]}"; }
}

# Sets `python` to the first interpreter that is new enough; PYTHON overrides.
find_python() {
  local name
  for name in ${PYTHON:+"$PYTHON"} python3 python3.13 python3.12 python3.11 python3.10; do
    if "$name" -c "import sys; sys.exit(sys.version_info < (${oldest_python/./, }))" 2>/dev/null; then
      python=$("$name" -c 'import sys; print(sys.executable)')
      return 0
    fi
    [ -z "${PYTHON:-}" ] || return 1
  done
  return 1
}

# --- environments ----------------------------------------------------------------------------------------------
# Runs a long command with a sign of life; shows the log's end if it fails. Ctrl-C ends the command too.
run_slowly() {
  local title=$1 log=$2 began=$SECONDS pid
  shift 2
  say "$title"
  set -m # a process group of its own, so that all of it can be ended
  "$@" >"$log" 2>&1 </dev/null &
  pid=$!
  set +m
  trap 'kill -- "-$pid" 2>/dev/null; exit 130' INT TERM HUP
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.2
    if [ $((SECONDS - began)) -ge 10 ]; then
      began=$SECONDS
      say "… $(tail -n 1 "$log" | cut -c 1-100)"
    fi
  done
  trap - INT TERM HUP
  wait "$pid" || { tail -n 30 "$log" >&2; return 1; }
}

# Sets `uv`, installed from PyPI into .build/tools, or leaves it empty where it can't be had.
find_uv() {
  uv=$work/tools/bin/uv
  [ -x "$work/tools/bin/python" ] || "$python" -m venv "$work/tools" >"$work/tools.log" 2>&1 || true
  adopt_pip_settings
  if [ -x "$uv" ] ||
    run_slowly "installing uv" "$work/tools.log" "$work/tools/bin/python" -m pip install --quiet uv; then
    return 0
  fi
  say "uv is not to be had here, going on with pip"
  uv=
}

# uv doesn't read pip's configuration: hands on the index and the certificates that this machine's pip uses.
adopt_pip_settings() {
  local pip=("$work/tools/bin/python" -m pip) index certificates
  index=${PIP_INDEX_URL:-$("${pip[@]}" config get global.index-url 2>/dev/null || true)}
  certificates=${PIP_CERT:-$("${pip[@]}" config get global.cert 2>/dev/null || true)}
  [ -z "$index" ] || export UV_DEFAULT_INDEX=${UV_DEFAULT_INDEX:-${UV_INDEX_URL:-$index}}
  [ -z "$certificates" ] || export SSL_CERT_FILE=${SSL_CERT_FILE:-$certificates}
}

install_with_uv() {
  "$uv" venv --quiet --clear --python "$python" "$1" &&
    "$uv" pip install --python "$1/bin/python" --requirement "$2"
}

install_with_pip() {
  "$python" -m venv --clear "$1" && "$1/bin/python" -m pip install --progress-bar off --requirement "$2"
}

# make_environment NAME: .build/NAME from requirements/NAME.txt, remade only when that or the interpreter changed.
make_environment() {
  local target pins=$root/requirements/$1.txt wanted
  target=$(readlink -m "$work/$1") # a clone may be linked to another's environments
  wanted=$({ cat "$pins"; "$python" -VV; printf '%s\n' "$python" "$target"; } | sha256sum)
  [ "$(cat "$target/.made-from" 2>/dev/null)" != "$wanted" ] || return 0
  [ ! -L "$work/$1" ] || fail "$work/$1 is another clone's and differs from $pins: it is not remade from here"
  [ -n "${uv+set}" ] || find_uv
  rm -f "$target/.made-from"
  { [ -n "$uv" ] && run_slowly "making the environment $1 with uv" "$work/$1.log" install_with_uv "$target" "$pins"; } ||
    run_slowly "making the environment $1 with pip" "$work/$1.log" install_with_pip "$target" "$pins" ||
    fail "the environment $1 could not be made, see $work/$1.log"
  printf '%s\n' "$wanted" >"$target/.made-from"
}

need_python() {
  find_python || { need_packages python3 && find_python; } || fail "Python $oldest_python or later is needed"
}

prepare() {
  need_python
  mkdir -p "$work"
  # Two commands of one clone may start at once: the second waits until the environments are whole.
  exec 9>"$work/lock"
  flock 9
  need_packages python3-venv "$@"
  make_environment main
  make_environment telegram
  exec 9>&-
}

# --- commands --------------------------------------------------------------------------------------------------
build() {
  need_python
  "$python" "$root/stack/archive.py"
}

demo() {
  prepare
  PYTHONPATH=$root exec "$work/main/bin/python" -m stack demo "$@"
}

console() {
  prepare
  PYTHONPATH=$root exec "$work/main/bin/python" -m console "$@"
}

faults() {
  prepare postgresql
  cd "$root"
  exec "$work/main/bin/python" -m tests.faults "$@"
}

bench() {
  prepare postgresql chromium
  exec 9>"$work/lock"
  flock 9
  make_environment bench # for the charts alone
  exec 9>&-
  cd "$root"
  exec "$work/main/bin/python" -m bench "$@"
}

check() {
  say "$*"
  "$work/main/bin/$1" "${@:2}" || failed+=("$*")
}

# Starts pytest beside the others; its output follows when `finish` is called with the same name.
beside() {
  say "pytest ${*:2}, beside the others"
  pytest "${@:2}" >"$work/$1.log" 2>&1 &
  parts[$1]=$!
}

finish() {
  say "waiting for pytest $1"
  wait "${parts[$1]}" || failed+=("pytest $1, see above or $work/$1.log")
  unset "parts[$1]"
  cat "$work/$1.log"
}

run_tests() {
  prepare postgresql chromium tmux
  cd "$root"
  export PYTHONPATH=$root PATH=$work/main/bin:$PATH
  [ $# -eq 0 ] || exec python -m pytest "$@"
  failed=()
  check ruff check .
  check ruff format --check .
  check mypy
  check lint-imports
  # Whole systems mostly wait, those under faults for minutes of the real clock.
  local minutes=(tests/e2e/test_delivery.py tests/e2e/test_pacing.py)
  declare -gA parts=()
  trap 'kill "${parts[@]}" 2>/dev/null || true' EXIT
  beside faults tests/faults
  beside minutes "${minutes[@]}"
  beside e2e tests/e2e "${minutes[@]/#/--ignore=}"
  beside tui tests/tui
  check pytest --ignore tests/e2e --ignore tests/faults --ignore tests/tui --ignore tests/browser
  # Alone on the machine but for what mostly waits: a page's times are measured.
  finish tui
  check pytest tests/browser
  finish faults
  finish minutes
  finish e2e
  trap - EXIT
  [ ${#failed[@]} -eq 0 ] || fail "failed: $(printf '%s; ' "${failed[@]}")"
  say "all checks passed"
}

case ${1-build} in
  build) build ;;
  demo) shift; demo "$@" ;;
  console) shift; console "$@" ;;
  test) shift; run_tests "$@" ;;
  faults) shift; faults "$@" ;;
  bench) shift; bench "$@" ;;
  help | -h | --help) usage ;;
  *) usage >&2; exit 2 ;;
esac
