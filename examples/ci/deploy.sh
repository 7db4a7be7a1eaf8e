#!/bin/sh
# Without any CI: from cron, a hook, or by hand. gonogo's exit code is the script's.
set -eu

cd /opt/shop/checkout
git fetch --quiet origin
# The shell is replaced, so that Ctrl-C, SIGTERM and SIGHUP reach gonogo itself: it goes back, and proves it.
exec "$HOME/.venvs/gonogo/bin/gonogo" deploy --env prod --ref "${1:-origin/main}"
