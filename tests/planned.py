"""A plan file for stage `train`, as stage `plan` writes it."""

from contracts.plans import Plan, PlannedHeatmaps
from store.reading import Store
from train.plan import write_plan


def planned(file, params, heatmaps=None, method="cam", variant="aligned", restored=None):
    """Write the plan of a run that reads this store of heatmaps; return the file."""
    used = None
    if heatmaps is not None:
        store = Store(heatmaps)
        used = PlannedHeatmaps(kind=store.metadata["kind"], digest=store.digest)
    numbers = params.model_dump(mode="json")
    one = Plan(
        dataset="tiny",
        method=method,
        variant=variant,
        params=numbers,
        heatmaps=used,
        restored=None if restored is None else Store(restored).digest,
        warm_start=None,
    )
    write_plan(file, one)
    return file
