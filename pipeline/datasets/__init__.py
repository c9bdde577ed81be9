"""Readers of datasets: (root, options) -> samples, in a fixed order.

Files:
    affectnet.py           what both releases of AffectNet share
    affectnet_csv.py       AffectNet as tables and numbered folders (2017 to 2020)
    affectnet_kaggle.py    AffectNet's copy on Kaggle with labels.csv
    affectnet_npy.py       AffectNet as numbered pictures with .npy files (since 2021)
    au_cells.py            action units in a field of a table
    ck_plus.py             CK+: sequences from neutral to a peak
    csv_columns.py         which column of a table holds what
    csv_fields.py          picture, person, box and landmarks in a row of a table
    csv_table.py           reader `csv`: one table that names every picture
    expw.py                ExpW: several faces per picture
    ferplus.py             FER+: ten votes per face, and how they become a label
    folder.py              reader `folder`: one folder per expression
    jaffe.py               JAFFE, by the names of its pictures
    kdef.py                KDEF, by the names of its pictures
    label_shares.py        several people's labels of one face: option `shares`
    landmark_lists.py      published landmarks, joined to samples by the picture's path
    mma.py                 MMA Facial Expression
    open_expressions.py    muxspace/facial_expressions
    path_patterns.py       persons and expressions from paths: options `person`, `expression`
    published_folds.py     lists, class ids and landmarks of Belharbi et al.
    raf_db.py              RAF-DB, the basic and the compound set
    raf_db_annotations.py  RAF-DB's annotations: five points, attributes, box
    reader.py              what a reader is, and what readers share
    sfew.py                SFEW 2.0
    table.py               label files, read strictly and line by line
    valence_arousal.py     valence and arousal in a field of a table
    walking.py             everything below a folder: pictures, litter, links
    yolo.py                boxes in YOLO's layout
"""

from pipeline.datasets.affectnet_csv import AFFECTNET_CSV
from pipeline.datasets.affectnet_kaggle import AFFECTNET_KAGGLE
from pipeline.datasets.affectnet_npy import AFFECTNET_NPY
from pipeline.datasets.ck_plus import CK_PLUS
from pipeline.datasets.csv_table import CSV, DEMO
from pipeline.datasets.expw import EXPW
from pipeline.datasets.ferplus import FERPLUS
from pipeline.datasets.folder import FOLDER
from pipeline.datasets.jaffe import JAFFE
from pipeline.datasets.kdef import KDEF
from pipeline.datasets.mma import MMA
from pipeline.datasets.open_expressions import OPEN_EXPRESSIONS
from pipeline.datasets.published_folds import PUBLISHED_FOLDS
from pipeline.datasets.raf_db import RAF_DB, RAF_DB_COMPOUND
from pipeline.datasets.reader import Reader
from pipeline.datasets.sfew import SFEW
from pipeline.datasets.yolo import YOLO

AUTO = "auto"
"""Instead of a reader: the one that fits what lies in the dataset's folder."""

DATASETS: dict[str, Reader] = {
    "demo": DEMO,
    "csv": CSV,
    "folder": FOLDER,
    "raf_db": RAF_DB,
    "raf_db_compound": RAF_DB_COMPOUND,
    "affectnet_npy": AFFECTNET_NPY,
    "affectnet_csv": AFFECTNET_CSV,
    "affectnet_kaggle": AFFECTNET_KAGGLE,
    "ferplus": FERPLUS,
    "sfew": SFEW,
    "mma": MMA,
    "open_expressions": OPEN_EXPRESSIONS,
    "expw": EXPW,
    "ck_plus": CK_PLUS,
    "kdef": KDEF,
    "jaffe": JAFFE,
    "yolo": YOLO,
    "published_folds": PUBLISHED_FOLDS,
}
