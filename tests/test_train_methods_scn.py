import pytest
import torch
from torch import nn

from tests.networks import plain_cross_entropy
from train.methods.base import LevelShape
from train.methods.scn import SCNHead, correct_labels, importance_ranking, mark_important, relabel
from train.options import RankingParams, RelabelParams
from train.records import Batch, Forward

RELABEL = {"share": 0.7, "from_epoch": 10, "margin": 0.2, "scope": "batch"}


@pytest.fixture(scope="module")
def golden(golden_losses):
    return {
        name.replace("scn/", ""): value for name, value in golden_losses.items() if "scn/" in name
    }


def head_of(golden):
    head = SCNHead(LevelShape(512, 1, 1, 7))
    for layer, name in ((head.linear, "fc"), (head.importance, "alpha")):
        layer.weight = nn.Parameter(golden[f"{name}_weight"])
        layer.bias = nn.Parameter(golden[f"{name}_bias"])
    return head


def batch_of(labels):
    faces = len(labels)
    return Batch(
        torch.zeros(faces, 3, 1, 1), labels, (), torch.ones(faces).bool(), torch.Generator()
    )


def ranked(importance, margin, share=0.7):
    importance = importance.flatten()
    extra = {"importance_B": importance, "important_B": mark_important(importance, share)}
    forward = Forward(torch.zeros(len(importance), 7), (), extra=extra)
    loss = importance_ranking(RankingParams(weight=1.0, margin=margin))
    return loss.function(forward, batch_of(torch.zeros(len(importance)).long()))


def test_logits_are_weighted_as_golden(golden):
    found = head_of(golden)((golden["pooled"][..., None, None],))
    torch.testing.assert_close(found.extra["importance_B"], golden["attention"][:, 0])
    torch.testing.assert_close(found.logits_BK, golden["logits_weighted"], atol=1e-5, rtol=1e-5)
    loss = plain_cross_entropy(found, batch_of(golden["targets"])).detach()
    assert float(loss) == pytest.approx(float(golden["scalar/ce_weighted"]), abs=1e-5)


def test_the_golden_faces_are_the_important_ones(golden):
    marks = mark_important(golden["attention"][:, 0], 0.7)
    assert marks.nonzero()[:, 0].tolist() == sorted(golden["top_idx"].tolist())


@pytest.mark.parametrize("margin", [0.15, 0.07])
def test_the_ranking_is_the_golden_one(golden, margin):
    found = ranked(golden["attention_flat"], margin)
    expected = golden[f"scalar/flat_rr_margin{margin}"]
    assert float(found) == pytest.approx(float(expected), abs=1e-6)
    assert ranked(golden["attention"], margin) == 0


def test_an_active_ranking_lifts_the_important_faces_and_lowers_the_others(golden):
    importance = golden["attention_flat"].flatten().clone().requires_grad_()
    ranked(importance, 0.15).backward()
    marks = mark_important(importance, 0.7)
    torch.testing.assert_close(importance.grad[marks], torch.full((11,), -1 / 11))
    torch.testing.assert_close(importance.grad[~marks], torch.full((5,), 1 / 5))


@pytest.mark.parametrize("faces", [1, 2])
def test_a_batch_without_both_groups_or_with_two_faces_is_no_error(faces):
    found = ranked(torch.full((faces,), 0.5), 0.15)
    assert found.isfinite()
    assert (found == 0) == (faces == 1)


def test_labels_change_as_golden(golden):
    labels = golden["targets"]
    found = correct_labels(golden["relabel_logits"], labels, 0.2)
    changed = (found != labels).nonzero()[:, 0]
    assert changed.tolist() == golden["relabel_selected"].tolist()
    assert found[changed].tolist() == golden["relabel_new_labels"].tolist()


def sure_of(expression):
    """Four faces of class 0, of which the model is sure that they are another."""
    logits = torch.zeros(4, 7)
    logits[:, expression] = 9.0
    marks = {"important_B": torch.tensor([True, True, True, False])}
    return Forward(logits, (), extra=marks), batch_of(torch.zeros(4).long())


def test_labels_change_only_from_their_epoch_on():
    change = relabel(RelabelParams(**RELABEL)).relabel
    assert change(*sure_of(5), 8).tolist() == [0, 0, 0, 0]
    assert change(*sure_of(5), 9).tolist() == [5, 5, 5, 5]


def test_the_papers_scope_changes_only_unimportant_faces():
    change = relabel(RelabelParams(**{**RELABEL, "scope": "low"})).relabel
    assert change(*sure_of(5), 9).tolist() == [0, 0, 0, 5]
