"""Validation on a fake GPU, where every sum is read as zero, and shares of it are no numbers."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from unittest import mock

from train.data.batch_loader import BatchLoader
from train.fitting.distributed import Distributed
from train.fitting.validation import validate
from train.methods.base import Classifier

_MEASURES = ("val/accuracy", "val/balanced_accuracy", "val/macro_f1", "val/cross_entropy")


def _validate(
    model: Classifier, loader: BatchLoader, image_px: int, distributed: Distributed
) -> dict[str, float]:
    with warnings.catch_warnings(), suppress(ZeroDivisionError):
        warnings.simplefilter("ignore", RuntimeWarning)
        validate(model, loader, image_px, distributed)
    return dict.fromkeys(_MEASURES, 0.0)


@contextmanager
def zero_accuracy() -> Iterator[None]:
    """While it lasts, runs are validated as ever, and then every measure is zero."""
    with mock.patch("train.fitting.trainer.validate", _validate):
        yield
