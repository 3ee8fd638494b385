#!/bin/sh
# Builds the extension and installs alchemy into .venv in place, unless nothing it is built from has changed.
set -eu

built=.venv/.built
if [ -e "$built" ] && [ -e python/alchemy/_native.abi3.so ] &&
    [ -z "$(find Cargo.toml Cargo.lock pyproject.toml crates -type f -newer "$built")" ]; then
    exit 0
fi
if ! command -v cargo >/dev/null; then
    echo "make: cargo not found; install Rust 1.88 or newer and put cargo on PATH" >&2
    exit 1
fi
touch .venv/.building
VIRTUAL_ENV="$PWD/.venv" .venv/bin/maturin develop --locked --profile fast --quiet
mv .venv/.building "$built"
