import pytest
import torch
from torch import nn

from errors import DataError, UsageError
from train.examination.card_files import read_card
from train.examination.onnx_model import onnx_model

pytest.importorskip("onnxruntime", reason="make setup installs it")

CPU = torch.device("cpu")
IMAGES = torch.rand(5, 3, 16, 16)


class Mean(nn.Module):
    """Scores are the means of the channels and of their halves."""

    def forward(self, image):
        return torch.cat([image.mean(dim=(2, 3)), image[..., :8].mean(dim=(2, 3))], dim=1)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """A graph with a fixed batch of two."""
    out = tmp_path_factory.mktemp("onnx") / "mean.onnx"
    torch.onnx.export(
        Mean(), (torch.rand(2, 3, 16, 16),), out, dynamo=False, input_names=["image"],
        output_names=["scores"],
    )  # fmt: skip
    return out


def card(**changes):
    plain = {"input_px": 16, "mean": (0.0,), "std": (1.0,)}
    return read_card("hsemotion_b0_8").model_copy(update=plain | changes)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_fixed_batch_is_filled_up_and_cut_again(file):
    answers = onnx_model(file, card(), CPU)(IMAGES)
    torch.testing.assert_close(torch.from_numpy(answers.scores_BK), Mean()(IMAGES))
    assert answers.attention_Bhw is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"input_px": 24}, r"shape \(3, 16, 16\); the card says \(3, 24, 24\)"),
        ({"layout": "nhwc"}, r"the card says \(16, 16, 3\)"),
        ({"channels": "grey"}, r"the card says \(1, 16, 16\)"),
    ],
)
def test_a_card_with_other_shapes_is_refused(file, changes, message):
    with pytest.raises(DataError, match=message):
        onnx_model(file, card(**changes), CPU)


def test_an_output_that_there_is_not_names_the_known_ones(file):
    outputs = card().outputs.model_copy(update={"cam": "heat"})
    with pytest.raises(UsageError, match="no output 'heat'; known: scores"):
        onnx_model(file, card(outputs=outputs), CPU)


def test_what_is_no_onnx_file_is_refused(tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"nothing of the kind")
    with pytest.raises(DataError, match="no ONNX file that onnxruntime opens"):
        onnx_model(tmp_path / "model.onnx", card(), CPU)
