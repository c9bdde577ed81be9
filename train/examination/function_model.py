"""A Python function as a model: `package.module:function`, faces -> probabilities.

Shapes: B batch, S side of the stored faces, K classes.
"""

import importlib
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from contracts.labels import LabelSet
from errors import DataError, UsageError
from train.device import receive
from train.examination.card_network import Answers, AskModel

CLASSES = "classes"
"""Attribute of the function: names of its classes, in order; without it, those of the faces."""


def find_function(entry: str) -> Callable[..., Any]:
    """Import a function; modules of the working folder count, too.

    Raises:
        UsageError: if there is no such module or function.
    """
    module, _, name = entry.partition(":")
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        found = getattr(importlib.import_module(module), name, None)
    except ModuleNotFoundError as error:
        raise UsageError(
            entry, f"there is no module '{error.name}' here or among the installed packages."
        ) from error
    finally:
        sys.path.remove(here)
    if not callable(found):
        raise UsageError(entry, f"module {module} has no function '{name}'.")
    function: Callable[..., Any] = found
    return function


def function_classes(function: Callable[..., Any], labels: LabelSet) -> tuple[str, ...]:
    """Return the names of a function's classes; those of the label set if it does not say."""
    return tuple(getattr(function, CLASSES, labels.names))


def source_file(function: Callable[..., Any]) -> Path | None:
    """Return the file that holds the function; None for one that is not written in Python."""
    try:
        return Path(inspect.getfile(function))
    except TypeError:
        return None


def function_model(entry: str, function: Callable[..., Any]) -> AskModel:
    """Return a function as a model: (B, S, S, 3) uint8 RGB -> probabilities (B, K).

    Raises:
        DataError: when asked, if the function fails or answers something else.
    """

    def ask(images_B3SS: Tensor) -> Answers:
        faces = (images_B3SS * 255).round().clamp(0, 255).permute(0, 2, 3, 1)
        (received,) = receive([faces])
        try:
            answers = np.asarray(function(received.astype(np.uint8)), np.float32)
        except Exception as error:
            raise DataError(
                entry,
                f"raised {type(error).__name__}: {error!s:.150}. It is given {received.shape} "
                "uint8, RGB.",
            ) from error
        if answers.ndim != 2 or len(answers) != len(received):
            raise DataError(
                entry,
                f"answers {len(received)} faces with the shape {answers.shape}; (faces, classes) "
                "is needed.",
            )
        return Answers(answers)

    return ask
