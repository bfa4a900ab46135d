#!/bin/sh
# run.sh AGENT WORK_FOLDER
#
# Runs the acceptance tests against the program AGENT, with the clients that package-lock.json
# pins, installed in WORK_FOLDER. Ends with 77, which ctest counts as skipped, when this machine
# cannot run them: no npm, or no way to fetch the clients.
set -eu

agent=$1
work=$2
here=$(cd "$(dirname "$0")" && pwd)

skip() {
  echo "skipped: $1" >&2
  exit 77
}

command -v node >/dev/null 2>&1 || skip "there is no node on this machine (needs 20 or later)"
command -v npm >/dev/null 2>&1 || skip "there is no npm on this machine"
command -v openssl >/dev/null 2>&1 || skip "there is no openssl on this machine"
major=$(node --version | sed 's/^v\([0-9]*\).*/\1/')
[ "$major" -ge 20 ] || skip "node $(node --version) is older than 20"

mkdir -p "$work"
cp "$here"/package.json "$here"/package-lock.json "$here"/*.mjs "$work"/
cd "$work"
# Installed before, from the same lock file: nothing to fetch.
if ! cmp -s package-lock.json node_modules/.installed-from; then
  if ! timeout 240 npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier \
    >npm.log 2>&1; then
    # A lock file that is wrong is a failure, a registry that cannot be reached is not.
    grep -qE 'npm (error|ERR!).*(E404|EUSAGE|EINTEGRITY)' npm.log && { cat npm.log >&2; exit 1; }
    skip "the clients cannot be fetched: $(grep -m1 -E 'npm (error|ERR!)' npm.log || echo 'npm does not end')"
  fi
  cp package-lock.json node_modules/.installed-from
fi

LIBAGENT_AGENT=$agent exec node --test --test-timeout=60000 openai_client.test.mjs \
  https_model.test.mjs
