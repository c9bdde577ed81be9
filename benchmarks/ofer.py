"""Claim: on covered faces, restoring them and latents of their patches help OFER's classifier.

Run: python -m benchmarks.ofer FACES LANDMARKS OCCLUDED MAE PATCHES WORK --seeds 3 --epochs 6
--weights face; instead of face, the folder of a run that all ways start from. The first five are
outputs of align, landmark, occlude, mae and patches; WORK takes restored faces and runs.

First, what fills covered patches: PSNR over their pixels on test faces, where the truth is known.
Then the same network, trained on bare faces, with faces restored or not and with no, all or chosen
latents, scored on bare and on covered test faces. It writes after each and goes on where
it stopped. Differences have 95 % intervals over persons and seeds.
"""

import argparse
import json
from dataclasses import asdict, dataclass
from itertools import chain, product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.basic7 import BASIC7
from benchmarks.timing import save
from commands.restoring import restore_on
from contracts.repeats import Repeat
from measures.bootstrap import number_persons
from measures.repeats import paired_difference
from params import load
from pipeline.execution.cluster import ClusterConfig
from progress import silent
from store.reading import Store
from train.data.splits import splits_of
from train.data.stores import Stores, expression_ids
from train.fitting.stage import train
from train.images import eval_images, resize_images
from train.loading import load_run
from train.methods.base import LATENTS
from train.occlusion.context import StageContext
from train.occlusion.mae_model import cut_patches
from train.occlusion.restore import RestoreInputs
from train.occlusion.restorer import FILLERS, Restored, Restorer, fill_coarsely, load_restorer
from train.params import TrainParams
from train.runs import Run

CPU = torch.device("cpu")
IMAGE_PX, BATCH, LR = 64, 32, 7e-4
FILLED = ("none", "mae")
ORDER = (("none", "chosen"), ("all",))
"""Ways that are trained with every seed before the next ones are."""
BASE = "none, none"
UNTOUCHED = "mae, looking at patches that nothing touches"
_AT_ONCE, _REDRAWN = 32, 2000
_TOUCHED = 15 / 255
"""A patch in which some pixel differs by more is touched by what is drawn before the face."""
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Inputs:
    """Outputs of the stages, where to work, for how many epochs to train and from what."""

    faces: Path
    landmarks: Path
    occluded: Path
    mae: Path
    patches: Path
    work: Path
    epochs: int
    weights: str

    @property
    def trained(self) -> Path:
        """Where runs of this length go."""
        return self.work / f"{self.epochs}-epochs"

    def restored(self, filler: str) -> Path:
        """Return the store of faces restored by a filler, made where it is not there."""
        out = self.work / filler / "restored"
        numbers = load(Path("params.yaml")).restore.model_copy(update={"filler": filler})
        given = RestoreInputs(self.faces, self.mae, self.patches)
        one = ClusterConfig(silent, workers=0)
        restore_on(one, given, out, numbers, StageContext(CPU, silent))
        return out


def test_rows(faces: Store) -> Rows:
    """Return the usable faces of split test."""
    usable_N = faces.array("valid").load() == 1
    return np.flatnonzero(usable_N & (splits_of(faces, None) == "test"))


