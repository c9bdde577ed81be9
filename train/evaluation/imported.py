"""What is scored and said of runs whose weights AULens did not train.

The CAM of a published run is computed as the published code does; where this is not what the
method's paper says, the method's own CAM is scored beside it.
"""

from contracts.runs import RunCard
from train.methods import METHODS
from train.methods.cam_methods import CAM_METHODS
from train.params import OWN, ReadingParams
from train.records import CamMethod


def other_cams(card: RunCard, params: ReadingParams) -> dict[str, CamMethod]:
    """Return the method's own CAM by its name, where the run's CAM is a published one that differs.

    Args:
        card: of the run.
        params: none is added if they name a CAM method.
    """
    own = METHODS[card.method].cam_method
    differs = params.cam_method == OWN and card.cam_method(own) != own
    return {own: CAM_METHODS[own]} if differs else {}


def caveat(card: RunCard, of_head: str | None) -> str | None:
    """Return what to print beside every score of a run; None if there is nothing.

    Args:
        card: of the run.
        of_head: what its head has to say.
    """
    if card.imported is None:
        return of_head
    files = ", ".join(card.imported.files)  # digests, in run.json, would make a warning per run
    said = f"imported from {files}, not trained by AULens"
    return f"{said}. {of_head}" if of_head else said
