"""One face of the demo dataset, from three numbers. P = 98 control points, S picture side in px."""

import cv2
import numpy as np
from numpy.typing import NDArray

from anatomy.landmarks import FLIP, POINTS
from demo import backdrop, creases, mouth, photo, retouch, view, warp
from demo.action_units import expressions, facs_intensities
from demo.expression import expressed, intensities
from demo.person import varied
from demo.portrait import moved, resting_points

Points = NDArray[np.float64]

SMALLEST_PX = 32
_NODES = 61  # with 41, near-folded lids and lips stray twice as far from their landmarks
_WORKING_PX = 160  # below this, paint is coarser than a pixel: draw larger and shrink


def drawn_units(seed: int, expression: int, number: int, variety: float = 0.0) -> dict[int, float]:
    """Return the action units that `render` draws: FACS number -> intensity in (0, 1]."""
    rng = np.random.default_rng([seed, expression, number])
    return facs_intensities(intensities(expression, rng, variety))


def render(
    seed: int, expression: int, number: int, size_px: int, variety: float = 0.0
) -> tuple[NDArray[np.uint8], Points]:
    """Draw one face; equal arguments give equal bytes.

    Args:
        seed: the dataset's, not negative; splits use different ones.
        expression: id, see demo.action_units.expressions.
        number: of the face within its seed and expression, not negative.
        size_px: side of the square picture, at least 32.
        variety: how much faces of one expression differ in their action units, 0 to 1.

    Returns:
        image_HW3: RGB.
        landmarks_L2: (68, 2), (x, y) in px of that picture, pixel centres at integers, iBUG order;
            all inside.

    Raises:
        ValueError: if an argument is out of its range.
    """
    _check(seed, expression, number, size_px)
    rng = np.random.default_rng([seed, expression, number])
    times = -(-_WORKING_PX // size_px)
    side = size_px * times
    chosen = intensities(expression, rng, variety)
    resting = resting_points()
    target = expressed(varied(resting, rng), chosen, rng)
    to_picture = view.placed(target[:POINTS], side, rng)
    face = _warped(target, resting, to_picture, side)
    points = moved(target, to_picture)
    unit = float(np.sqrt(abs(np.linalg.det(to_picture[:, :2]))))
    skin = creases.folded(face[..., :3], points, chosen, unit)
    person = mouth.painted(skin, points, unit)
    behind = backdrop.draw(rng, side)
    together = behind + (person - behind) * face[..., 3:]
    if times > 1:
        together = cv2.resize(together, (size_px, size_px), interpolation=cv2.INTER_AREA)
    landmarks = (points[:POINTS] + 0.5) / times - 0.5
    is_mirrored = np.linalg.det(to_picture[:, :2]) < 0
    return photo.taken(together, rng), landmarks[list(FLIP)] if is_mirrored else landmarks


def _warped(
    target_P2: Points, resting_P2: Points, to_picture: Points, side_px: int
) -> NDArray[np.float32]:
    """Return the face carried from its resting to its target points, (S, S, 4) RGBA in [0, 1]."""
    x, y = np.meshgrid(*[warp.grid(side_px, _NODES)] * 2)
    at = moved(np.column_stack([x.ravel(), y.ravel()]), view.inverse(to_picture))
    source = warp.thin_plate_spline(target_P2, resting_P2, at)
    nodes = moved(source, retouch.eyes_to_canvas()).reshape(_NODES, _NODES, 2)
    lookup = warp.dense(nodes, side_px, side_px)
    rgba: NDArray[np.uint8] = cv2.remap(
        retouch.neutral_face(), lookup, None, cv2.INTER_LINEAR, None, cv2.BORDER_REPLICATE
    )
    return rgba.astype(np.float32) / np.float32(255)


def _check(seed: int, expression: int, number: int, size_px: int) -> None:
    """Raise ValueError if an argument of `render` is out of its range."""
    if min(seed, number) < 0:
        raise ValueError(f"seed and number must not be negative; got {seed} and {number}")
    if not 0 <= expression < len(expressions()):
        raise ValueError(f"expression must be 0 to {len(expressions()) - 1}; got {expression}")
    if size_px < SMALLEST_PX:
        raise ValueError(f"size_px must be at least {SMALLEST_PX}; got {size_px}")
