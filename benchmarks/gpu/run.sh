#!/usr/bin/env bash
# Eight minutes on a machine with a GPU and no network: Python 3.12 with torch, torchvision, timm, numpy, OpenCV, scikit-image, scipy and pytest.
# What else is needed (wheels.txt) comes along as wheels. Before, where there is a network:
#   pip download --no-deps --only-binary=:all: --python-version 3.12 --platform manylinux2014_x86_64 --platform manylinux_2_28_x86_64 \
#       -d WHEELS -r benchmarks/gpu/wheels.txt
# There: WHEELS=... OUT=... LIMIT_S=460 bash benchmarks/gpu/run.sh [PART ...]
set -euo pipefail
cd "$(dirname "$0")/../.."
[ -n "${SCRATCH:-}" ] || { SCRATCH=$(mktemp -d); trap 'rm -rf "$SCRATCH"' EXIT; }
export SCRATCH PYTHONUNBUFFERED=1 OMP_NUM_THREADS=${OMP_NUM_THREADS:-8}
python=${PYTHON:-python3}
if ls "${WHEELS:-none}"/*.whl >/dev/null 2>&1; then
  $python -m pip install -q --no-index --no-deps --no-compile --no-cache-dir --upgrade --target "$SCRATCH/site" "$WHEELS"/*.whl
  export PYTHONPATH="$SCRATCH/site${PYTHONPATH:+:$PYTHONPATH}"
fi
$python -m benchmarks.gpu "$@"
