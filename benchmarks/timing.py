"""Timing on a shared, noisy machine: ratios of CPU time from one interleaved run."""

import json
import platform
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

RESULTS = Path(__file__).parent / "results"
FEWEST_ROUNDS = 3


def interleaved(
    ways: Mapping[str, Callable[[], object]],
    rounds: int,
    seed: int = 0,
    clock: Callable[[], float] = time.process_time,
    budget_s: float = 600.0,
) -> dict[str, list[float]]:
    """Run every way once per round, in a newly shuffled order, after one warm-up.

    On a busy machine fewer rounds are run, but at least `FEWEST_ROUNDS`; that is said.

    Args:
        ways: name -> what is timed.
        rounds: how many, if time permits.
        seed: of the order.
        clock: see Returns.
        budget_s: no new round begins after so many seconds by the wall clock.

    Returns:
        Name -> seconds by the clock, one per round; by default processor time of this process.
    """
    rng = np.random.default_rng(seed)
    names = list(ways)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for name in names:
        ways[name]()
    began = time.perf_counter()
    for number in range(rounds):
        if number >= FEWEST_ROUNDS and time.perf_counter() - began > budget_s:
            print(f"{number} of {rounds} rounds: {budget_s:.0f} s are over")
            break
        for name in rng.permutation(names):
            started = clock()
            ways[name]()
            seconds[name].append(clock() - started)
    return seconds


def clock_of(device: torch.device) -> Callable[[], float]:
    """Return CPU seconds, or, on a GPU, a wall clock that waits for it."""

    def waited() -> float:
        torch.cuda.synchronize(device)
        return time.perf_counter()

    return waited if device.type == "cuda" else time.process_time


def sustained(
    ways: Mapping[str, Callable[[], object]], turns: int, steps: int, clock: Callable[[], float]
) -> dict[str, list[float]]:
    """Run every way many steps on end, once per turn, in a newly shuffled order.

    As many steps again come first and are not timed: what was read ahead during the turns of other
    ways is used up, and a feed that cannot keep up shows.

    Returns:
        Name -> seconds per step, one per turn.
    """
    rng, names = np.random.default_rng(0), list(ways)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(turns):
        for name in rng.permutation(names):
            for _ in range(steps):
                ways[name]()
            started = clock()
            for _ in range(steps):
                ways[name]()
            seconds[name].append((clock() - started) / steps)
    return seconds


def ratios(slow: list[float], fast: list[float]) -> dict[str, float]:
    """Return how many times faster: minimum, median and maximum over the rounds."""
    each = [one / other for one, other in zip(slow, fast, strict=True)]
    return {"min": min(each), "median": median(each), "max": max(each)}


def save(claim: str, figures: Mapping[str, Any]) -> Path:
    """Write dated JSON and return its path."""
    today = datetime.now(UTC).date().isoformat()
    path = RESULTS / f"{claim}-{today}.json"
    machine = {"machine": platform.machine(), "python": platform.python_version(), "date": today}
    path.write_text(json.dumps({**machine, **figures}, indent=1) + "\n")
    return path
