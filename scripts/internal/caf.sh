# Builds CAF 0.18.7 from the source package of Debian; sourced by scripts/setup.

caf_version=0.18.7
caf_source_package=actor-framework=0.18.7-1~exp1
caf_archive=actor-framework_0.18.7.orig.tar.gz
caf_sha256=d5c3abe8fd67a729aab1baeece10367637d903ba335f4c79378bcadfbcd34552

# Where CAF is installed: the name changes with everything that changes the result.
caf_prefix() {
  local hash
  hash=$({
    echo "$caf_sha256"
    c++ -dumpmachine -dumpfullversion
    cat "$repo"/cmake/caf/*.cmake "$repo"/cmake/patches/caf-$caf_version/*.patch
  } | sha256sum)
  printf '%s/caf-%s-%s/%s' "$(cache_dir)" "$caf_version" "${hash:0:12}" "$1"
}

caf_archive_is_good() {
  [[ -r $1 ]] && echo "$caf_sha256  $1" | sha256sum --check --status
}

# The mirror this system already uses, so that no host is written down here.
debian_mirror() {
  (. /etc/os-release &&
    apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
    awk -v name="$VERSION_CODENAME" '$1 == name || $1 == "stable" {print $2; exit}')
}

# Downloads the archive into the current folder with apt's own client, checked
# by Debian's signature. The private configuration leaves the system's package
# sources and lists alone, which also makes it work without root.
fetch_with_apt() {
  local apt_dir=$1 mirror signed_by="" keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  mirror=$(debian_mirror)
  [[ -n $mirror ]] || return 1
  [[ -r $keyring ]] && signed_by="[signed-by=$keyring] "
  mkdir -p "$apt_dir/lists/partial" "$apt_dir/cache/archives/partial"
  echo "deb-src ${signed_by}$mirror experimental main" >"$apt_dir/sources.list"
  cat >"$apt_dir/apt.conf" <<CONF
Dir::Etc::sourcelist "$apt_dir/sources.list";
Dir::Etc::sourceparts "-";
Dir::State::lists "$apt_dir/lists";
Dir::Cache "$apt_dir/cache";
Acquire::Languages "none";
Acquire::Retries "3";
APT::Sandbox::User "$(id -un)";
CONF
  APT_CONFIG=$apt_dir/apt.conf apt-get -qq update >&2 &&
    APT_CONFIG=$apt_dir/apt.conf apt-get -qq source --download-only --tar-only \
      "$caf_source_package" >&2
}

# Puts the verified source archive at $1.
fetch_caf_archive() {
  local target=$1 candidate scratch
  for candidate in "${CAF_TARBALL:-}" "$repo/third_party/$caf_archive"; do
    [[ -n $candidate && -e $candidate ]] || continue
    if caf_archive_is_good "$candidate"; then
      cp "$candidate" "$target"
      return
    fi
    say "$candidate is not the expected archive (sha256 differs from $caf_sha256); ignoring it"
  done
  caf_archive_is_good "$target" && return
  if have apt-get; then
    say "Downloading the source of CAF $caf_version"
    scratch=$(mktemp -d "$(cache_dir)/apt.XXXXXX")
    (cd "$scratch" && fetch_with_apt "$scratch") || true
    [[ -e $scratch/$caf_archive ]] && mv "$scratch/$caf_archive" "$target"
    rm -rf "$scratch"
  fi
  caf_archive_is_good "$target" ||
    die "no source of CAF $caf_version: the package $caf_source_package of Debian could not be fetched.
Set CAF_TARBALL to a copy of $caf_archive (sha256 $caf_sha256),
or CAF_ROOT to where a CAF >= $caf_version is installed."
}

# Builds variant $1 (plain or tsan) into prefix $2.
build_caf() {
  local variant=$1 prefix=$2 archive work patch_file launcher=()
  archive=$(cache_dir)/$caf_archive
  fetch_caf_archive "$archive"
  work=$(mktemp -d "$(cache_dir)/build.XXXXXX")
  trap "rm -rf '$work'" EXIT
  tar -xzf "$archive" -C "$work" --strip-components=1
  for patch_file in "$repo"/cmake/patches/caf-$caf_version/*.patch; do
    patch --quiet --directory="$work" --strip=1 --fuzz=0 <"$patch_file" >&2 ||
      die "$(basename "$patch_file") does not apply to CAF $caf_version"
  done
  have ccache && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  local jobs
  jobs=$(job_count 900)
  say "Building CAF $caf_version ($variant) with $jobs jobs; once, two to ten minutes"
  cmake -G Ninja -S "$work" -B "$work/build" -DLIBAGENT_CAF_VARIANT="$variant" \
    -C "$repo/cmake/caf/options.cmake" -DCMAKE_INSTALL_PREFIX="$prefix" "${launcher[@]}" \
    --log-level=WARNING -Wno-dev -Wno-deprecated >&2
  NINJA_STATUS='[CAF %f/%t] ' ninja -C "$work/build" -j "$jobs" >&2
  rm -rf "$prefix"
  cmake --install "$work/build" >/dev/null
  touch "$prefix/.complete"
  rm -rf "$work"
  trap - EXIT
}

# Makes sure that variant $1 is installed, once among parallel runs.
ensure_caf() {
  local prefix
  prefix=$(caf_prefix "$1")
  [[ -e $prefix/.complete ]] && return
  mkdir -p "$(cache_dir)"
  (
    if have flock; then
      flock --nonblock 9 || { say "Waiting for another set-up to finish"; flock 9; }
    fi
    [[ -e $prefix/.complete ]] || build_caf "$1" "$prefix"
  ) 9>"$(cache_dir)/lock"
}
