# AULens and its packages in an image. Not built by CI: tests check this file's form only.
#
#   docker build -t aulens .                                    CUDA: the wheels of the lock bring its libraries
#   docker build -t aulens --build-arg DEVICE=cpu --build-arg TORCH_INDEX=ADDRESS .
#                                                               CPU: ADDRESS is pytorch.org's index of CPU wheels
#   docker run --rm --gpus all -v "$PWD/data:/aulens/data" -v "$PWD/runs:/aulens/runs" aulens train --help
#
# `--gpus all` needs the NVIDIA container toolkit on the host, and a driver for the CUDA version of the wheels.
FROM python:3.12-slim

ARG DEVICE=cuda
ARG TORCH_INDEX=

RUN apt-get update && apt-get install -y --no-install-recommends git make && rm -rf /var/lib/apt/lists/*
WORKDIR /aulens
COPY requirements.lock ./

# On a CPU, torch and torchvision come as a matching pair from one index, in the versions of the lock, without CUDA's packages.
RUN set -eu; python -m venv .venv; pip install --no-cache-dir -q uv; export VIRTUAL_ENV=.venv; \
    case "$DEVICE" in \
    cuda) cp requirements.lock /tmp/lock ;; \
    cpu) sed '/^\(torch\|torchvision\|triton\|nvidia-[cn][a-z0-9-]*\|cuda-[a-z-]*\)==/,/[^\\]$/d' requirements.lock > /tmp/lock; \
         uv pip install --no-cache -q --no-deps --default-index "${TORCH_INDEX:?name an index of CPU wheels: --build-arg TORCH_INDEX=...}" \
           $(sed -n 's/^\(torch\|torchvision\)==\([0-9.]*\).*/\1==\2/p' requirements.lock) ;; \
    *) echo "DEVICE is cuda or cpu, not $DEVICE" >&2; exit 2 ;; \
    esac; \
    uv pip install --no-cache -q --no-deps --require-hashes -r /tmp/lock; touch .venv/ready

COPY . .
ENV PATH=/aulens/.venv/bin:$PATH
ENTRYPOINT ["python", "cli.py"]
CMD ["--help"]
