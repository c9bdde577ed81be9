"""What the numbers in a store's arrays are: attributes of the zarr and of the HDF5 arrays.

Every array says what it is; `unit`, `scale`, `order` and `frame` where it has them. A stored value
times its scale is in its unit. docs/stores.md shows them to readers.
"""

from collections.abc import Sequence

from anatomy.landmarks import REGIONS
from store.reading import POINT_STEPS_PER_PX

Attributes = dict[str, str | float]

_POINT_ORDER = "x then y of 68 points in iBUG order (left is the viewer's): " + ", ".join(
    f"{name} {points[0]}-{points[-1]}" for name, points in REGIONS.items()
)
_CROP = (
    "the crop in array image of stage align; (0, 0) is the centre of its top left pixel, "
    "x to the right, y down"
)
_WHOLE_CROP = "the maps' edges are those of the crop, whatever their size"
_FAILED = "; all zero where valid is 0"

VALID: Attributes = {"what": "1: the row can be used; 0: it cannot, status.csv says why"}
IMAGE: Attributes = {
    "what": f"upright crop of the face{_FAILED}",
    "unit": "grey level of sRGB, 0 to 255",
    "order": "row, column, channel (red, green, blue)",
}
DETECTED_POINTS: Attributes = {
    "what": f"landmarks by which the face was cropped; NaN where none were found{_FAILED}",
    "unit": "px",
    "order": _POINT_ORDER,
    "frame": _CROP,
}
GIVEN_POINTS: Attributes = {
    **DETECTED_POINTS,
    "what": f"landmarks that came with the dataset; NaN where there are none{_FAILED}",
}
MATRIX: Attributes = {
    "what": "affine map (2, 3) from the picture, upright by its EXIF data, to the crop: "
    "crop = matrix[:, :2] @ (x, y) + matrix[:, 2]",
    "unit": "px",
    "frame": _CROP,
}
INSIDE_FRACTION: Attributes = {
    "what": "share of the crop that lies inside the picture",
    "unit": "1",
}
MASK: Attributes = {
    "what": "1: this patch of the face is covered by what was drawn before it",
    "order": "row, column of 14 x 14 patches",
    "frame": "the grid covers the whole crop",
}
VALENCE_AROUSAL: Attributes = {
    "what": "how pleasant and how excited the face looks, as the dataset says; NaN where it does "
    "not say",
    "unit": "1, from -1 to 1",
    "order": "valence, arousal",
}
LANDMARKS: Attributes = {
    "what": f"landmarks{_FAILED}",
    "unit": "px",
    "scale": 1 / POINT_STEPS_PER_PX,
    "order": _POINT_ORDER,
    "frame": _CROP,
}


def au_attributes(units: Sequence[int]) -> Attributes:
    """Describe the intensities of the faces' own action units."""
    return {
        "what": "how strongly each action unit shows on the face, as coded in the dataset; 0: "
        "absent, 1: FACS's maximum (E); NaN where it was not coded",
        "unit": "1",
        "order": "action unit: " + ", ".join(f"AU{unit}" for unit in units),
    }


def share_attributes(classes: Sequence[str]) -> Attributes:
    """Describe the shares of the classes in several people's labels of a face."""
    return {
        "what": "share of each class in the labels that several people gave the face; NaN where "
        "they are not known",
        "unit": "1",
        "order": f"class: {', '.join(classes)}",
    }


def heatmap_attributes(kind: str, classes: Sequence[str]) -> Attributes:
    """Describe the maps of one kind.

    Args:
        kind: row of HEATMAPS.
        classes: of each map of a sample; none if it is a single one.
    """
    expressions = f"expression ({', '.join(classes)}), " if classes else ""
    return {
        "what": f"heatmap of kind {kind}; all zero where valid is 0",
        "unit": "1",
        "scale": 1 / 255,
        "order": f"{expressions}row, column",
        "frame": _WHOLE_CROP,
    }
