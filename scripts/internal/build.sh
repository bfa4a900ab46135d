# Configures and builds a preset; sourced by scripts that build.

# Shows ninja's progress: one line that is rewritten on a terminal, plain lines
# elsewhere. Nothing at all when there was nothing to do.
show_progress() {
  local line width on_terminal=false drawn=false
  [[ -t 2 ]] && on_terminal=true
  width=$(tput cols 2>/dev/null || echo 80)
  while IFS= read -r line; do
    case $line in
      *'Re-checking globbed directories'* | 'ninja: no work to do.' | 'ninja: Entering'*) ;;
      '['[0-9]*/[0-9]*']'*)
        if $on_terminal; then
          printf '\r\033[K%s' "${line:0:width-1}" >&2
          drawn=true
        else
          printf '%s\n' "$line" >&2
        fi
        ;;
      *)
        $drawn && printf '\r\033[K' >&2
        drawn=false
        printf '%s\n' "$line" >&2
        ;;
    esac
  done
  if $drawn; then
    printf '\r\033[K' >&2
  fi
}

# build_preset PRESET [TARGET...]; one at a time, because ninja does not lock its folder.
# What it says is kept in build.log.
build_preset() {
  local preset=$1 dir=$repo/build/$1 jobs
  shift
  mkdir -p "$dir"
  (
    if have flock; then
      flock --nonblock 8 || { say "Waiting for another build of $preset"; flock 8; }
    fi
    : >"$dir/build.log"
    if [[ ! -e $dir/build.ninja ]]; then
      say "Configuring $preset"
      (cd "$repo" && cmake --preset "$preset" --log-level=WARNING 2>&1) | tee "$dir/build.log" >&2
    fi
    jobs=$(job_count 900)
    NINJA_STATUS="[%f/%t] " ninja -C "$dir" -j "$jobs" "$@" 2>&1 |
      tee -a "$dir/build.log" | show_progress
  ) 8>"$dir/.lock"
}
