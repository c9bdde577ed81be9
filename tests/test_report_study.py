"""A small study, really trained: what evaluate leaves is what the report reads."""

import csv
from itertools import product

import pytest
import torch

from contracts.repeats import Repeat
from params import load
from progress import silent
from report.page import write_report
from report.params import ReportParams
from report.reading.results import load_studies
from train.data.stores import Stores
from train.evaluation.stage import EvaluationInputs, evaluate
from train.fitting.stage import train
from train.runs import Run

CPU = torch.device("cpu")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def written(tiny, checkout, tmp_path_factory):
    """Results and page of two variants with two seeds each, two epochs long."""
    root = tmp_path_factory.mktemp("study")
    shipped = load(checkout / "params.yaml")
    scoring = {"sheet_px": 16, "sheet_per_class": 1, "bootstrap": 50, "split": "all", "batch": 42}
    for variant, seed in product(("plain", "aligned"), range(2)):
        params = shipped.training("demo", "cam", variant).params
        quick = params.model_copy(update={"image_px": 32, "epochs": 2, "batch": 28})
        heatmaps = tiny.heatmaps if params.alignment else None
        stores = Stores.open(tiny.faces, tiny.landmarks, heatmaps)
        run = root / f"runs/{variant}/seed{seed}"
        run.parent.mkdir(parents=True, exist_ok=True)
        train(stores, run, Run("cam", variant, Repeat(seed), quick, CPU), silent)
        out = root / f"results/tiny/cam/{variant}/seed{seed}"
        out.parent.mkdir(parents=True, exist_ok=True)
        source = EvaluationInputs(run, tiny.faces, tiny.landmarks, CPU)
        evaluate(source, out, shipped.evaluate.model_copy(update=scoring), silent)
    report = ReportParams(title="Small", sheet_faces=2)
    return root, write_report(root / "results", root / "pages", report)


def test_the_page_compares_the_variants_seed_by_seed(written):
    root, page = written
    text = page.read_text()
    assert "aligned against plain, 2 pairs of seeds" in text
    with (root / "pages/tables/study.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["variant"], row["seeds"]) for row in rows[:2]] == [
        ("plain", "2"),
        ("aligned", "2"),
    ]


def test_curves_of_both_epochs_are_on_the_page(written):
    root, page = written
    (study,) = load_studies(root / "results")
    curves = study.baseline.shown.curves
    assert len(curves["val/accuracy"].values) == 2
    assert 'id="curves"' in page.read_text()
    assert (root / "pages/figures/tiny__cam__curves.png").exists()


def test_scores_follow_from_the_faces_that_were_kept(written):
    root, _ = written
    (study,) = load_studies(root / "results")
    for run in study.repeats:
        assert run.faces.is_right.mean() == pytest.approx(run.scores.accuracy)
        valid = run.faces.valid_N
        assert int(valid.sum()) == run.scores.attention.n_valid
