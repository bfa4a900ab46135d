# Shared by the scripts; sourced, never run. Progress goes to stderr, because
# stdout belongs to the program that scripts/run starts.

say() { printf '==> %s\n' "$*" >&2; }

die() {
  printf 'libagent: %s\n' "$*" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# The folder that holds what is expensive to make and shared by all clones.
cache_dir() {
  local base=${LIBAGENT_CACHE:-${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}}
  printf '%s/libagent' "${base:-$repo/build}"
}

# How many compilers may run at once: one per core, each with $1 MB of memory.
job_count() {
  local cores available_kb jobs
  cores=$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
  available_kb=$(awk '/^MemAvailable:/ {print $2}' /proc/meminfo 2>/dev/null || true)
  jobs=$cores
  if [[ -n $available_kb ]] && ((available_kb / 1024 / $1 < cores)); then
    jobs=$((available_kb / 1024 / $1))
  fi
  echo $((jobs > 0 ? jobs : 1))
}

is_debian_12() {
  [[ -r /etc/os-release ]] && (. /etc/os-release && [[ ${ID:-} == debian && ${VERSION_ID:-} == 12 ]])
}
