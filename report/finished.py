"""What the page depends on, and whether it is there.

Without matplotlib, whose import takes seconds: a finished page is found at once.
"""

from pathlib import Path
from typing import Any

from contracts.files import MANIFEST, SCORES
from report.params import ReportParams
from store.building import read_fingerprint, read_manifest

SURVEY = "survey.json"
VERSION = 15


def page_fingerprint(results: Path, params: ReportParams) -> dict[str, Any]:
    """Return what the page is made from: every finished result and survey, by its digest.

    Raises:
        NoInputError: if one is not finished.
        CorruptError: if a manifest is not the one that was written.
    """
    files = sorted([*results.glob(f"*/*/*/*/{SCORES}"), *results.glob(f"*/survey/{SURVEY}")])
    places = [file.parent.relative_to(results) for file in files]
    shown = [one for one in places if not any(part.startswith(".") for part in one.parts)]
    return {
        "stage": "report",
        "version": VERSION,
        "params": params.model_dump(mode="json"),
        "results": {one.as_posix(): read_manifest(results / one)["sha256"] for one in shown},
    }


def is_reported(results: Path, out: Path, params: ReportParams) -> bool:
    """Say whether exactly these results are on the page, and all its files are there.

    The versions of libraries that the page names are those that it was made with.
    """
    if not (out / MANIFEST).exists():
        return False
    if read_fingerprint(out) != page_fingerprint(results, params):
        return False
    files = read_manifest(out)["files"]
    return all(
        (out / name).is_file() and (out / name).stat().st_size == file["bytes"]
        for name, file in files.items()
    )
