"""A classifier of the user's: which of its weights is what, and in which order it counts classes.

Nothing is guessed: a weight that has no place is refused by its name, and the order of the classes
has to be stated unless the file is one of AULens or of the published code.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch

from contracts.labels import LabelSet
from errors import DataError, UsageError, did_you_mean, pick, printable
from train.methods.base import Classifier
from train.methods.weight_files import Tensors, listed
from train.methods.weight_names import NamedWeights
from train.methods.weights import load_backbone, load_head

KEY = "import_run.classes"
CLASS_ROWS = {
    "gap": ("linear.",),
    "wildcat": ("modalities.",),
    "prm": ("classifier.",),
    "acol": ("first.4.", "second.4."),
    "ts_cam": ("classifier.",),
    "apvit": ("linear.",),
    "fully_connected": ("layers.8.",),
}
"""Row of HEADS -> how the names of tensors begin whose rows are the classes."""

MANY_ROWS = "wildcat"
"""The head that has several rows per class."""

CLASS_TOKEN_BACKBONES = frozenset({"vit_tiny", "deit_tiny", "deit_small", "deit_mini"})
"""Their usual classifier reads the class token, which no pooled head of ours does."""


class FileClasses(NamedTuple):
    """Classes of a file of weights.

    Attributes:
        words: in the order of its logits; none if that is the label set's.
        labels: what the run tells apart.
    """

    words: Sequence[str]
    labels: LabelSet


def load_own(
    model: Classifier,
    named: NamedWeights,
    head: str,
    backbone: str,
    classes: FileClasses,
    where: Path,
) -> list[str]:
    """Load a classifier whose weights go by usual names.

    Args:
        model: backbone and head, no strategy fitted yet.
        named: of the file.
        head: row of HEADS.
        backbone: row of BACKBONES.
        classes: of the file.
        where: the file, for messages.

    Returns:
        What was left out or filled in, a sentence each.

    Raises:
        UsageError: if the classes have to be stated, or are not those of the file.
        DataError: naming weights that are missing, of another shape, or have no place.
    """
    own = model.backbone.net.state_dict()
    if not named.is_whole:
        _refuse_class_token(head, backbone, where)
        left = [name for name in named.backbone if name not in {*own, *named.classifier}]
        if left:
            raise DataError(where, f"has weights that {backbone} has no place for: {listed(left)}.")
    body = {key: one for key, one in named.backbone.items() if key not in named.classifier}
    load_backbone(model.backbone.net, body, where)
    if not named.head:
        raise DataError(
            where, f"has no classifier for the head {head}; it is weights to start from."
        )
    ordered: Tensors = named.head
    remarks: list[str] = []
    if classes.words or not named.is_whole:
        rows, remarks = _rows(classes.words, classes.labels, where)
        ordered = _in_our_order(named.head, head, rows, len(classes.words), where)
    load_head(model.head, ordered, where)
    remarks += ["heads beside the expressions were left out"] if named.added else []
    return [*remarks, *_without_counters(own, named.backbone)]


def _refuse_class_token(head: str, backbone: str, where: Path) -> None:
    if head == "gap" and backbone in CLASS_TOKEN_BACKBONES:
        raise DataError(
            where,
            f"is a classifier of {backbone}'s class token, and the head gap averages its patches: "
            "the same weights would predict something else. Use a method with such a head.",
        )


def _rows(classes: Sequence[str], labels: LabelSet, where: Path) -> tuple[list[int], list[str]]:
    """Return the file's row of every expression, and a sentence on rows that are dropped."""
    if not classes:
        raise UsageError(
            KEY,
            f"is empty, and {where.name} does not say which output is which expression. Name its "
            "classes in their order: [angry, disgust, fear, happy, neutral, sad, surprise].",
        )
    found = [labels.find(word) for word in classes]
    words = [
        word.strip().lower() if number is None else labels.names[number].lower()
        for number, word in zip(found, classes, strict=True)
    ]
    missing = [name for number, name in enumerate(labels.names) if number not in found]
    if missing or len(set(words)) != len(words):
        near = did_you_mean(missing[0].lower(), words) if missing else ""
        said = f"lacks {', '.join(missing)}" if missing else "names a class twice"
        raise UsageError(KEY, f"{said}; it has {', '.join(classes)}.{near}")
    rows = [found.index(number) for number in range(len(labels))]
    others = [word for number, word in enumerate(classes) if number not in rows]
    dropped = f"classes dropped: {', '.join(map(printable, others))}"
    return rows, [dropped] if others else []


def _in_our_order(
    theirs: Tensors, head: str, rows: Sequence[int], count: int, where: Path
) -> Tensors:
    """Take the rows of our expressions, in our order, of every tensor whose rows are classes."""
    begins, index = pick(CLASS_ROWS, head, "head"), torch.tensor(list(rows))
    found = dict(theirs)
    for name, value in theirs.items():
        if not name.startswith(begins):
            continue
        if value.shape[0] % count or (head != MANY_ROWS and value.shape[0] != count):
            raise DataError(
                where,
                f"its classifier has {value.shape[0]} outputs, and {KEY} names {count} classes. "
                "If it tells other things apart, use the file as train.weights.",
            )
        per_class = value.reshape(count, -1, *value.shape[1:])
        found[name] = per_class[index].flatten(0, 1)
    return found


def _without_counters(own: Tensors, given: Tensors) -> list[str]:
    missing = sum(name not in given for name in own)
    return [f"{missing} counters of BatchNorm were missing and are 0"] if missing else []
