"""One examination: how often the model is asked, and what it answers.

Shapes: N faces, V expressions.
"""

import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from contracts.examinations import Examination, Suspicion
from contracts.files import EXAMINATION
from errors import UsageError
from progress import ProgressCallback
from store.files import atomic_write, canonical_json
from train.evaluation.hiding import passes_per_face, sample_per_class
from train.evaluation.networks import make_black_box
from train.evaluation.results import ScoredModel, write_results
from train.evaluation.split import SplitReader
from train.examination.black_box_scores import score_black_box
from train.examination.card_checks import suspicions
from train.examination.card_network import AskModel, as_network, check_scores, probabilities
from train.examination.models import OutsideModel
from train.examination.robustness import measure_robustness
from train.images import resize_images
from train.options import BLACK_BOX_NAMES
from train.params import EvaluateParams, ExamineParams

_TIMED = 8
"""Faces of the pass that is timed."""


class Subject(NamedTuple):
    """What is examined, opened.

    Attributes:
        scored: as stage evaluate takes it.
        identity: what a result depends on.
        outside: None for a run.
    """

    scored: ScoredModel
    identity: dict[str, Any]
    outside: OutsideModel | None


class CardFindings(NamedTuple):
    """What the labelled faces say about a card."""

    suspicions: list[Suspicion]
    unscored_share: float


