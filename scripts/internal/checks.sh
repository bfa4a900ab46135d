# clang-format and clang-tidy over the whole repository; sourced by scripts/test.

# The C++ files that we wrote, relative to the root and sorted.
our_files() { # our_files ENDING...
  local ending
  for ending in "$@"; do
    (cd "$repo" && find libagent actors apps tests -name "*.$ending" -type f)
  done | LC_ALL=C sort
}

check_format() {
  (cd "$repo" && our_files hpp cpp | xargs clang-format-19 --dry-run -Werror)
}

# The product is linted; tests are run under the sanitizers instead. The analyzer
# and the flow-sensitive optional check are left out: they take minutes a batch.
# Run them on the files of a change: clang-tidy-19 -p build/debug FILE.
#
# clang-tidy spends most of its time on the headers of libraries, so neighbouring
# files are checked in batches, as in a unity build (a third of the time). The
# analyzer only looks into included .cpp files when the name of the including
# one contains "UnifiedSource".
write_lint_batches() { # write_lint_batches DIR
  local file group last="" count=0 part=0
  rm -rf "$1"
  mkdir -p "$1"
  while IFS= read -r file; do
    group=${file%/*}
    case $group in
      libagent/adapters* | apps/*) ;;
      *) group=${group%%/*} ;;
    esac
    if [[ $group != "$last" ]]; then
      last=$group
      count=0
      part=0
    fi
    part=$((count++ / 16 + 1))
    printf '#include "%s"\n' "$file" >>"$1/${group//\//_}_UnifiedSource_$part.cpp"
  done < <(our_files cpp | grep -v '^tests/')
}

# Checks one batch, unless the same text of it and its headers has passed before.
lint_batch() {
  local batch=$1 key text
  local flags=(-std=c++20 -I"$repo" -isystem "$caf_include"
    -DLIBAGENT_VERSION='"0"' -DLIBAGENT_SOURCE_DIR='"."' -DLIBAGENT_AGENT='"agent"')
  key=$({
    clang-tidy-19 --version
    cat "$repo/.clang-tidy" "$repo/scripts/internal/checks.sh" "$batch"
    # -MM prints "target: file file ... \"; the files of this repository decide.
    c++ "${flags[@]}" -MM "$batch" | tr ' \\' '\n\n' | sed -n "s|^$repo/||p" |
      grep -v '^build/' | LC_ALL=C sort -u | (cd "$repo" && xargs sha256sum)
  } 2>/dev/null | sha256sum | cut -c1-32)
  [[ -e $lint_cache/$key ]] && return
  if text=$(clang-tidy-19 --quiet --header-filter='/(libagent|actors|apps|tests)/.*\.[ch]pp$' \
    --checks='-bugprone-suspicious-include,-bugprone-unchecked-optional-access,-clang-analyzer-*' "$batch" -- "${flags[@]}" 2>/dev/null); then
    touch "$lint_cache/$key"
    echo "  $(basename "$batch" .cpp): $(wc -l <"$batch") files are clean" >&2
  else
    printf '%s\n' "$text"
    return 1
  fi
}

check_lint() {
  local batches=$repo/build/lint
  caf_include=$(sed -n 's/^set(LIBAGENT_CAF_PLAIN "\(.*\)")$/\1\/include/p' "$repo/build/caf_prefix.cmake")
  lint_cache=$(cache_dir)/lint
  mkdir -p "$lint_cache"
  find "$lint_cache" -type f -mtime +30 -delete
  write_lint_batches "$batches"
  export repo caf_include lint_cache
  export -f lint_batch
  find "$batches" -name '*.cpp' -print0 | sort -z |
    xargs -0 -n 1 -P "$(job_count 1200)" bash -c 'cd "$repo" && lint_batch "$1"' lint
}
