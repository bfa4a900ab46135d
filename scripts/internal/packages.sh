# Installs the Debian packages that are missing; sourced by scripts/setup.

# What the build of the `agent` binary needs.
build_packages=(g++ cmake ninja-build patch ca-certificates
  libboost1.81-dev libcurl4-openssl-dev libssl-dev libsqlite3-dev
  libcli11-dev nlohmann-json3-dev libspdlog-dev libedit-dev)
test_packages=(catch2 git curl openssl zlib1g-dev)
check_packages=(clang-format-19 clang-tidy-19)
lab_packages=(wrk zlib1g-dev)
fuzz_packages=(clang-19 libclang-rt-19-dev llvm-19) # the last for names in stack traces

missing_packages() {
  local package
  # dpkg-query fails when it does not know one of the names; that is an answer too.
  local installed
  installed=$(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' "$@" 2>/dev/null || true)
  for package in "$@"; do
    grep -qx "ii *$package" <<<"$installed" || printf '%s\n' "$package"
  done
}

# Prints the prefix (nothing or sudo) with which apt-get may install packages.
root_command() {
  if [[ $EUID -eq 0 ]]; then
    echo ""
  elif have sudo && { [[ -t 0 ]] || sudo -n true 2>/dev/null; }; then
    echo "sudo"
  else
    return 1
  fi
}

ensure_packages() {
  local missing
  mapfile -t missing < <(missing_packages "$@")
  ((${#missing[@]} == 0)) && return
  local install="apt-get install --no-install-recommends -y ${missing[*]}"
  local as_root
  as_root=$(root_command) || die "these packages are missing and this user cannot install them; run as root:
  $install"
  say "Installing packages: ${missing[*]}"
  local apt=($as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq
    -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0)
  "${apt[@]}" update >&2 || say "apt-get update failed; trying with the lists that are there"
  "${apt[@]}" install --no-install-recommends -y "${missing[@]}" </dev/null >&2 ||
    die "apt-get could not install the packages; to try by hand, as root:
  $install"
}

# On another system we cannot know the names of the packages, only what they hold.
explain_packages() {
  cat >&2 <<'TEXT'
==> This is not Debian 12, so nothing is installed for you. The build needs:
      a C++20 compiler (g++ 12 or newer), cmake >= 3.25, ninja, patch
      Boost >= 1.81 (headers), libcurl, OpenSSL 3, SQLite >= 3.40 with FTS5,
      CLI11 >= 2.1, nlohmann/json >= 3.11, spdlog >= 1.10; for the tests Catch2 2.13
      CAF >= 0.18.7 where CMake finds it (CAF_ROOT), or its source archive in CAF_TARBALL
TEXT
}
