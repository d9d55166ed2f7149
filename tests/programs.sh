#!/bin/sh
# Sees to the programs that the tests call and pip cannot bring: installs them where it may, else names them.
set -u

missing=''
need() { # PACKAGE PROGRAM...: any one of the programs will do
  package=$1
  shift
  for program in "$@"; do
    command -v "$program" > /dev/null && return
  done
  missing="$missing $package"
}

need curl curl
need chromium-headless-shell chromium-headless-shell chromium chromium-browser google-chrome
[ "${1:-}" != heavy ] || need faketime faketime # It brings the library that sets clocks.

[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
  echo "Installing what the tests need:$missing"
  export DEBIAN_FRONTEND=noninteractive
  mkdir -p .make
  { apt-get update -qq && apt-get install -qq -y --no-install-recommends $missing; } > .make/programs.log 2>&1 && exit 0
  echo "apt-get could not install$missing: see .make/programs.log"
  exit 1
fi
echo "The tests call programs that are not here:$missing. Install them (Debian: sudo apt-get install$missing), then call \`make test\` again."
exit 1