class Lens:
    """One examination."""

    def __init__(
        self,
        subject: Subject,
        split: SplitReader,
        evaluation: EvaluateParams,
        params: ExamineParams,
    ) -> None:
        self._subject, self._params, self._evaluation = subject, params, evaluation
        self._model, labels_N = subject.scored.model, split.faces.labels_N
        self._mapped = sample_per_class(labels_N, params.mapped_per_class, evaluation.seed)
        cam_method = str(subject.scored.conditions["cam_method"])
        self._cam_passes = self._map_passes(cam_method) if cam_method in BLACK_BOX_NAMES else 0
        self._split = split.with_maps(self._mapped) if self._cam_passes else split
        self._degraded = self._degraded_split(split)

    def _degraded_split(self, split: SplitReader) -> SplitReader:
        params, seed = self._params, self._evaluation.seed
        chosen = sample_per_class(split.faces.labels_N, params.degraded_per_class, seed)
        part = split.subset(chosen)
        if not self._cam_passes:
            return part
        few = sample_per_class(part.faces.labels_N, params.degraded_mapped_per_class, seed)
        return part.with_maps(few)

    def _map_passes(self, name: str) -> int:
        return make_black_box(name, self._evaluation.black_box).passes

    def passes(self) -> dict[str, int]:
        """Return how many passes of the model each part takes."""
        labels_N, hiding = self._split.faces.labels_N, self._evaluation.hiding
        hidden = sample_per_class(labels_N, hiding.per_class, self._evaluation.seed)
        degraded = self._degraded.faces
        few = 0 if degraded.mapped_N is None else int(degraded.mapped_N.sum())
        points = 1 + sum(map(len, dict(self._params.degradations).values()))
        outside = self._subject.outside
        return {
            "card": self._checked() * (1 + len(outside.readings)) if outside else 0,
            "scores": len(labels_N) + self._cam_passes * len(self._mapped),
            "hiding": passes_per_face(self._model.codebook, hiding.steps) * len(hidden),
            **{name: self._map_passes(name) * len(self._mapped) for name in self._params.maps},
            "degradations": points * (len(degraded.rows_N) + self._cam_passes * few),
        }

    def _checked(self) -> int:
        return min(self._params.checked_faces, len(self._split.faces.rows_N))

    def require_passes(self) -> None:
        """Refuse to start what would take too long.

        Raises:
            UsageError: with the parts.
        """
        parts = self.passes()
        if sum(parts.values()) > self._params.max_passes:
            listed = ", ".join(f"{name} {count:,}" for name, count in parts.items())
            raise UsageError(
                "examine.max_passes",
                f"is {self._params.max_passes:,}, but the model would be asked "
                f"{sum(parts.values()):,} times ({listed}). Lower examine.mapped_per_class, "
                "examine.degraded_per_class or evaluate.black_box.rise.masks, or raise it.",
            )

    def examine(self, folder: Path, progress: ProgressCallback) -> None:
        """Ask the model, and write what train.examination.stage lists."""
        parts, subject = self.passes(), self._subject
        total, done = sum(parts.values()), 0
        findings = self._check_card(subject.outside) if subject.outside else CardFindings([], 0.0)
        ms_per_pass = self._timed()
        note = f"{total:,} passes, about {total * ms_per_pass / 60_000:.0f} min"

        def reached(part: str) -> None:
            nonlocal done
            done += parts[part]
            progress(done, total, note)

        reached("card")
        write_results(
            folder, subject.scored, self._split, self._evaluation, lambda now, faces, words: None
        )
        reached("scores")
        reached("hiding")
        maps = []
        for name in self._params.maps:
            chosen = self._split.subset(self._mapped)
            maps.append(score_black_box(name, self._model, chosen, self._evaluation))
            reached(name)
        robustness = measure_robustness(
            self._model, self._degraded, dict(self._params.degradations), self._evaluation.batch
        )
        reached("degradations")
        outside = subject.outside
        found = Examination(
            model=outside.title if outside else subject.scored.where,
            kind=outside.kind if outside else "run",
            card=outside.card if outside else None,
            unscored_share=findings.unscored_share,
            never_answered=list(outside.columns.missing) if outside else [],
            suspicions=findings.suspicions,
            passes=total,
            ms_per_pass=ms_per_pass,
            maps=maps,
            robustness=robustness,
        )
        atomic_write(folder / EXAMINATION, canonical_json(found.model_dump(mode="json")))

    def _timed(self) -> float:
        """Return the milliseconds of one face in a pass, the second of two."""
        rows = self._split.faces.rows_N[:_TIMED]
        images = self._pictures(rows)
        for _ in range(2):
            start = time.perf_counter()
            self._model.network(images).probabilities_BV.cpu()
            seconds = time.perf_counter() - start
        return 1000 * seconds / len(rows)

    def _pictures(self, rows_B: NDArray[np.int64]) -> Tensor:
        stored = torch.from_numpy(self._split.images.array("image").take(rows_B))
        return resize_images(stored.to(self._model.device), self._model.image_px)

    def _check_card(self, outside: OutsideModel) -> CardFindings:
        """Look at the answers to some faces, as the card is and as it might be."""
        rng, faces = np.random.default_rng(self._evaluation.seed), self._split.faces
        chosen = np.sort(rng.permutation(len(faces.rows_N))[: self._checked()])
        rows, labels = faces.rows_N[chosen], faces.labels_N[chosen]
        scores = self._asked(outside.ask, rows)
        check_scores(outside.title, scores, outside.classes, outside.scores)
        network = self._expressions(outside, outside.ask, rows)
        shares = probabilities(scores, outside.scores)
        readings = {
            what: lambda ask=ask: self._expressions(outside, ask, rows)
            for what, ask in outside.readings.items()
        }
        unscored = float(shares[:, list(outside.columns.unscored)].sum(axis=1).mean())
        return CardFindings(suspicions(network, labels, readings, faces.classes), unscored)

    def _asked(self, ask: AskModel, rows_N: NDArray[np.int64]) -> NDArray[np.float32]:
        size = self._evaluation.batch
        with torch.no_grad():
            parts = [
                ask(self._pictures(rows_N[start : start + size])).scores_BK
                for start in range(0, len(rows_N), size)
            ]
        return np.concatenate(parts)

    def _expressions(
        self, outside: OutsideModel, ask: AskModel, rows_N: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Return the expression that the model answers for each face."""
        network = as_network(ask, outside.columns, outside.scores, torch.device("cpu"))
        size = self._evaluation.batch
        with torch.no_grad():
            parts = [
                network(self._pictures(rows_N[start : start + size])).probabilities_BV.argmax(dim=1)
                for start in range(0, len(rows_N), size)
            ]
        return np.asarray(torch.cat(parts).cpu().numpy())
