"""Plans: what stage `plan` hands to `train`, one file per method and variant.

<plans>/<method>/<variant>.yaml
"""

from typing import Any

from contracts.files import Contract
from contracts.runs import WarmStart


class PlannedHeatmaps(Contract):
    """The heatmaps that a run reads: their kind, and the digest of their store."""

    kind: str
    digest: str


class Plan(Contract):
    """All that a run depends on besides its faces, their landmarks, and its repeat.

    Attributes:
        dataset, method, variant: words of the matrix.
        params: the run's training numbers, all overlays laid over each other; `alignment` is None
            for a run without the AU alignment loss.
        heatmaps: None for a run that reads none.
        restored: digest of the restored faces that it learns from; None if it reads plain ones.
        warm_start: the run whose weights it begins with, as it was; None without one.
    """

    dataset: str
    method: str
    variant: str
    params: dict[str, Any]
    heatmaps: PlannedHeatmaps | None
    restored: str | None
    warm_start: WarmStart | None
