"""patches.json, read and told: how well each detector of covered patches does."""

from pathlib import Path

from contracts.files import read_contract
from contracts.occlusion import DETECTOR, DETECTOR_WEIGHTS, DetectorCard
from errors import NoInputError
from store.building import read_manifest
from train.occlusion.detectors import DETECTORS


def read_card(folder: Path) -> DetectorCard:
    """Return patches.json of an output of stage patches.

    Raises:
        NoInputError: if it is none.
    """
    if not {DETECTOR, DETECTOR_WEIGHTS} <= set(read_manifest(folder)["files"]):
        raise NoInputError(folder, "is no detector of patches. Name the output of `patches`.")
    return read_contract(DetectorCard, folder / DETECTOR, "Use `--rebuild`.")


def table(card: DetectorCard) -> str:
    """Say how well each detector does, the floor first."""
    rows = [
        f"patches of {card.tested} test faces; AUROC on kinds of occluders that nobody learnt from "
        f"({', '.join(card.params['unseen'])}); the floor is `pixels`, which needs no network"
    ]
    for name, one in ((name, card.scores[name]) for name in DETECTORS):
        kinds = ", ".join(f"{kind} {value:.3f}" for kind, value in one.auroc_kinds.items())
        kept = " (kept)" if name == card.detector else ""
        rows.append(
            f"  {name}{kept}: AUROC {_shown(one.auroc_unseen)}; at the radius accuracy "
            f"{_shown(one.accuracy)}, precision {_shown(one.precision)}, recall "
            f"{_shown(one.recall)}, {one.flagged_bare:.3f} of bare patches called; by kind {kinds}"
        )
    return "\n".join(rows)


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
