"""Stages about things before faces: occlude, mae, patches, restore."""

from pathlib import Path
from typing import TYPE_CHECKING

from commands.options import CLUSTER, DEVICE, StageOptions, echo, progress_bar, stage

if TYPE_CHECKING:
    from progress import ProgressBar
    from train.occlusion.context import StageContext


@stage("faces", "out", options=CLUSTER)
def occlude(faces: Path, out: Path, shared: StageOptions) -> None:
    """Put a drawn hand, mask, bar, scarf or glasses before every face: FACES -> OUT.

    OUT is a store of faces, too: `evaluate RUN OUT LANDMARKS SCORES` scores a run on it.
    """
    params = shared.params.occlude
    from pipeline.occlude import occlude as run
    from store.inspect import status_line

    with progress_bar("occlude", out) as progress:
        run(faces, out, params, shared.cluster(progress), shared.rebuild)
    echo(status_line(out))


@stage("faces", "out", options=DEVICE)
def mae(faces: Path, out: Path, shared: StageOptions) -> None:
    """Train a masked autoencoder on aligned faces: FACES -> OUT.

    It learns to draw hidden patches of a face from the others. A stopped training continues with
    the same command.
    """
    params = shared.params.mae
    from train.occlusion.mae import mae as run

    with progress_bar("mae", out) as progress:
        run(faces, out, params, _context(shared, progress))


@stage("faces", "occluded", "mae", "out", options=DEVICE)
def patches(out: Path, shared: StageOptions, **inputs: Path) -> None:
    """Learn which patches of a face are covered: FACES, OCCLUDED and MAE -> OUT.

    Prints how well every detector does on things that none has seen.
    """
    params = shared.params.patches
    from train.occlusion.patches import PatchInputs
    from train.occlusion.patches import patches as run

    with progress_bar("patches", out) as progress:
        said = run(PatchInputs(**inputs), out, params, _context(shared, progress))
    echo(*said.split("\n"))


@stage("faces", "mae", "patches", "out", options=(*DEVICE, *CLUSTER))
def restore(out: Path, shared: StageOptions, **inputs: Path) -> None:
    """Draw what is behind the things before faces: FACES, MAE and PATCHES -> OUT.

    OUT holds the restored faces, which patches were filled, and the latents of all patches, for
    method `ofer`. Says how much disk it needs before it starts. On a GPU this process does it.
    """
    params = shared.params.restore
    from commands.restoring import restore_on
    from train.occlusion.restore import RestoreInputs, summary

    with progress_bar("restore", out) as progress:
        cluster, context = shared.cluster(progress), _context(shared, progress)
        restore_on(cluster, RestoreInputs(**inputs), out, params, context)
    echo(summary(out))


def _context(shared: StageOptions, progress: "ProgressBar") -> "StageContext":
    from train.device import select_device
    from train.occlusion.context import StageContext

    device = select_device(shared.device)
    return StageContext(device, progress, shared.rebuild, progress.print_line)


OCCLUSION = (occlude, mae, patches, restore)
