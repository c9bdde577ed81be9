import signal

import pytest

from errors import TryLaterError
from train.fitting.stop_request import graceful_shutdown


def test_a_signal_is_recorded_and_the_handlers_come_back():
    before = signal.getsignal(signal.SIGUSR1)
    with graceful_shutdown() as request:
        assert request.signal is None
        signal.raise_signal(signal.SIGUSR1)
        assert request.signal == signal.SIGUSR1
        assert signal.getsignal(signal.SIGUSR1) == before
    assert signal.getsignal(signal.SIGUSR1) == before


def test_sigusr1_exits_with_try_later(tmp_path):
    with graceful_shutdown() as request:
        signal.raise_signal(signal.SIGUSR1)
    with pytest.raises(TryLaterError, match="stopped on request"):
        request.exit(tmp_path)


def test_ctrl_c_is_raised_again_once_the_run_is_saved(tmp_path):
    with graceful_shutdown() as request:
        signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        request.exit(tmp_path)
