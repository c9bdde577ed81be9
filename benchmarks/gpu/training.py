"""Whole trainings on a GPU, and whether they are right: each function returns figures."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.basic7 import EXPRESSIONS
from benchmarks.gpu.data import epoch_of, large, no_two_alike
from benchmarks.gpu.scale import (
    CUDA,
    DEVICE,
    HOME,
    SCALE,
    SCRATCH,
    Figures,
    numbers,
    peak_memory,
    with_feed,
    without_alignment,
)
from contracts.repeats import Repeat
from params.root import load
from progress import silent
from store.building import read_manifest
from train.data.batch_loader import BatchLoader, Placement
from train.data.stores import Stores
from train.evaluation.stage import EvaluationInputs, evaluate
from train.fitting.distributed import Distributed
from train.fitting.stage import train
from train.fitting.train_state import StepInfo, TrainingLabels, TrainState
from train.fitting.trainer import run_losses
from train.methods import METHODS
from train.records import Batch
from train.runs import Run

_STEP, _FLAGS = StepInfo(1e-4, 0), (False, False)


def epoch() -> Figures:
    """Time the trainer itself, from its 8th to its last step of an epoch."""
    figures: Figures = {}
    given = epoch_of(SCALE.epoch_rows)
    turns = [(s, f) for f in ("mapped", "resident") for s in ("plain", "aligned")]
    for number, (variant, source) in enumerate(turns):
        params = with_feed(numbers(epochs=1), source=source, threads=4)
        params = without_alignment(params) if variant == "plain" else params
        times: list[float] = []
        one: Figures = {}
        began = time.perf_counter()
        with peak_memory(one):
            run = Run("cam", variant, Repeat(number), params, DEVICE)
            out = SCRATCH / f"epoch_{variant}_{source}"
            stores = replace(given, heatmaps=None) if params.alignment is None else given
            train(stores, out, run, lambda *_, seen=times: seen.append(time.perf_counter()))
        skip = min(8, len(times) // 2)
        steps = len(times) - skip - 2
        one["faces_per_s"] = SCALE.batch * steps / (times[-2] - times[skip]) if steps > 1 else None
        one |= {"whole_s": time.perf_counter() - began, "to_first_step_s": times[1] - began}
        figures[f"{variant}, {source}"] = one
    return figures


def agreement() -> Figures:
    """Compare three steps on the processor and on the GPU, in single precision."""
    px, count = (64, 16) if CUDA else (32, 8)
    params = numbers(backbone="resnet18", image_px=px, batch=count, amp="none")
    images = torch.randn(count, 3, px, px, generator=torch.Generator().manual_seed(0))
    losses: dict[str, list[dict[str, float]]] = {}
    for device in {torch.device("cpu"), DEVICE}:
        build = run_losses(METHODS["cam"], params, [1] * len(EXPRESSIONS))
        labels = np.zeros(count, np.int64)
        state = TrainState(
            METHODS["cam"],
            params,
            build,
            Distributed.single(device),
            TrainingLabels(labels, EXPRESSIONS),
            0,
        )
        with torch.no_grad():
            side = state.model.eval()(images[:1].to(device)).features[-1].shape[-1]
        maps = torch.rand(count, 1, side, side, generator=torch.Generator().manual_seed(1))
        ids = (torch.arange(count) % 7).to(device)
        shown = images.to(device).contiguous(memory_format=torch.channels_last)
        batch = Batch(shown, ids, (maps.to(device),), ids > 0, torch.Generator(device))
        info = StepInfo(1e-3, 0)
        losses[device.type] = [state.step([batch], 1, info, _FLAGS)().losses for _ in range(3)]
    if not CUDA:
        return {"losses": losses}
    pairs = zip(losses["cuda"], losses["cpu"], strict=True)
    worst = max(abs(a[key] - b[key]) / abs(b[key]) for a, b in pairs for key in a)
    return {"largest_relative_difference": worst}


def true_batches() -> Figures:
    """Hold batches against their stores while the GPU is busy and copies overlap."""
    given, wrong = large(), {}
    images = given.faces.array("image")
    side = 2048 if CUDA else 64
    busy = torch.randn(side, side, device=DEVICE)
    weights = torch.arange(1, 257, device=DEVICE, dtype=torch.float64)[:, None, None]
    for source, threads in (("mapped", 6), ("resident", 2)):
        params = with_feed(numbers(batch=32 if CUDA else 8), source=source, threads=threads)
        loader = BatchLoader(given, "train", params.batch, params.feed, Placement(DEVICE))
        sums: list[Tensor] = []
        rows: list[Any] = []
        for raw in loader.epoch_batches(1, 0):
            for _ in range(4):
                busy = busy @ busy * 1e-4  # the step's stream is late when the batch is read
            sums.append((raw.images_BSS3.double() * weights).sum(dim=(1, 2, 3)))
            rows.append(raw.rows_B)
            if len(rows) == 40:
                break
        stored = images.take(np.concatenate(rows)).astype(np.float64)
        expected = np.einsum("bhwc,h->b", stored, np.arange(1, 257, dtype=np.float64))
        wrong[source] = int((np.abs(torch.cat(sums).cpu().numpy() - expected) > 0.5).sum())
    return {"wrong_faces": wrong}


def child(tag: str, kill_at: int) -> None:
    """Train until done, or until killed: in a process of its own."""
    params = numbers(
        backbone="resnet18", image_px=64 if CUDA else 32, batch=16 if CUDA else 8, epochs=2,
        optimiser="adamw", ema=0.9, deterministic=True, checkpoint_steps=5,
    )  # fmt: skip
    out = SCRATCH / f"resume_{tag}" / "run"  # equal trainings side by side share a folder otherwise
    out.parent.mkdir(exist_ok=True)

    def progress(done: int, total: int, note: str) -> None:
        if kill_at and done == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    train(_resumed_faces(), out, Run("cam", "aligned", Repeat(0), params, DEVICE), progress)
    print(json.dumps({"digest": read_manifest(out)["sha256"]}))


def _resumed_faces() -> Stores:
    return no_two_alike("resume", (10, 2, 0) if CUDA else (6, 2, 0), 5)


def resume() -> Figures:
    """Kill a training twice and go on: the same bytes as an undisturbed run?"""
    _resumed_faces()

    def run(tag: str, kill_at: int) -> Figures:
        command = [sys.executable, "-m", "benchmarks.gpu", "child", tag, str(kill_at)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=150, cwd=HOME)
        if done.returncode == -signal.SIGKILL:
            return {"killed": True}
        if done.returncode:
            return {"exit": done.returncode, "error": done.stderr[-1500:]}
        found: Figures = json.loads(done.stdout.strip().splitlines()[-1])
        return found

    with ThreadPoolExecutor(2) as pool:  # side by side, to save time
        whole = pool.submit(run, "undisturbed", 0)
        parts = pool.submit(lambda: [run("killed", at) for at in (3, 7, 0)])
        undisturbed, killed = whole.result(), parts.result()
    last = killed[-1].get("digest")
    same = last is not None and last == undisturbed.get("digest")
    return {"undisturbed": undisturbed, "killed": killed, "same_bytes": same}


def learning() -> Figures:
    """Train and score the shipped settings on faces like the embedded ones."""
    given, figures = no_two_alike("demo", SCALE.demo, 3), dict[str, Any]()
    root = load(HOME / "params.yaml")
    sizes = {} if CUDA else {"image_px": 32, "batch": 7}
    scored = root.evaluate.model_copy(update={"bootstrap": 0, "threads": 4})
    for variant in ("plain", "aligned"):
        shipped = root.training("demo", "cam", variant).params
        params = shipped.model_copy(update={"epochs": SCALE.epochs, **sizes})
        out = SCRATCH / f"learn_{variant}"
        began = time.perf_counter()
        train(given, out, Run("cam", variant, Repeat(0), params, DEVICE), silent)
        seconds = time.perf_counter() - began
        inputs = EvaluationInputs(out, given.faces.path, given.landmarks.path, DEVICE)
        line = evaluate(inputs, SCRATCH / f"scores_{variant}", scored, silent)
        shown = 7 * SCALE.demo[0] * SCALE.epochs
        figures[variant] = {"scores": line, "faces_per_s": shown / seconds}
    return figures