def images_of(store: Store, rows_N: Rows) -> list[torch.Tensor]:
    """Return stored faces, uint8, in batches."""
    parts = np.array_split(rows_N, -(-len(rows_N) // _AT_ONCE))
    return [torch.from_numpy(store.array("image").take(part)) for part in parts]


def fill_scores(inputs: Inputs, restorer: Restorer, rows_N: Rows) -> dict[str, float]:
    """Return the PSNR (dB) over covered patches of fillers, the mean face and untouched faces."""
    bare, behind = Store(inputs.faces), Store(inputs.occluded)
    side = restorer.image_px
    masks_N = torch.from_numpy(behind.array("mask").take(rows_N)).flatten(1).bool()
    truth = torch.cat([resize_images(one, side) for one in images_of(bare, rows_N)])
    covered = torch.cat([resize_images(one, side) for one in images_of(behind, rows_N)])
    usable_N = bare.array("valid").load() == 1
    trained_N = np.flatnonzero(usable_N & (splits_of(bare, None) == "train"))
    totals = [resize_images(one, side).sum(dim=0) for one in images_of(bare, trained_N)]
    mean_face = torch.stack(totals).sum(dim=0) / len(trained_N)
    guesses = {"untouched": covered, "mean face": mean_face.expand_as(truth)}
    for name, fill in FILLERS.items():
        if fill is not None:
            guesses[name] = restorer.filled(covered, masks_N, fill)
    touched_NP = cut_patches((truth - covered).abs()).amax(dim=2) > _TOUCHED
    guesses[UNTOUCHED] = restorer.filled(covered, touched_NP | masks_N, fill_coarsely)
    area = masks_N.view(-1, 1, 14, 14).float()
    area = torch.nn.functional.interpolate(area, [side, side], mode="nearest-exact") > 0
    area = area.expand_as(truth)
    return {
        name: float(-10 * ((guess - truth)[area] ** 2).mean().log10())
        for name, guess in guesses.items()
    }


def answers(run: Path, shown: list[Restored], labels_N: Rows) -> list[bool]:
    """Say of every test face whether the run is right."""
    model, _, _ = load_run(run, "last", CPU)
    found = []
    with torch.no_grad():
        for one in shown:
            stored = (one.images_B3SS * 255).round().to(torch.uint8).permute(0, 2, 3, 1)
            given = {LATENTS: one.latents_BPD}
            found.append(model(eval_images(stored, IMAGE_PX), None, given).logits_BK.argmax(dim=1))
    return [bool(right) for right in torch.cat(found).numpy() == labels_N]


def numbers(latents: str, width: int, epochs: int, weights: str) -> TrainParams:
    """Return the training numbers of one way to use latents."""
    shipped = load(Path("params.yaml")).train_of("", "ofer")
    head = {**shipped.head, "latents": latents, "latent_width": width}
    changes: dict[str, Any] = {"image_px": IMAGE_PX, "epochs": epochs, "batch": BATCH, "lr": LR}
    small = {
        "weights": weights,
        "schedule": "cosine",
        "amp": "none",
        "alignment": None,
        "head": head,
    }
    return shipped.model_copy(update={**changes, **small})


def ablation(inputs: Inputs, seeds: int, rows_N: Rows) -> dict[str, Any]:
    """Train and score every way and seed; return who was right, by way, seed and kind of faces."""
    stores = {"bare": Store(inputs.faces), "covered": Store(inputs.occluded)}
    labels_N = expression_ids(stores["bare"].table(("expression",)), BASIC7)[rows_N]
    restored = {filler: inputs.restored(filler) for filler in FILLED}
    shown = {
        (filler, kind): [
            load_restorer(path)(resize_images(one, store.array("image").shape[1]))
            for one in images_of(store, rows_N)
        ]
        for (filler, path), (kind, store) in product(restored.items(), stores.items())
    }
    file = inputs.trained / "right.json"
    right: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    turns = (product(range(seeds), FILLED, part) for part in ORDER)
    for seed, filler, latents in chain.from_iterable(turns):
        key = f"{filler}, {latents}"
        if str(seed) in right.get(key, {}):
            continue
        opened = Stores.open(inputs.faces, inputs.landmarks, None, restored[filler])
        assert opened.restored is not None
        width = opened.restored.array("latents").shape[-1]
        out = inputs.trained / filler / latents / f"seed{seed}"
        params = numbers(latents, width, inputs.epochs, inputs.weights)
        run = Run("ofer", "plain", Repeat(seed), params, CPU)
        train(opened, out, run, silent)
        right.setdefault(key, {})[str(seed)] = {
            kind: answers(out, shown[filler, kind], labels_N) for kind in stores
        }
        file.write_text(json.dumps(right))
        means = {kind: float(np.mean(one)) for kind, one in right[key][str(seed)].items()}
        print(f"seed {seed}, filled {key}: {means}", flush=True)
    return right


def differences(right: dict[str, Any], persons: list[str], kind: str) -> dict[str, Any]:
    """Return every way's accuracies, and its difference from the base with an interval."""
    person_N, _ = number_persons(persons)
    weights_RP = np.random.default_rng(0).standard_exponential((_REDRAWN, person_N.max() + 1))
    weights_RN = weights_RP[:, person_N]
    weights_RN /= weights_RN.sum(axis=1, keepdims=True)
    found = {}
    for key, by_seed in right.items():
        seeds = sorted(set(by_seed) & set(right[BASE]))
        own_SN, base_SN = (
            np.array([one[seed][kind] for seed in seeds], float) for one in (by_seed, right[BASE])
        )
        redrawn_SR = (own_SN - base_SN) @ weights_RN.T
        base_S, own_S = (one.mean(axis=1).tolist() for one in (base_SN, own_SN))
        gain = paired_difference(base_S, own_S, redrawn_SR, seed=0)
        assert gain is not None
        found[key] = {"accuracy": own_S, "gain": asdict(gain)}
    return found


def main() -> None:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("faces", "landmarks", "occluded", "mae", "patches", "work"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument(
        "--weights", default="face", help="as train.weights: face, or a run's folder"
    )
    asked = vars(parser.parse_args())
    seeds = asked.pop("seeds")
    inputs = Inputs(**asked)
    torch.set_num_threads(1)
    faces = Store(inputs.faces)
    rows_N = test_rows(faces)
    psnr = fill_scores(inputs, load_restorer(inputs.restored("mae")), rows_N)
    for name, value in psnr.items():
        print(f"{name:12} {value:5.1f} dB over covered patches", flush=True)
    right = ablation(inputs, seeds, rows_N)
    persons = faces.table(("person",))[rows_N]["person"].to_list()
    scores = {kind: differences(right, persons, kind) for kind in ("bare", "covered")}
    for kind, ways in scores.items():
        for key, one in ways.items():
            print(f"{kind:8} filled {key:14} {np.mean(one['accuracy']):.3f} {one['gain']}")
    made = {"faces": len(rows_N), "epochs": inputs.epochs, "psnr_db": psnr, "scores": scores}
    print(save("ofer", made))


if __name__ == "__main__":
    main()
