"""Ctrl-C while workers are started or closed."""

import signal
import threading
from unittest import mock

import pytest

from pipeline.execution.interrupts import closed_whole, interrupts_put_off


class Cluster:
    """Something whose closing Ctrl-C cuts into."""

    whole = False

    def close(self):
        signal.raise_signal(signal.SIGINT)
        self.whole = True


def test_ctrl_c_waits_for_a_cluster_to_be_closed_whole():
    cluster = Cluster()
    with pytest.raises(KeyboardInterrupt), closed_whole(cluster):
        pass
    assert cluster.whole


def test_a_second_ctrl_c_does_not_wait_for_a_cluster_to_be_closed_whole():
    cluster = Cluster()
    with pytest.raises(KeyboardInterrupt), closed_whole(cluster):
        raise KeyboardInterrupt
    assert not cluster.whole


def test_interrupts_are_put_off_in_the_main_thread_only():
    usual = signal.getsignal(signal.SIGTERM)
    with interrupts_put_off():
        assert signal.getsignal(signal.SIGTERM) is not usual
    assert signal.getsignal(signal.SIGTERM) is usual
    cluster = mock.Mock()
    thread = threading.Thread(target=lambda: closed_whole(cluster).__enter__())
    thread.start()
    thread.join()
    assert signal.getsignal(signal.SIGTERM) is usual
