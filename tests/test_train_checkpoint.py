import hashlib
import io
import pickle

import pytest
import torch

from errors import CorruptError, NoInputError, StorageError
from train.checkpoint import (
    BEST,
    LAST,
    PREV,
    AsyncCheckpointer,
    delete_checkpoints,
    load,
    load_latest,
    require_same_shapes,
    require_space_for_checkpoints,
    save,
    save_latest,
)


def state(number):
    return {"w": torch.full((300,), number)}


def number(found):
    return int(found["w"][0])


def spoil(file, keep_bytes=None):
    content = bytearray(file.read_bytes())
    content[700] ^= 1
    file.write_bytes(content[:keep_bytes])


def test_a_checkpoint_comes_back_as_it_was(tmp_path):
    save(tmp_path / "a.ckpt", {"model": {"w": torch.arange(3)}, "epochs": 2})
    assert load(tmp_path / "a.ckpt")["model"]["w"].tolist() == [0, 1, 2]


def test_a_checkpoint_is_its_hash_and_then_what_torch_wrote(tmp_path):
    save(tmp_path / "a.ckpt", state(1))
    content = (tmp_path / "a.ckpt").read_bytes()
    assert content[:32] == hashlib.sha256(content[32:]).digest()
    assert number(torch.load(io.BytesIO(content[32:]), weights_only=True)) == 1


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_what_a_gpu_saved_is_loaded_to_the_cpu(tmp_path):
    save(tmp_path / "a.ckpt", {"w": torch.zeros(3, device="cuda")})
    assert load(tmp_path / "a.ckpt")["w"].device.type == "cpu"


@pytest.mark.parametrize("at", [0, 31, 32, 100, 700, -1])
def test_a_flipped_bit_in_a_checkpoint_is_noticed(at, tmp_path):
    file = tmp_path / "a.ckpt"
    save(file, state(1))
    content = bytearray(file.read_bytes())
    content[at] ^= 1
    file.write_bytes(content)
    with pytest.raises(CorruptError, match=r"a\.ckpt"):
        load(file)


@pytest.mark.parametrize("length", [0, 10, 32, 33, 1000])
def test_a_truncated_checkpoint_is_noticed(length, tmp_path):
    file = tmp_path / "a.ckpt"
    save(file, state(1))
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(CorruptError, match=r"a\.ckpt"):
        load(file)


def test_a_missing_checkpoint_says_what_to_do(tmp_path):
    with pytest.raises(NoInputError, match="dvc repro train"):
        load(tmp_path / "a.ckpt")


def test_the_last_two_states_and_the_best_are_kept(tmp_path):
    for step, best in ((1, True), (2, True), (3, False), (4, False)):
        save_latest(tmp_path, state(step), best)
    assert [number(load(tmp_path / name)) for name in (LAST, PREV, BEST)] == [4, 3, 2]
    assert {file.name for file in tmp_path.iterdir()} == {LAST, PREV, BEST}


def test_a_best_state_that_is_the_last_is_written_once(tmp_path):
    save_latest(tmp_path, state(1), best=True)
    assert (tmp_path / BEST).samefile(tmp_path / LAST)


def test_a_run_without_checkpoints_has_no_latest(tmp_path):
    assert load_latest(tmp_path) is None


@pytest.mark.parametrize("length", [None, 500])
def test_a_damaged_last_state_falls_back_to_the_one_before_and_says_so(length, tmp_path, caplog):
    save_latest(tmp_path, state(1), best=False)
    save_latest(tmp_path, state(2), best=False)
    spoil(tmp_path / LAST, length)
    assert number(load_latest(tmp_path)) == 1
    assert LAST in caplog.text
    assert PREV in caplog.text
    save_latest(tmp_path, state(3), best=False)
    assert [number(load(tmp_path / name)) for name in (LAST, PREV)] == [3, 1]


def test_a_lost_last_state_falls_back_too(tmp_path):
    save_latest(tmp_path, state(1), best=False)
    save_latest(tmp_path, state(2), best=False)
    (tmp_path / LAST).unlink()
    assert number(load_latest(tmp_path)) == 1


def test_two_damaged_states_are_refused(tmp_path):
    save_latest(tmp_path, state(1), best=False)
    save_latest(tmp_path, state(2), best=False)
    spoil(tmp_path / LAST)
    spoil(tmp_path / PREV)
    with pytest.raises(CorruptError, match=r"prev\.ckpt"):
        load_latest(tmp_path)


def test_a_damaged_only_state_is_refused(tmp_path):
    save_latest(tmp_path, state(1), best=False)
    spoil(tmp_path / LAST)
    with pytest.raises(CorruptError, match=r"last\.ckpt"):
        load_latest(tmp_path)


