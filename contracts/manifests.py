"""MANIFEST.json: what a finished output is made of.

Its seal says that nobody changed it by accident, not who wrote it, so everything in it is checked:
a name in it is joined to the output's folder.
"""

import unicodedata
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field

from contracts.files import MANIFEST, Contract
from contracts.labels import LabelSet
from errors import CorruptError

Count = Annotated[int, Field(ge=0, lt=2**53)]
Side = Annotated[int, Field(ge=1, le=1 << 16)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_STRANGE = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode's control characters, undecodable bytes, and what ends a line or a paragraph."""


def _inside(name: str) -> str:
    """Refuse a name that does not stay inside the output, or that spells a path in a second way."""
    if any(unicodedata.category(char) in _STRANGE or char == "\\" for char in name):
        raise ValueError("has characters that no file of an output has")
    pure = PurePosixPath(name)
    if pure.is_absolute() or ".." in pure.parts or name in ("", ".", MANIFEST) or str(pure) != name:
        raise ValueError("does not stay inside the output")
    return name


FileName = Annotated[str, AfterValidator(_inside)]


class FileRecord(Contract):
    """Size and SHA-256 of a file."""

    model_config = ConfigDict(strict=True)

    bytes: Count
    sha256: Digest


class ArrayRecord(Contract):
    """What a sample of an array looks like."""

    model_config = ConfigDict(strict=True)

    shape: list[Count]
    dtype: Annotated[str, Field(pattern=r"^(bool|u?int(8|16|32|64)|float(16|32|64))$")]
    attributes: dict[str, str | int | float] = Field(default_factory=dict)
    codec: Literal["raw", "jpeg"] = "raw"


class LayoutRecord(Contract):
    """Arrays of a store; they share rows and rows per shard."""

    model_config = ConfigDict(strict=True)

    rows: Count
    shard_rows: Annotated[int, Field(ge=1, lt=2**31)]
    arrays: Annotated[
        dict[Annotated[str, Field(pattern=r"^\w[\w.-]*$")], ArrayRecord], Field(min_length=1)
    ]


class NoLayout(Contract):
    """Of an output without arrays: {}."""


class MetadataRecord(Contract):
    """What is known of the dataset, passed on from store to store; stages add keys of their own.

    Keys may be missing, and are read from the manifest itself: the defaults say nothing.
    """

    model_config = ConfigDict(strict=True, extra="allow")

    dataset: str = ""
    reader: str = ""
    root: str = ""
    notice: str | None = None
    labels: LabelSet = Field(default=None)  # type: ignore[assignment]  # says nothing, see above
    follow_links: bool = False
    size_px: Side = 1
    canvas_px: Side = 1
    kind: str = ""
    options: dict[str, Any] = Field(default_factory=dict)
    attributes: list[str] = Field(default_factory=list)
    units: list[int] = Field(default_factory=list)


class Manifest(Contract):
    """A manifest, without its seal."""

    model_config = ConfigDict(strict=True)

    format: Annotated[Literal[1], Field(alias="schema")]
    metadata: MetadataRecord
    layout: LayoutRecord | NoLayout
    files: dict[FileName, FileRecord]


class Metadata(dict[str, Any]):
    """Metadata of a finished output; a key that is missing is an error that names its manifest."""

    def __init__(self, values: Mapping[str, Any], output: Path) -> None:
        super().__init__(values)
        self._output = output

    def __missing__(self, key: str) -> Any:  # noqa: ANN401 - it only raises
        raise CorruptError(
            self._output / MANIFEST,
            f"its metadata has no '{key}'. Is it the output of the right stage? Else delete the "
            "folder and run `dvc repro` to build it again.",
        )
