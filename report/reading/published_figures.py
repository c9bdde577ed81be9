"""What was published, to print beside what was measured here; none of it was measured by AULens."""

from functools import cache
from pathlib import Path

from contracts.files import Contract
from contracts.labels import LabelSet
from labels.reading import PUBLISHED, read_labels
from report.tables.table import ABSENT

FOLDER = Path(__file__).with_name("published")

SWEPT = {
    "alignment.weight": "Published: agreement saturates at a weight of about 8, accuracy on RAF-DB "
    "is best at about 4.",
    "alignment.layers": "Published on RAF-DB: CAM-COS .58, .57, .56, .61 and .70 for layers 1 to "
    "5, each alone.",
}
"""Setting -> what the published study of it found (Belharbi et al., FG 2024)."""


class PublishedRow(Contract):
    """One published run; scores are shares, None where no figure is at hand."""

    method: str
    variant: str
    train: str
    test: str
    accuracy: float
    balanced_accuracy: float | None = None
    cam_cos: float | None = None
    att_cos: float | None = None
    recall: dict[str, float] | None = None

    @property
    def is_home(self) -> bool:
        """Whether it was scored on the dataset that it was trained on."""
        return self.train == self.test

    def printed(self, score: str) -> str:
        """Print a score with its published decimals: two of a cosine, four of a share."""
        value: float | None = getattr(self, score, None)
        if value is None:
            return ABSENT
        return f"{value:.2f}" if score.endswith("_cos") else f"{value:.4f}"


class Publication(Contract):
    """One paper's figures: where they are from, how they were made, and a remark."""

    source: str
    setting: str
    remark: str
    rows: list[PublishedRow]


@cache
def publications() -> tuple[Publication, ...]:
    """Return every paper's figures, in the order of their files."""
    files = sorted(FOLDER.glob("*.json"))
    return tuple(Publication.model_validate_json(file.read_bytes()) for file in files)


def published_rows(method: str) -> list[PublishedRow]:
    """Return all published runs of a method."""
    return [row for one in publications() for row in one.rows if row.method == method]


def compares(labels: LabelSet) -> bool:
    """Return whether these are the classes that the published systems tell apart."""
    return {*labels.names} == {*read_labels(PUBLISHED).names}


def cited(methods: set[str]) -> list[Publication]:
    """Return the papers with a row of one of these methods."""
    return [one for one in publications() if any(row.method in methods for row in one.rows)]
