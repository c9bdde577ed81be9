import hashlib
import logging
import os
import pickle

import numpy as np
import pytest
import safetensors.torch
import torch

from errors import CorruptError, DataError, NoInputError, UsageError
from train.methods.weight_files import (
    WRAPPINGS,
    match_names,
    read_weight_file,
    read_weights,
    tensors_of,
    unwrap_state_dict,
    warn_of_unused,
)

WEIGHTS = {"conv1.weight": torch.ones(2, 3), "fc.weight": torch.zeros(7, 2)}


def saved(path, content):
    torch.save(content, path)
    return path


def unwrapped(content):
    return tensors_of(unwrap_state_dict(content))


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_what_a_training_loop_put_around_weights_is_taken_off(wrapping):
    assert set(unwrapped({wrapping: WEIGHTS, "epoch": 3})) == set(WEIGHTS)


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "_orig_mod.module.", "model.", "net."])
def test_what_was_put_before_every_name_is_taken_off(prefix):
    content = {"state_dict": {f"{prefix}{name}": value for name, value in WEIGHTS.items()}}
    assert set(unwrapped(content)) == set(WEIGHTS)


def test_a_part_is_taken_off_only_where_every_weight_has_it():
    content = {"model.conv1.weight": torch.ones(1), "fc.weight": torch.ones(1)}
    assert set(unwrapped(content)) == set(content)


def test_the_counter_of_averaged_weights_is_no_weight():
    content = {"n_averaged": torch.tensor(3), "module.conv1.weight": torch.ones(1)}
    assert set(unwrapped(content)) == {"conv1.weight"}


def test_of_several_state_dicts_one_is_taken_and_named(tmp_path, caplog):
    content = {"model": WEIGHTS, "ema": {"other": torch.ones(1)}}
    with caplog.at_level(logging.WARNING):
        found = unwrap_state_dict(content, tmp_path / "two.pt")
    assert set(found) == set(WEIGHTS)
    assert "holds model and ema; took model." in caplog.text


@pytest.mark.parametrize("number", [np.float64(0.5), np.float32(0.5), np.int64(3), np.bool_(True)])
def test_a_number_of_numpy_may_lie_beside_the_weights(tmp_path, number):
    path = saved(tmp_path / "best.pt", {"state_dict": WEIGHTS, "best": number})
    assert read_weight_file(path).content["best"] == number


def test_the_digest_of_a_file_is_kept(tmp_path):
    path = saved(tmp_path / "w.pt", WEIGHTS)
    assert read_weight_file(path).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_safetensors_are_read(tmp_path):
    safetensors.torch.save_file(WEIGHTS, tmp_path / "w.safetensors")
    found = read_weight_file(tmp_path / "w.safetensors").content
    torch.testing.assert_close(found["conv1.weight"], WEIGHTS["conv1.weight"])


def test_a_pickle_of_arrays_is_read(tmp_path):
    path = tmp_path / "resnet50_ft_weight.pkl"
    path.write_bytes(pickle.dumps({"conv1.weight": np.ones((2, 3), np.float32)}))
    torch.testing.assert_close(read_weight_file(path).content["conv1.weight"], torch.ones(2, 3))


class Gadget:
    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return os.mkdir, (str(self.trace),)


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_a_file_that_runs_code_does_not_run(tmp_path, suffix):
    trace = tmp_path / "trace"
    path = saved(tmp_path / f"evil{suffix}", {"encoder": Gadget(trace)})
    with pytest.raises(DataError, match="no plain state dict"):
        read_weight_file(path)
    assert not trace.exists()


def test_a_whole_model_is_refused_with_the_way_out(tmp_path):
    path = saved(tmp_path / "model.pt", torch.nn.Linear(2, 2))
    with pytest.raises(DataError, match=r"save torch's state_dict\(\) of it"):
        read_weight_file(path)


@pytest.mark.parametrize("content", [[torch.ones(2)], {3: torch.ones(2)}, torch.ones(2)])
def test_a_file_without_names_is_refused(tmp_path, content):
    with pytest.raises(DataError, match="holds no state dict"):
        read_weight_file(saved(tmp_path / "w.pt", content))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(NoInputError, match=r"nowhere\.pt: is not there"):
        read_weight_file(tmp_path / "nowhere.pt")
    with pytest.raises(NoInputError, match=r"train.weights: none or a path"):
        read_weights(tmp_path / "nowhere.pt", None, "train.weights", ("none",))


def test_a_file_whose_hash_is_not_stated_shows_it(tmp_path):
    path = saved(tmp_path / "w.pt", WEIGHTS)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(UsageError, match=digest):
        read_weights(path, None, "train.weights", ("none",))
    assert set(read_weights(path, digest, "train.weights", ("none",))) == set(WEIGHTS)


def test_a_file_with_another_hash_is_refused(tmp_path):
    path = saved(tmp_path / "w.pt", WEIGHTS)
    with pytest.raises(CorruptError, match="weights_sha256 is 0000"):
        read_weights(path, "0" * 64, "train.weights", ("none",))


OWN = {
    "bn.weight": torch.ones(2),
    "bn.num_batches_tracked": torch.tensor(5),
    "conv.weight": torch.ones(2, 3),
}


def test_a_file_without_counters_of_batches_gets_zeros(tmp_path):
    given = {"bn.weight": torch.zeros(2), "conv.weight": torch.zeros(2, 3)}
    found = match_names(OWN, given, tmp_path)
    assert found["bn.num_batches_tracked"] == 0
    assert list(found) == list(OWN)


def test_missing_names_are_listed_beside_what_is_there_instead(tmp_path):
    given = {"bn.weight": torch.zeros(2), "convolution.weight": torch.zeros(2, 3)}
    with pytest.raises(DataError, match=r"conv.weight \(1 of 3.*has instead: convolution.weight"):
        match_names(OWN, given, tmp_path)


def test_a_shape_that_differs_names_both(tmp_path):
    given = {**OWN, "conv.weight": torch.zeros(4, 3)}
    with pytest.raises(DataError, match=r"conv.weight is \(4, 3\) there and \(2, 3\) here"):
        match_names(OWN, given, tmp_path)


def test_what_is_not_used_is_named_with_its_shape(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        warn_of_unused({"conv1.weight": torch.ones(1)}, WEIGHTS, tmp_path / "w.pt")
    assert "not used: fc.weight (7, 2)." in caplog.text
