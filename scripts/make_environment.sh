#!/bin/sh
# Makes .venv with the first CPython 3.11 or newer it finds, or with $PYTHON where that is set.
set -eu

fits='import sys, sysconfig
sys.exit(sys.implementation.name != "cpython" or sys.version_info < (3, 11) or bool(sysconfig.get_config_var("Py_GIL_DISABLED")))'

for candidate in ${PYTHON:-python3 python3.11 python3.12 python3.13 python3.14 python}; do
    if "$candidate" -c "$fits" 2>/dev/null; then
        if [ ! -x .venv/bin/python ] || ! .venv/bin/python -c "$fits" || ! .venv/bin/python -m pip --version >/dev/null; then
            "$candidate" -m venv --clear .venv
        fi
        exit 0
    fi
done
echo "make: no CPython 3.11 or newer (with the GIL) among: ${PYTHON:-python3 python3.11 python3.12 python3.13 python3.14 python}; name one with PYTHON=" >&2
exit 1
