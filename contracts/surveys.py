"""audit.json of stage index, and survey.json of stage survey: what became of a dataset's pictures.

A count by split, expression or status is a dict: name -> pictures.
"""

from pydantic import Field

from contracts.files import Contract

Counts = dict[str, int]


class SetsFound(Contract):
    """Sets of pictures that have something in common.

    Attributes:
        sets: how many. pictures: in all sets. across_splits: sets in more than one split.
        first: some sets, those across splits first; each of (picture, split).
    """

    sets: int
    pictures: int
    across_splits: int
    first: list[list[tuple[str, str]]]


class FilesFound(Contract):
    """Single files.

    Attributes:
        pictures: how many files or folders. first: the first names.
        statuses, kinds: by status, by ending; empty where files have none or all have the same.
    """

    pictures: int
    first: list[str]
    statuses: Counts = Field(default_factory=dict)
    kinds: Counts = Field(default_factory=dict)


class Findings(Contract):
    """What is wrong with a dataset: see pipeline.indexing.audit and pipeline.indexing.unread."""

    same_content: SetsFound
    look_alike: SetsFound
    same_person: SetsFound
    contradicting_labels: SetsFound
    unusable: FilesFound
    too_large: FilesFound
    unnamed: FilesFound
    not_read: FilesFound
    litter: FilesFound
    dead_links: FilesFound
    locked: FilesFound


class DatasetSummary(Contract):
    """What the reader found.

    Attributes:
        reader: row of DATASETS. saw: the files it was chosen by; empty if it was named.
        listed, published: by split; a picture without one counts as `all`.
        left_out: reason -> by split.
        note: what users of this dataset should know; may be empty.
    """

    reader: str
    saw: str
    listed: Counts
    published: Counts
    left_out: dict[str, Counts]
    note: str


class AUCoverage(Contract):
    """On which pictures action units of their own were coded.

    Attributes:
        units: FACS numbers that were coded on any picture.
        coded, active, total: pictures on which any was coded, on which one of them acts, and all.
        missing: reason -> pictures without, where a table was joined.
        unused_rows: of that table, which fit no picture.
    """

    units: list[int]
    coded: int
    active: int
    total: int
    missing: Counts
    unused_rows: int


class ShareCoverage(Contract):
    """On which pictures several people's labels are known, as shares of the classes.

    Attributes:
        known, total: pictures with shares, and all.
        agreement: mean of the largest share; votes: how many there are per picture, on average.
        tied: pictures on which several classes have the largest share.
        differing: pictures whose label is none of these.
        outside: pictures with votes for what is no class of the label set; outside_share: of all
            votes.
    """

    known: int
    total: int
    agreement: float
    votes: float
    tied: int
    differing: int
    outside: int
    outside_share: float


class Audit(Contract):
    """audit.json.

    Attributes:
        counts: split -> by expression. persons: by split.
        summary: what the reader found. found: what is wrong. lines: the same as text.
        remarks: how the folder was read. warnings: why scores may mislead.
        aus: of the pictures' own action units; None if none was coded.
        shares: of several people's labels; None if there are none.
    """

    counts: dict[str, Counts]
    persons: Counts
    summary: DatasetSummary
    found: Findings
    lines: list[str]
    remarks: list[str]
    warnings: list[str]
    aus: AUCoverage | None
    shares: ShareCoverage | None


class FailedRow(Contract):
    """A picture without a usable face: its row of the status table."""

    id: str
    expression: str
    status: str
    detail: str


class Survey(Contract):
    """survey.json.

    Attributes:
        dataset, notice: of the dataset.
        classes: names, in the order of their ids.
        audit: of its index.
        status: by status. by_expression: expression -> by status.
        backend, remark: of usable faces: by detector, by word of the detail.
        occluded: usable faces that look occluded; None if there are too few to know what is usual.
        failed: some that failed, as many as in pictures.npz.
    """

    dataset: str
    notice: str | None
    classes: tuple[str, ...]
    audit: Audit
    status: Counts
    by_expression: dict[str, Counts]
    backend: Counts
    remark: Counts
    occluded: int | None
    failed: list[FailedRow]
