"""Pictures of several demo faces, and datasets that give a box for one face of each."""

import cv2
import numpy as np
from PIL import Image

from anatomy.landmarks import five_landmarks
from demo.render import render
from pipeline.faces.boxes import box_of
from tests.miniatures import CSV_HEADER, put
from tests.pictures import saved


def scene(height, width, *people):
    """Place demo faces on a grey ground.

    Args:
        height: of the picture.
        width: of the picture.
        people: (number of the face, x, y, side) of each, px.

    Returns:
        The picture, and the 68 points of each face.
    """
    coarse = np.random.default_rng(0).integers(90, 140, (height // 16, width // 16, 3), np.uint8)
    picture = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    placed = []
    for number, x, y, side in people:
        face, points = render(1, number % 7, number, side)
        picture[y : y + side, x : x + side] = face
        placed.append(np.add(points, (x, y)))
    return picture, placed


def covered(picture, face_L2):
    """Lay a grey rectangle over a face."""
    x, y, width, height = (round(number) for number in box_of(face_L2))
    top, side = max(0, y - height // 2), max(0, x - width // 8)
    picture[top : y + height + height // 8, side : x + width + width // 8] = 120
    return picture


def write_csv(root, rows):
    """rows: (picture, points of its boxed face)."""
    lines = [
        f"{number:05d}.png,fear,train,{' '.join(map(str, box_of(face)))}"
        for number, (_, face) in enumerate(rows)
    ]
    put(root, "labels.csv", text="\n".join(["file,expression,split,box", *lines]) + "\n")
    return _pictures(root, rows, "{:05d}.png", "PNG")


def write_affectnet(root, rows):
    """As write_csv; boxes in whole px, as published."""
    lines = []
    for number, (_, face) in enumerate(rows):
        box = ",".join(str(round(value)) for value in box_of(face))
        lines.append(f"1/{number:05d}.jpg,{box},null,4,0,0")
    table = "Manually_Annotated_file_lists/training.csv"
    put(root, table, text="\n".join([CSV_HEADER, *lines]) + "\n")
    return _pictures(root, rows, "Manually_Annotated_Images/1/{:05d}.jpg", "JPEG")


def write_raf_db(root, rows):
    """As write_csv; a box by its corners, and five points."""
    lines = [f"train_{number:05d}.jpg 2\n" for number in range(len(rows))]
    put(root, "EmoLabel/list_patition_label.txt", text="".join(lines))
    for number, (_, face) in enumerate(rows):
        x, y, width, height = box_of(face)
        points = "\n".join(f"{px}\t{py}" for px, py in five_landmarks(face))
        stem = f"train_{number:05d}"
        put(root, f"Annotation/manual/{stem}_manu_attri.txt", text=f"{points}\n1\n2\n3\n")
        corners = f"{x} {y} {x + width} {y + height} \n"
        put(root, f"Annotation/boundingbox/{stem}_boundingbox.txt", text=corners)
    return _pictures(root, rows, "Image/original/train_{:05d}.jpg", "JPEG")


def _pictures(root, rows, name, kind):
    for number, (picture, _) in enumerate(rows):
        put(root, name.format(number), text=saved(Image.fromarray(picture), kind, quality=92))
    return root


WRITERS = {"csv": write_csv, "affectnet_csv": write_affectnet, "raf_db": write_raf_db}
"""Reader with boxes -> what writes a dataset for it."""
