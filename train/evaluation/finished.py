"""What scores depend on, whether they are there, and the main ones in one line.

Without torch, whose import takes seconds: finished scores are found at once.
"""

from pathlib import Path
from typing import Any

from contracts.files import MANIFEST, SCORES, read_contract
from contracts.scores import Scores
from store.building import read_fingerprint, read_manifest
from store.reading import Store
from train.params import EvaluateParams
from train.versions import torch_version

VERSION = 21


def scores_fingerprint(
    run: Path, faces: Store, landmarks: Store, params: EvaluateParams
) -> dict[str, Any]:
    """Return all that the bytes of a run's scores depend on."""
    return {
        "stage": "evaluate",
        "version": VERSION,
        "params": params.model_dump(mode="json", exclude={"threads"}),
        "run": read_manifest(run)["sha256"],
        "faces": faces.digest,
        "landmarks": landmarks.digest,
        "torch": torch_version(),
    }


def finished_scores(
    out: Path, run: Path, faces: Path, landmarks: Path, params: EvaluateParams
) -> Scores | None:
    """Return exactly these scores if they are finished, else None.

    Raises:
        NoInputError: if an input is not there.
        CorruptError: if the fingerprint of what is there cannot be read.
    """
    if not (out / MANIFEST).exists():
        return None
    wanted = scores_fingerprint(run, Store(faces), Store(landmarks), params)
    return read_scores(out) if read_fingerprint(out) == wanted else None


def read_scores(out: Path) -> Scores:
    """Read scores.json."""
    return read_contract(Scores, out / SCORES, "Evaluate again with `--rebuild`.")


def headline(scores: Scores) -> str:
    """Return the main scores in one line."""
    att, cam = scores.attention, scores.cam_cos
    ends = scores.intervals.accuracy if scores.intervals else None
    between = f" [{ends[0]:.3f}, {ends[1]:.3f}]" if ends else ""
    mind = f". Mind: {scores.caveat}" if scores.caveat else ""
    others = "".join(f" ({name} {_number(c.overall)})" for name, c in scores.other_cams.items())
    run = f"{scores.method} {scores.variant} {scores.repeat}"
    own = _own_words(scores) + _value_words(scores) + _soft_words(scores)
    return (
        f"{run}: accuracy {scores.accuracy:.3f}{between}, "
        f"balanced {scores.balanced_accuracy:.3f}, "
        f"ATT-COS {_number(att.overall)}, CAM-COS {_number(cam.overall)}{others} "
        f"({max(att.n_valid, cam.n_valid)} of {att.n} faces; protocol {scores.protocol}){own}{mind}"
    )


def _own_words(scores: Scores) -> str:
    """Say how attention agrees with what each face itself does; nothing if nobody coded it."""
    if scores.own_units is None:
        return ""
    seen = scores.own_units.attention
    within = _number(seen.selectivity.overall)
    return (
        f"; own AUs: ATT-COS {_number(seen.overall)}, selectivity within the class {within} "
        f"({seen.n_valid} of {seen.n} faces)"
    )


def _value_words(scores: Scores) -> str:
    """Say how valence and arousal agree; nothing if the run or the faces have none."""
    found = scores.valence_arousal
    if found is None:
        return ""
    words = [f"{name} {_number(one.ccc)}" for name, one in found.dimensions().items()]
    return f"; CCC of {', '.join(words)} ({found.n} of {found.scored} faces)"


def _soft_words(scores: Scores) -> str:
    """Say how near probabilities are to people's shares; nothing if none are known."""
    if scores.soft is None:
        return ""
    soft = scores.soft
    return (
        f"; soft labels: cross-entropy {soft.cross_entropy:.3f} (floor {soft.floor:.3f}, constant "
        f"{soft.constant:.3f}), agrees with one annotator {soft.annotator:.3f} of at most "
        f"{soft.ceiling:.3f} ({soft.known} of {soft.n} faces)"
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
