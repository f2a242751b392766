#!/bin/sh
# Brings everything this checkout needs: npm's packages (Node itself among them), then what infra/setup/main.ts finds missing.
# Says what it installs and how long that usually takes. A second run costs a moment. --tests adds what only the tests need.
set -eu
cd "$(dirname "$0")/../.."

say() { echo "setup: $*" >&2; }

if ! command -v npm >/dev/null 2>&1; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    say "installing npm from Debian (about a minute, once a machine)"
    apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends npm ca-certificates >&2
  else
    say "npm is missing: install Node.js with npm (any version from 18 on), then run make again"
    exit 1
  fi
fi

installed() { [ -x node_modules/.bin/node ] && node_modules/.bin/node infra/setup/installed.ts; }

install_packages() {
  installed && exit 0
  say "installing npm's packages and Node $(sed -n 's/.*"node": "\([0-9.]*\)",$/\1/p' package.json) into node_modules (about 30 s, once per lock file)"
  npm ci --no-audit --no-fund --loglevel=error >&2
  # Where install scripts are switched off, Node's own binary is still to be fetched.
  [ -x node_modules/.bin/node ] || (cd node_modules/node && node installArchSpecificPackage.js >&2)
}

if ! installed; then
  mkdir -p .holdfast
  # Two at once in one checkout: the second waits and finds the work done.
  if command -v flock >/dev/null 2>&1; then
    ( flock 9; install_packages ) 9>.holdfast/setup.lock
  else
    ( install_packages )
  fi
fi

exec node_modules/.bin/node infra/setup/main.ts "$@"
