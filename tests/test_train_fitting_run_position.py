from train.fitting.run_position import RunPosition


def test_a_position_notes_each_device_once():
    position = RunPosition()
    assert [position.note_device(name) for name in ("cpu", "cpu", "H100")] == [None, None, "cpu"]
    assert position.devices == ["cpu", "H100"]