def test_a_run_that_forgets_starts_over(tmp_path):
    save_latest(tmp_path, state(1), best=True)
    delete_checkpoints(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_state_is_kept_as_it_was_when_training_went_on(tmp_path):
    first = {"a": [{"w": torch.zeros(3)}], "n": 1}
    with AsyncCheckpointer(tmp_path) as checkpointer:
        checkpointer.save(first, best=False)
        first["a"][0]["w"] += 1
    assert load(tmp_path / LAST)["a"][0]["w"].tolist() == [0, 0, 0]


def test_a_state_that_could_not_be_written_is_told_of(tmp_path):
    with AsyncCheckpointer(tmp_path / "nowhere") as checkpointer:
        checkpointer.save(state(1), best=False)
        with pytest.raises(FileNotFoundError):
            checkpointer.wait()


class Gadget:
    """Pickles as a call of a function with a path, which a careless reader makes."""

    def __init__(self, module, name, *arguments):
        self.call = module, name, arguments

    def __reduce__(self):
        module, name, arguments = self.call
        return getattr(__import__(module, fromlist=[name]), name), arguments


def gadgets(trap):
    touch, python = f"touch {trap}", f"open({str(trap)!r}, 'w')"
    return {
        "os.system": Gadget("os", "system", touch),
        "os.popen": Gadget("os", "popen", touch),
        "os.mkdir": Gadget("os", "mkdir", str(trap)),
        "subprocess.run": Gadget("subprocess", "run", ["touch", str(trap)]),
        "subprocess.Popen": Gadget("subprocess", "Popen", ["touch", str(trap)]),
        "subprocess.getoutput": Gadget("subprocess", "getoutput", touch),
        "eval": Gadget("builtins", "eval", python),
        "exec": Gadget("builtins", "exec", python),
        "open": Gadget("builtins", "open", str(trap), "w"),
        "timeit": Gadget("timeit", "timeit", python, "pass", __import__("time").time, 1),
        "pty.spawn": Gadget("pty", "spawn", ["touch", str(trap)]),
        "runpy": Gadget("runpy", "run_path", str(trap)),
        "shutil.copy": Gadget("shutil", "copy", "/etc/hostname", str(trap)),
        "numpy.savetxt": Gadget("numpy", "savetxt", str(trap), [0]),
        "torch.save": Gadget("torch", "save", 0, str(trap)),
    }


@pytest.mark.parametrize("inside", ["zip", "bare pickle"])
@pytest.mark.parametrize("kind", gadgets(""))
def test_a_hostile_pickle_is_refused_and_nothing_of_it_runs(kind, inside, tmp_path):
    trap, file = tmp_path / "sprung", tmp_path / "a.ckpt"
    hostile = {"model": gadgets(trap)[kind]}
    if inside == "zip":
        save(file, hostile)
    else:
        payload = pickle.dumps(hostile, protocol=2)
        file.write_bytes(hashlib.sha256(payload).digest() + payload)
    with pytest.raises(CorruptError, match=r"a\.ckpt: is not a checkpoint of AULens"):
        load(file)
    assert not trap.exists()


def test_the_traps_of_this_test_do_spring(tmp_path):
    trap = tmp_path / "sprung"
    pickle.loads(pickle.dumps(gadgets(trap)["os.system"]))
    assert trap.exists()


@pytest.mark.parametrize(
    ("saved", "message"),
    [
        ({"a": torch.zeros(2), "b": torch.zeros(1, 4)}, r"b is \(1, 4\), expected \(1, 3\)"),
        ({"a": torch.zeros(2)}, r"b is absent, expected \(1, 3\)"),
        ({"a": torch.zeros(2), "b": torch.zeros(1, 3), "c": torch.zeros(1)}, r"c is \(1,\)"),
    ],
)
def test_weights_of_another_model_are_named(saved, message):
    wanted = {"a": torch.zeros(2), "b": torch.zeros(1, 3)}
    with pytest.raises(CorruptError, match=message):
        require_same_shapes(LAST, saved, wanted)
    require_same_shapes(LAST, wanted, wanted)


def test_checkpoints_that_are_there_count_once_towards_the_space(tmp_path, monkeypatch):
    (tmp_path / LAST).write_bytes(bytes(1000))
    (tmp_path / BEST).hardlink_to(tmp_path / LAST)
    monkeypatch.setattr("store.files.free_bytes", lambda path: 3000)
    require_space_for_checkpoints(tmp_path, 1000)
    (tmp_path / LAST).unlink()
    (tmp_path / BEST).unlink()
    with pytest.raises(StorageError, match=r"needs 4\.0 kB, 3\.0 kB are free"):
        require_space_for_checkpoints(tmp_path, 1000)
