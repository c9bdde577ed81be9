"""What is evaluated: a network that answers pictures, and how a map of a class is had from it.

Shapes: B batch, S side of the picture, V expressions, h w rows and columns of a map.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from anatomy.codebooks import Codebook, codebook_of
from anatomy.patches import GRID
from contracts.labels import LabelSet
from contracts.runs import RunCard
from errors import UsageError, pick
from store.reading import VALENCE_AROUSAL
from train.device import constant
from train.evaluation.imported import caveat, other_cams
from train.images import normalize_images
from train.loading import load_run
from train.methods.base import HIDDEN, RESTORED, Classifier, Extra
from train.methods.black_box import BLACK_BOX_METHODS, BlackBox
from train.methods.cam_methods import CAM_METHODS
from train.options import BLACK_BOX_NAMES, BlackBoxOptions
from train.params import OWN, ReadingParams
from train.records import CamMethod, Forward

CAM = "CAM"
"""What a map of a class is called, unless a black box makes it."""


def _no_layers() -> list[Tensor]:
    return []


@dataclass(frozen=True, slots=True)
class RestoredPictures:
    """Pictures without what covered them.

    Attributes:
        images_B3SS: in [0, 1].
        filled_BGG: which patches were drawn anew, 0 or 1.
    """

    images_B3SS: Tensor
    filled_BGG: Tensor

    @classmethod
    def of(cls, extra: Extra) -> "RestoredPictures | None":
        """Return what a classifier left of it in its extra tensors, if it restores."""
        if HIDDEN not in extra:
            return None
        return cls(extra[RESTORED], extra[HIDDEN].view(-1, GRID, GRID).float())


@dataclass(frozen=True, slots=True)
class Reading:
    """What a network makes of a batch.

    Attributes:
        probabilities_BV: rows sum to one.
        layers: returns the attention (B, h, w) of every level, shallow to deep, raw; none from a
            network whose inside is not known.
        class_map: classes (B,) -> its own raw map of each; None if it has none.
        other_maps: further maps of the same kind, see EvalModel.other_cams.
        restored: what was seen instead, where the network restores pictures first; else None.
        valence_arousal_B2: from -1 to 1; None from a network that predicts neither.
    """

    probabilities_BV: Tensor
    layers: Callable[[], list[Tensor]] = _no_layers
    class_map: Callable[[Tensor], Tensor] | None = None
    other_maps: tuple[Callable[[Tensor], Tensor], ...] = ()
    restored: RestoredPictures | None = None
    valence_arousal_B2: Tensor | None = None


Network = Callable[[Tensor], Reading]
"""Pictures (B, 3, S, S), RGB in [0, 1] -> Reading."""

MapMethod = Callable[[Network, Tensor, Reading, Tensor], Tensor]
"""(network, pictures, what it made of them, classes (B,)) -> raw maps (B, h, w)."""


def classifier_network(
    classifier: Classifier, cam_method: CamMethod, others: Iterable[CamMethod] = ()
) -> Network:
    """Return a trained classifier, in evaluation mode, as a network.

    Args:
        classifier: the model.
        cam_method: of its own map.
        others: of further ones.
    """
    further = tuple(others)

    def read(images_B3SS: Tensor) -> Reading:
        forward = classifier(normalize_images(images_B3SS))
        return Reading(
            forward.logits_BK.float().softmax(dim=1),
            lambda: [feature.float().mean(dim=1) for feature in forward.features],
            partial(_map_of, cam_method, classifier, forward),
            tuple(partial(_map_of, other, classifier, forward) for other in further),
            RestoredPictures.of(forward.extra),
            forward.extra.get(VALENCE_AROUSAL),
        )

    return read


def _map_of(
    cam_method: CamMethod, classifier: Classifier, forward: Forward, classes_B: Tensor
) -> Tensor:
    return cam_method(classifier, forward, classes_B).float()


def own_map(network: Network, images_B3SS: Tensor, reading: Reading, classes_B: Tensor) -> Tensor:
    """Return the network's own map of each class.

    Raises:
        UsageError: if it has none.
    """
    if reading.class_map is None:
        raise UsageError(
            "cam_method", f"this model has no map of its own; take {' or '.join(BLACK_BOX_NAMES)}."
        )
    return reading.class_map(classes_B)


def black_box_map(box: BlackBox) -> MapMethod:
    """Return a black-box method as a map method."""

    def mapped(
        network: Network, images_B3SS: Tensor, reading: Reading, classes_B: Tensor
    ) -> Tensor:
        return box.method(probabilities_of(network), images_B3SS, classes_B).maps_Bhw

    return mapped


def probabilities_of(network: Network) -> Callable[[Tensor], Tensor]:
    """Return the network as a function from pictures to probabilities."""
    return lambda images_B3SS: network(images_B3SS).probabilities_BV


def choose_cam_method(name: str, own: str) -> CamMethod:
    """Return the CAM method that a network reads with; its own where a black box makes the map.

    Args:
        name: row of CAM_METHODS or BLACK_BOX_METHODS, or `method` for the method's own.
        own: row of CAM_METHODS.
    """
    if name in BLACK_BOX_METHODS:
        return CAM_METHODS[own]
    return pick({**CAM_METHODS, OWN: CAM_METHODS[own]}, name, "cam_method")


def make_black_box(name: str, options: BlackBoxOptions) -> BlackBox:
    """Return a row of BLACK_BOX_METHODS with its options."""
    return pick(BLACK_BOX_METHODS, name, "black-box method")(getattr(options, name))


def choose_map_method(name: str, options: BlackBoxOptions) -> MapMethod:
    """Return how maps are made: by a black-box method, or from the inside of the network."""
    return black_box_map(make_black_box(name, options)) if name in BLACK_BOX_METHODS else own_map


@dataclass(frozen=True, slots=True)
class EvalModel:
    """A model and how its maps are read.

    Attributes:
        network: answers pictures.
        map_method: makes the map of a class, which here is called its CAM.
        image_px: side of the picture that the network sees.
        canvas_px: side of the canvas on which maps are compared.
        codebook: what is drawn for which class of the label set.
        geometry: row of GEOMETRIES.
        device: where.
        caveat: a warning to print beside its scores; None if there is none.
        other_cams: names of further CAMs that are scored beside it.
        map_name: what its map of a class is called where it is shown.
        heads: what it predicts beside the classes, rows of ADDED_HEADS.
    """

    network: Network
    map_method: MapMethod
    image_px: int
    canvas_px: int
    codebook: Codebook
    geometry: str
    device: torch.device
    caveat: str | None = None
    other_cams: tuple[str, ...] = ()
    map_name: str = CAM
    heads: tuple[str, ...] = ()


def read_as(model: EvalModel, labels: LabelSet, codebook: str) -> EvalModel:
    """Return a model that answers with the classes of another label set.

    Its own further classes are not allowed: their share goes to the others.

    Args:
        model: which has each of these classes, by name.
        labels: the classes.
        codebook: row of CODEBOOKS.
    """
    known = model.codebook.labels
    places = tuple(number for name in labels.names if (number := known.place(name)) is not None)
    assert len(places) == len(labels)
    network = model.network

    def read(images_B3SS: Tensor) -> Reading:
        whole = network(images_B3SS)
        wanted_V = constant(places, whole.probabilities_BV.device, torch.int64)
        shares_BV = whole.probabilities_BV[:, wanted_V]
        total_B1 = shares_BV.sum(dim=1, keepdim=True)
        even_BV = torch.full_like(shares_BV, 1 / len(places))  # of a face that is all another class
        class_map = whole.class_map
        return replace(
            whole,
            probabilities_BV=torch.where(
                total_B1 > 0, shares_BV / total_B1.clamp(min=1e-30), even_BV
            ),
            class_map=class_map and partial(_map_at, class_map, wanted_V),
            other_maps=tuple(partial(_map_at, one, wanted_V) for one in whole.other_maps),
        )

    same = places == tuple(range(len(known)))
    book = codebook_of(labels, codebook)
    return replace(model, network=network if same else read, codebook=book)


def _map_at(method: Callable[[Tensor], Tensor], wanted_V: Tensor, classes_B: Tensor) -> Tensor:
    return method(wanted_V[classes_B])


def load_eval_model(
    run: Path, read: ReadingParams, black_box: BlackBoxOptions, device: torch.device
) -> tuple[EvalModel, RunCard]:
    """Load a trained model for evaluation.

    Args:
        run: output of stage train.
        read: which state, and how its maps are read.
        black_box: options of black-box methods.
        device: where.
    """
    classifier, method, card = load_run(run, read.checkpoint, device)
    own = card.cam_method(method.cam_method)
    others = other_cams(card, read)
    model = EvalModel(
        classifier_network(classifier, choose_cam_method(read.cam_method, own), others.values()),
        choose_map_method(read.cam_method, black_box),
        card.params["image_px"],
        read.canvas_px,
        codebook_of(card.labels, read.codebook),
        read.geometry,
        device,
        caveat(card, classifier.head.caveat),
        tuple(others),
        read.cam_method if read.cam_method in BLACK_BOX_NAMES else CAM,
        tuple(classifier.added),
    )
    return model, card
