#!/bin/sh
# Create $VENV from the hash-pinned requirements: with uv if it is on the PATH, otherwise with pip.
set -eu

if ! "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "Python 3.11 or newer is required: choose one with make PYTHON=/path/to/python3" >&2
    exit 2
fi

echo "Creating $VENV ..." >&2
rm -rf "$VENV"
if command -v uv >/dev/null 2>&1; then
    uv venv --quiet --python "$PYTHON" "$VENV"
    uv pip install --quiet --python "$VENV/bin/python" --require-hashes -r requirements.txt
    uv pip install --quiet --python "$VENV/bin/python" --no-deps --no-build-isolation --editable .
else
    if ! "$PYTHON" -m venv "$VENV"; then
        echo "Python's venv module is missing: install it (on Debian: apt-get install python3-venv)" >&2
        exit 2
    fi
    "$VENV/bin/python" -m pip install --quiet --quiet --disable-pip-version-check --require-hashes -r requirements.txt
    "$VENV/bin/python" -m pip install --quiet --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
fi
