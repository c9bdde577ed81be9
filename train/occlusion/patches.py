"""Stage `patches`: learns which patches of a face are covered, and measures how well.

    OUT/patches.safetensors   the numbers of the chosen detector
    OUT/patches.json          contracts.occlusion.DetectorCard

Every detector learns from faces of split train. The radius is a quantile of the scores of bare
faces of val. Everything is measured on faces of test behind kinds of things that none has seen;
then the one that is kept learns again, from all kinds.
Shapes: N faces, P = 196 patches, D numbers per patch.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
from numpy.typing import NDArray
from torch import Tensor

from contracts.occlusion import BARE, DETECTOR, DETECTOR_WEIGHTS, DetectorCard, DetectorScores
from errors import DataError, NoInputError
from measures.detection import auroc, detected
from store.building import building, is_built
from store.files import atomic_write, canonical_json
from store.reading import Store, evenly_spaced
from train.data.splits import splits_of
from train.device import send
from train.images import eval_images
from train.occlusion.context import StageContext
from train.occlusion.detector_cards import read_card, table
from train.occlusion.detectors import (
    DETECTORS,
    LATENTS,
    PIXELS,
    Detector,
    DetectorKind,
    Evidence,
    pixel_patches,
)
from train.occlusion.mae_model import MaskedAutoencoder, load_mae
from train.occlusion.params import PatchesParams

VERSION = 2
_BATCH = 64
_SPLITS = ("train", "val", "test")
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PatchInputs:
    """Outputs of align, occlude and mae; rows of the first two are the same faces."""

    faces: Path
    occluded: Path
    mae: Path


def patches(inputs: PatchInputs, out: Path, params: PatchesParams, context: StageContext) -> str:
    """Let every detector learn, measure all, keep the chosen one.

    Args:
        inputs: bare faces, the same behind things, the autoencoder.
        out: see the module.
        params: which detector is kept, and how they learn.
        context: device and progress.

    Returns:
        A table: how well each detector does.

    Raises:
        NoInputError: if an input is the output of another stage.
        DataError: if a split has no usable face, or nothing was drawn before those of split train.
    """
    faces, occluded = Store(inputs.faces), Store(inputs.occluded)
    if "mask" not in occluded.layout.arrays or len(occluded) != len(faces):
        raise NoInputError(
            inputs.occluded, f"is not {inputs.faces} behind things. Name the output of `occlude`."
        )
    model, mae_digest = load_mae(inputs.mae, context.device)
    fingerprint = {
        "stage": "patches",
        "version": VERSION,
        "params": params.model_dump(mode="json"),
        "faces": faces.digest,
        "occluded": occluded.digest,
        "mae": mae_digest,
        "device": context.device.type,
        "torch": torch.__version__,
    }
    if context.rebuild or not is_built(out, fingerprint):
        with building(out, fingerprint, faces.metadata) as folder:
            learnt = _Learning(faces, occluded, model, params, context).run()
            weights = {name: one.contiguous() for name, one in learnt.detector.state_dict().items()}
            atomic_write(folder / DETECTOR_WEIGHTS, safetensors.torch.save(weights))
            card = _card(learnt, params, fingerprint)
            atomic_write(folder / DETECTOR, canonical_json(card.model_dump(mode="json")))
    return table(read_card(out))


def _card(learnt: "_Learnt", params: PatchesParams, made: Mapping[str, Any]) -> DetectorCard:
    return DetectorCard(
        version=VERSION,
        params=params.model_dump(mode="json"),
        detector=params.detector,
        radius=learnt.radius,
        **{name: made[name] for name in ("faces", "occluded", "mae")},
        fitted=learnt.counts["train"],
        held_out=learnt.counts["val"],
        tested=learnt.counts["test"],
        scores=learnt.scores,
    )


@dataclass(frozen=True, slots=True)
class _Learnt:
    """The chosen detector, its radius, the scores of all, and how many faces of each split."""

    detector: Detector
    radius: float
    scores: dict[str, DetectorScores]
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class _Shown:
    """What detectors of one sort look at, each (N, P, D).

    Attributes:
        bare, covered: faces of split train, and those behind things of some kinds.
        masks: which patches of the latter are covered (N, P).
        held_out: bare faces of split val.
        tested_bare, tested: faces of split test, bare and behind things.
    """

    bare: Tensor
    covered: Tensor
    masks: Tensor
    held_out: Tensor
    tested_bare: Tensor
    tested: Tensor


def _measure(detector: Detector, patches_NPD: Tensor) -> NDArray[np.float32]:
    with torch.no_grad():
        scores: NDArray[np.float32] = detector(patches_NPD).cpu().numpy()
    return scores


@dataclass(frozen=True, slots=True)
class _Learning:
    """Detectors in the making."""

    faces: Store
    occluded: Store
    model: MaskedAutoencoder
    params: PatchesParams
    context: StageContext

    def run(self) -> _Learnt:
        """Let each learn and be measured, then the kept one from all kinds."""
        rows, scores = self._rows(), {}
        self._require_unseen(rows["test"])
        known = self._known(rows["train"])
        seen = {what: self._shown(rows, known, what) for what in (PIXELS, LATENTS)}
        for number, (name, kind) in enumerate(DETECTORS.items()):
            self.context.progress(number, len(DETECTORS), name)
            shown = seen[kind.looks_at]
            scores[name] = self._scores(self._taught(kind, shown), shown, rows["test"])
        kept = DETECTORS[self.params.detector]
        everything = self._behind(seen[kept.looks_at], rows["train"], kept.looks_at)
        learnt = self._taught(kept, everything)
        self.context.progress(len(DETECTORS), len(DETECTORS), "")
        counts = {split: len(found) for split, found in rows.items()}
        return _Learnt(*learnt, scores, counts)

    def _kinds(self, rows_N: Rows) -> NDArray[np.str_]:
        kinds = self.occluded.table(("occluder",))["occluder"].to_list()
        return np.array(kinds, np.str_)[rows_N]

    def _require_unseen(self, rows_N: Rows) -> None:
        kinds_N = self._kinds(rows_N)
        if self.params.unseen and not np.isin(kinds_N, self.params.unseen).any():
            there = ", ".join(sorted({*kinds_N.tolist()} - {"", BARE}))
            raise DataError(
                self.occluded.path,
                f"holds no test face behind one of patches.unseen ({', '.join(self.params.unseen)}"
                f"), on which detectors are measured; it has {there}. Name one of these there.",
            )

    def _known(self, rows_N: Rows) -> Rows:
        """Return those behind things from which detectors that are measured may learn."""
        kinds_N = self._kinds(rows_N)
        known: Rows = rows_N[(kinds_N != "") & ~np.isin(kinds_N, self.params.unseen)]
        if not len(known):
            raise DataError(
                self.occluded.path,
                "all kinds of occluders are in patches.unseen, so there is nothing to learn from. "
                "Leave some out there.",
            )
        return known

    def _taught(self, kind: DetectorKind, shown: _Shown) -> tuple[Detector, float]:
        """Return a detector that has learnt, and its radius."""
        torch.manual_seed(self.params.seed)
        detector = kind.make(shown.bare.shape[2]).to(self.context.device)
        detector.learn(Evidence(shown.bare, shown.covered, shown.masks), self.params)
        radius = np.quantile(_measure(detector, shown.held_out), self.params.quantile)
        return detector, float(radius)

    def _masks(self, rows_N: Rows) -> NDArray[np.bool_]:
        masks = self.occluded.array("mask").take(rows_N)
        return np.asarray(masks.reshape(len(rows_N), -1) == 1)

    def _shown(self, rows: Mapping[str, Rows], known: Rows, looks_at: str) -> _Shown:
        bare = {split: self.patches_of(self.faces, rows[split], looks_at) for split in _SPLITS}
        tested, none = self.patches_of(self.occluded, rows["test"], looks_at), torch.empty(0)
        shown = _Shown(bare["train"], none, none, bare["val"], bare["test"], tested)
        return self._behind(shown, known, looks_at)

    def _behind(self, shown: _Shown, rows_N: Rows, looks_at: str) -> _Shown:
        """Return the same, with these faces as those behind things."""
        masks = send(torch.from_numpy(self._masks(rows_N)), self.context.device)
        covered = self.patches_of(self.occluded, rows_N, looks_at)
        return replace(shown, covered=covered, masks=masks)

    def _rows(self) -> dict[str, Rows]:
        """Return usable rows of each split, at most `faces`, evenly spaced."""
        usable_N = self.faces.array("valid").load() == 1
        splits = splits_of(self.faces, None)
        rows = {}
        for split in _SPLITS:
            found = np.flatnonzero(usable_N & (splits == split))
            if len(found) < 2:
                raise DataError(
                    self.faces.path,
                    f"{len(found)} usable faces in split {split}; detectors of patches learn from "
                    "train, find their radius on val, and are measured on test. Change "
                    "index.<dataset>.val or .test.",
                )
            rows[split] = evenly_spaced(found.tolist(), self.params.faces).astype(np.int64)
        return rows

    def patches_of(self, store: Store, rows_N: Rows, looks_at: str) -> Tensor:
        """Return what a detector looks at: (N, P, D)."""
        images, parts = store.array("image"), []
        for start in range(0, len(rows_N), _BATCH):
            stored = images.take(rows_N[start : start + _BATCH])
            if looks_at == PIXELS:
                parts.append(send(pixel_patches(stored), self.context.device))
            else:
                shown = send(torch.from_numpy(stored), self.context.device)
                with torch.no_grad():
                    parts.append(self.model.encode(eval_images(shown, self.model.image_px)))
        return torch.cat(parts)

    def _scores(
        self,
        learnt: tuple[Detector, float],
        shown: _Shown,
        rows_N: Rows,
    ) -> DetectorScores:
        detector, radius = learnt
        found_NP, bare_NP = (_measure(detector, one) for one in (shown.tested, shown.tested_bare))
        masks_NP = self._masks(rows_N)
        of_N = self._kinds(rows_N)
        unseen_N = np.isin(of_N, self.params.unseen)
        there = bool(unseen_N.any())
        at = detected(found_NP[unseen_N].ravel() > radius, masks_NP[unseen_N].ravel())
        by_kind = {
            kind: auroc(found_NP[of_N == kind].ravel(), masks_NP[of_N == kind].ravel())
            for kind in sorted({*of_N.tolist()})
        }
        return DetectorScores(
            auroc_unseen=auroc(found_NP[unseen_N].ravel(), masks_NP[unseen_N].ravel()),
            auroc_kinds=_present(by_kind),
            accuracy=at.accuracy if there else None,
            precision=at.precision if there else None,
            recall=at.recall if there else None,
            flagged_bare=float((bare_NP > radius).mean()),
        )


def _present(values: Mapping[str, float | None]) -> dict[str, float]:
    return {name: value for name, value in values.items() if value is not None}
