# Shared by the scripts in this folder; meant to be sourced by bash.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

if [ -t 2 ] && [ -z "${NO_COLOR:-}" ]; then
  BOLD=$'\e[1m' RED=$'\e[31m' RESET=$'\e[0m'
else
  BOLD='' RED='' RESET=''
fi

# step TEXT: a line of progress, on stderr.
step() { printf '%s==>%s %s\n' "$BOLD" "$RESET" "$*" >&2; }

# die TEXT...: each argument a line of its own, then exit 1.
die() {
  printf '%s%s%s\n' "$RED" "$1" "$RESET" >&2
  shift
  [ $# -eq 0 ] || printf '  %s\n' "$@" >&2
  exit 1
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
