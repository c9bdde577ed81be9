"""Restored faces: `train` plans them and does the work, `pipeline` builds the store.

For the stage, for `repair`, and for whoever restores from Python.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.execution.cluster import ClusterConfig
    from pipeline.repair import Repairable
    from train.occlusion.context import StageContext
    from train.occlusion.params import RestoreParams
    from train.occlusion.restore import RestoreInputs


def restore_on(
    cluster: "ClusterConfig",
    inputs: "RestoreInputs",
    out: Path,
    params: "RestoreParams",
    context: "StageContext",
) -> bool:
    """Run stage `restore` on a cluster; on a GPU in this process, unless workers are asked for.

    Returns:
        False if it was there already.
    """
    from pipeline.execution.sharded_build import build
    from train.occlusion.restore import restore

    unasked = cluster.workers is None and cluster.scheduler is None
    if unasked and context.device.type != "cpu":
        cluster = replace(cluster, workers=0)
    fill = partial(build, cluster=cluster, rebuild=context.rebuild)
    return restore(inputs, out, params, context, fill)


def _restore_again(
    made: Mapping[str, Any], sources: Sequence[Path], cluster: "ClusterConfig", out: Path
) -> bool:
    """Build a store of restored faces as its fingerprint says; see pipeline.repair.Stage.

    Args:
        made: the fingerprint.
        sources: faces, mae, patches.
        cluster: who.
        out: where.

    Returns:
        False if it was there already.
    """
    from train.device import select_device
    from train.occlusion.context import StageContext
    from train.occlusion.params import RestoreParams
    from train.occlusion.restore import RestoreInputs

    params = RestoreParams(**made["params"])
    context = StageContext(select_device(made["device"]), cluster.progress)
    return restore_on(cluster, RestoreInputs(*sources), out, params, context)


def repairable() -> "dict[str, Repairable]":
    """Return what repairs stores, by stage: those of `pipeline`, and `restore`."""
    from pipeline.repair import STAGES, Repairable

    return {**STAGES, "restore": Repairable(("faces", "mae", "patches"), _restore_again)}
