#!/bin/sh
# Builds alchemy with the release profile and measures it; arguments are passed on to run.py.
set -eu
cd "$(dirname "$0")/.."
VIRTUAL_ENV="$PWD/.venv" .venv/bin/maturin develop --locked --release --quiet
exec .venv/bin/python benches/run.py "$@"
