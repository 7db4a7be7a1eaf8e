# shellcheck shell=bash
# Read by the scripts beside it: makes and fills .venv at the repository's root, once per pyproject.toml.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
VENV="$ROOT/.venv"
STAMP="$VENV/gonogo-installed"      # which pyproject.toml is installed completely
UNFINISHED="$VENV/gonogo-unfinished" # there while pip works: what an interrupted pip left is thrown away

suitable_python() {
    local name
    for name in python3 python3.14 python3.13 python3.12 python3.11 python; do
        if "$name" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            command -v "$name"
            return
        fi
    done
    {
        echo "No suitable Python: found $({ python3 -V || echo no python3; } 2>/dev/null), expected Python 3.11 or newer with the modules venv and ensurepip."
        echo "Install one (Debian: apt install python3 python3-venv; macOS: brew install python@3.13; anywhere: https://www.python.org)."
    } >&2
    return 1
}

fingerprint() {
    "$1" - "$ROOT" <<'PYTHON'
import hashlib, pathlib, sys

root = pathlib.Path(sys.argv[1])
print(hashlib.sha256((root / "pyproject.toml").read_bytes() + str(root).encode()).hexdigest())
PYTHON
}

venv_works() {
    [ ! -e "$UNFINISHED" ] && "$VENV/bin/python" -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

ensure_venv() {
    local python wanted
    if ! venv_works; then
        python=$(suitable_python)
        echo "Making $VENV with $python" >&2
        "$python" -m venv --clear "$VENV"
    fi
    wanted=$(fingerprint "$VENV/bin/python")
    [ "$(cat "$STAMP" 2>/dev/null)" != "$wanted" ] || return 0
    echo "Installing gonogo and what its demo and tests need into $VENV (the first time: about a minute)" >&2
    rm -f "$STAMP"
    touch "$UNFINISHED"
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile --editable "${ROOT}[demo,dev]"
    # All bytecode here, on every core (pip takes one). Gates keep none: each of them would compile every module again.
    "$VENV/bin/python" -m compileall -qq -j 0 "$VENV/lib" || true # some wheels carry files of other Pythons
    "$VENV/bin/python" -m compileall -q -j 0 -x /demo/app/ "$ROOT/gonogo" "$ROOT/plugins" "$ROOT/checks"
    rm -f "$UNFINISHED"
    echo "$wanted" >"$STAMP"
}
