"""What was published, to print beside what was measured here; none of it was measured by AULens."""

from dataclasses import dataclass

SOURCE = "Belharbi et al., FG 2024 (arXiv 2402.00281)"
SETTING = (
    "ResNet-50 with ImageNet weights, faces of 224 px, the whole RAF-DB (100 epochs) or AffectNet "
    "(20 epochs) for training, and the checkpoint that is best on the test split"
)


@dataclass(frozen=True, slots=True)
class Figures:
    """One published run. accuracy is a share; None where no figure is at hand."""

    accuracy: float
    cam_cos: float | None = None
    att_cos: float | None = None


PUBLISHED: dict[str, dict[str, dict[str, Figures]]] = {
    "cam": {
        "RAF-DB": {"plain": Figures(0.8820, 0.55, 0.57), "aligned": Figures(0.8895, 0.70, 0.85)},
        "AffectNet": {"plain": Figures(0.6088, 0.56, 0.64), "aligned": Figures(0.6237, 0.69, 0.82)},
    },
    "gradcam": {
        "RAF-DB": {"plain": Figures(0.8839)},
        "AffectNet": {"plain": Figures(0.6077)},
    },
    "gradcam_pp": {
        "RAF-DB": {"plain": Figures(0.8784)},
        "AffectNet": {"plain": Figures(0.6022)},
    },
    "layercam": {
        "RAF-DB": {"plain": Figures(0.8790)},
        "AffectNet": {"plain": Figures(0.6077)},
    },
}
"""Method -> dataset -> plain or aligned -> figures. The four share one network, so their spread
without alignment is that of repeating a run."""

SWEPT = {
    "alignment.weight": "Published: agreement saturates at a weight of about 8, accuracy on RAF-DB "
    "is best at about 4.",
    "alignment.layers": "Published on RAF-DB: CAM-COS .58, .57, .56, .61 and .70 for layers 1 to "
    "5, each alone.",
}
"""Setting -> what the published study of it found."""
