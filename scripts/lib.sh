# shellcheck shell=bash
# Shared by the scripts in this folder; meant to be sourced by bash.
set -Eeuo pipefail
# Nothing may end without a word; 3 says that the word was spoken.
trap '[ $? = 3 ] || printf "%s stopped in line %s: %s\n" "$0" "$LINENO" "$BASH_COMMAND" >&2' ERR

# File names are UTF-8, and messages the same everywhere, whatever the machine's locale.
export LC_ALL=C.UTF-8
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
export HOME=${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}

if [ -t 2 ] && [ -z "${NO_COLOR:-}" ]; then
  BOLD=$'\e[1m' RED=$'\e[31m' RESET=$'\e[0m'
else
  BOLD='' RED='' RESET=''
fi

# step TEXT: a line of progress, on stderr.
step() { printf '%s==>%s %s\n' "$BOLD" "$RESET" "$*" >&2; }

# die TEXT...: each argument a line of its own, then exit.
die() {
  printf '%s%s%s\n' "$RED" "$1" "$RESET" >&2
  shift
  [ $# -eq 0 ] || printf '  %s\n' "$@" >&2
  exit 3
}

have() { command -v "$1" >/dev/null 2>&1; }

is_root() { [ "$(id -u)" = 0 ]; }

# env_value NAME: the value of NAME from the environment, else from .env, else nothing.
env_value() {
  if [ -n "${!1:-}" ]; then
    printf '%s' "${!1}"
  elif [ -f "$ROOT/.env" ]; then
    sed -n "s/^$1=//p" "$ROOT/.env" | tail -n 1 | sed "s/^[\"']//; s/[\"']\$//"
  fi
}

# data_dir: where this clone keeps its data, as an absolute path.
data_dir() {
  local dir
  dir=$(env_value DATA_DIR)
  dir=${dir:-.data}
  case $dir in /*) printf '%s' "$dir" ;; *) printf '%s/%s' "$ROOT" "${dir#./}" ;; esac
}

# make_private DIR: only its owner may list it. Root's services must pass through.
make_private() {
  [ -d "$1" ] || mkdir -p "$1"
  [ ! -O "$1" ] || if is_root; then chmod 711 "$1"; else chmod 700 "$1"; fi
}

# at_least A B: version A is B or newer.
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]; }

# go_required: the version that go.mod asks for, such as 1.26.0.
go_required() {
  local version
  version=$(sed -n 's/^toolchain go//p' "$ROOT/go.mod")
  printf '%s' "${version:-$(sed -n 's/^go //p' "$ROOT/go.mod")}"
}

# go_toolchain: where Go's own module of the required version lies once downloaded.
go_toolchain() {
  local cache=${GOMODCACHE:-${GOPATH:-$HOME/go}/pkg/mod}
  printf '%s/golang.org/toolchain@v0.0.1-go%s.linux-%s' "$cache" "$(go_required)" "$(dpkg --print-architecture)"
}

# use_go: put a Go that is new enough first in PATH; fails when there is none.
use_go() {
  local candidate version
  for candidate in "$(command -v go || true)" /usr/local/go/bin/go "$(go_toolchain)/bin/go"; do
    [ -x "$candidate" ] || continue
    version=$(cd / && GOTOOLCHAIN=local "$candidate" version 2>/dev/null | sed -n 's/^go version go\([0-9.]*\).*/\1/p')
    if at_least "${version:-0}" "$(go_required)"; then
      PATH=$(dirname "$candidate"):$PATH
      export PATH GOTOOLCHAIN=local
      return
    fi
  done
  return 1
}

# The processes that scripts/run started carry this in their environment, so
# that they are found whatever became of their parents. The supervisor has a
# mark of its own, or it would take its helpers for strays.
marker() { printf 'ALBUMEN_INSTANCE=%s' "$(data_dir)"; }
supervisor_marker() { printf 'ALBUMEN_SUPERVISOR=%s' "$(data_dir)"; }

# carrying MARKER: the processes that have it.
carrying() { grep -lzxsF "$1" /proc/[0-9]*/environ | sed 's/[^0-9]//g' || true; }

# processes: "pid parent session" of everything that runs.
processes() { cat /proc/[0-9]*/stat 2>/dev/null | sed -n 's/^\([0-9]*\) (.*) . \([0-9]*\) [0-9]* \([0-9]*\) .*/\1 \2 \3/p' || true; }

# instance_pids: everything that belongs to this instance, but PostgreSQL and
# Redis, and but the asking script itself.
instance_pids() {
  local session supervisors pid
  session=$(cat "$(data_dir)/run.session" 2>/dev/null || true)
  supervisors=$(carrying "$(supervisor_marker)" | tr '\n' ' ')
  {
    carrying "$(marker)"
    processes | awk -v list="$supervisors" 'BEGIN { n = split(list, pid, " "); for (i = 1; i <= n; i++) ours[pid[i]] = 1 }
      ($1 in ours) && $1 == $3 { print $1 }'
    # Children that were given a clean environment stay in the session.
    processes | awk -v session="${session:-none}" '$3 == session { print $1 }' | while read -r pid; do
      case $(readlink "/proc/$pid/exe" || true) in "$ROOT"/bin/albumen*) echo "$pid" ;; esac
    done
  } | sort -un | grep -vx $$ || true
}

# end_instance: ask everything to finish, and make sure after 20 seconds.
end_instance() {
  local pids started=$SECONDS asked=-9
  while pids=$(instance_pids) && [ -n "$pids" ]; do
    if [ $((SECONDS - started)) -ge 20 ]; then
      # shellcheck disable=SC2086
      kill -KILL $pids 2>/dev/null || true
    elif [ $((SECONDS - asked)) -ge 3 ]; then
      # Whose parents are gone is now asked too; the others are left to their parents.
      # shellcheck disable=SC2046,SC2086
      kill -TERM $(top_of $pids) 2>/dev/null || true
      asked=$SECONDS
    fi
    sleep 0.1
  done
}

# top_of PIDS: those whose parent is not among them; a parent stops its children in order.
top_of() {
  processes | awk -v list="$*" 'BEGIN { n = split(list, pid, " "); for (i = 1; i <= n; i++) ours[pid[i]] = 1 }
    ($1 in ours) && !($2 in ours) { print $1 }'
}
