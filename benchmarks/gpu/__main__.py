"""Run the parts, one after another, within a time limit; JSON is written anew after each.

Environment: OUT, a folder for the JSON and logs; LIMIT_S, seconds for all parts; SCRATCH, for
stores. A part that fails or finds no time left is noted, and the others go on.
"""

import json
import os
import platform
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import timm
import torch

from benchmarks.fake_cuda.validation import zero_accuracy
from benchmarks.gpu import steps, training
from benchmarks.gpu.compiling import compiled
from benchmarks.gpu.scale import CUDA, DEVICE, FAKE, HOME, Figures, timed
from benchmarks.gpu.scoring import scoring

STARTED = time.monotonic()
OUT = Path(os.environ.get("OUT", HOME / "benchmarks" / "results"))
LIMIT_S = float(os.environ.get("LIMIT_S", "460"))


def machine() -> Figures:
    """Return which machine it is, and its ceilings."""
    figures: Figures = {"torch": torch.__version__, "python": platform.python_version()}
    figures |= {"numpy": np.__version__, "timm": timm.__version__, "cores": os.cpu_count()}
    if not CUDA:
        return figures
    card = torch.cuda.get_device_properties(0)
    figures |= {"gpu": card.name, "memory_gb": card.total_memory / 1e9}
    figures |= {"cuda": torch.version.cuda}
    big = torch.empty(1 << 30, dtype=torch.uint8, device=DEVICE)
    other = torch.empty_like(big)
    figures["copy_gb_per_s"] = 2 * big.numel() / timed(lambda: other.copy_(big), 10) / 1e9
    left, right = (torch.randn(8192, 8192, device=DEVICE).bfloat16() for _ in range(2))
    figures["bf16_tflop_per_s"] = 2 * 8192**3 / timed(lambda: left @ right, 10) / 1e12
    return figures


def gpu_tests() -> Figures:
    """Run the tests that are marked for a GPU; without one, only collect them.

    On a fake GPU, too: they compare numbers, and every number of it is zero.
    """
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "gpu"]
    command += ["-W", "default", "--tb=short", *([] if CUDA and not FAKE else ["--collect-only"])]
    files = [
        str(one) for one in (HOME / "tests").glob("test_*.py") if "mark.gpu" in one.read_text()
    ]
    done = subprocess.run([*command, *sorted(files)], cwd=HOME, capture_output=True, text=True)
    (OUT / "gpu-tests.log").write_text(done.stdout[-200_000:] + done.stderr[-20_000:])
    lines = done.stdout.splitlines()
    failed = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
    return {"exit": done.returncode, "last": lines[-1:], "failed": failed}


PARTS: dict[str, tuple[Callable[[], Figures], float]] = {
    "machine": (machine, 5),
    "gpu_tests": (gpu_tests, 40),
    "step": (steps.step, 45),
    "scoring": (scoring, 30),
    "epoch": (training.epoch, 35),
    "waits": (steps.waits, 3),
    "profile": (steps.profile, 6),
    "agreement": (training.agreement, 3),
    "true_batches": (training.true_batches, 6),
    "resume": (training.resume, 30),
    "every_method": (steps.every_method, 45),
    "small_networks": (steps.small_networks, 40),
    "learning": (training.learning, 25),
    "compiled": (compiled, 130),
}
"""Name -> (what it does, seconds it takes about on a large GPU)."""


def main(asked: list[str]) -> int:
    """Run the asked parts, all by default; return how many failed."""
    if asked[:1] == ["child"]:
        training.child(asked[1], int(asked[2]))
        return 0
    OUT.mkdir(parents=True, exist_ok=True)
    today = datetime.now(UTC).date().isoformat()
    figures: Figures = {"date": today, "device": DEVICE.type, "seconds": {}, "not_done": {}}
    for name in asked or list(PARTS):
        work, guess = PARTS[name]
        left = LIMIT_S - (time.monotonic() - STARTED)
        began = time.monotonic()
        if CUDA and left < 0.7 * guess:
            figures["not_done"][name] = f"{left:.0f} s left, about {guess} needed"
            continue
        try:
            figures[name] = work()
        except Exception as error:  # the other parts are worth having
            figures["not_done"][name] = f"{type(error).__name__}: {error}"[:800]
            traceback.print_exc()
        figures["seconds"][name] = round(time.monotonic() - began, 1)
        if CUDA:
            torch.cuda.empty_cache()
        file = OUT / f"gpu-{DEVICE.type}-{today}.json"
        file.write_text(json.dumps(figures, indent=1, default=str) + "\n")
        print(
            f"{name}: {figures['seconds'][name]} s {figures['not_done'].get(name, '')}", flush=True
        )
    for name in PARTS:
        print(f"{name}: {json.dumps(figures.get(name), default=str)}"[:1500])
    print("not done:", figures["not_done"])
    return len(figures["not_done"])


if __name__ == "__main__":
    with zero_accuracy() if FAKE else nullcontext():
        sys.exit(main(sys.argv[1:]))
