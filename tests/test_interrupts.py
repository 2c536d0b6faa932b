import signal
import threading

import pytest

from fastsgd.interrupts import Interrupts


def test_ctrl_c_waits_for_the_end_of_the_block():
    done = []
    with pytest.raises(KeyboardInterrupt), Interrupts() as interrupts:
        with interrupts.held:
            signal.raise_signal(signal.SIGINT)
            done.append("block")
        done.append("after")
    assert done == ["block"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_between_blocks_comes_at_once():
    done = []
    with pytest.raises(KeyboardInterrupt), Interrupts() as interrupts:
        with interrupts.held:
            done.append("block")
        signal.raise_signal(signal.SIGINT)
        done.append("after")
    assert done == ["block"]


def test_an_error_in_the_block_and_ctrl_c():
    with pytest.raises(KeyboardInterrupt) as caught, Interrupts() as interrupts, interrupts.held:
        signal.raise_signal(signal.SIGINT)
        raise ValueError("inside")
    assert isinstance(caught.value.__context__, ValueError)


@pytest.fixture
def handled():
    """A handler of the user's own, and what it was called with."""
    calls = []
    before = signal.signal(signal.SIGINT, lambda number, frame: calls.append(number))
    yield calls
    signal.signal(signal.SIGINT, before)


def test_the_user_s_own_handler_is_called_and_put_back(handled):
    own = signal.getsignal(signal.SIGINT)
    with Interrupts() as interrupts, interrupts.held:
        signal.raise_signal(signal.SIGINT)
        assert handled == []
    assert handled == [signal.SIGINT]
    assert signal.getsignal(signal.SIGINT) is own


def test_a_handler_that_was_set_meanwhile_stays(handled):
    with Interrupts():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_what_is_ignored_stays_ignored(handled):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Interrupts() as interrupts, interrupts.held:
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_one_within_another():
    done = []
    with pytest.raises(KeyboardInterrupt), Interrupts(), Interrupts() as inner:
        with inner.held:
            signal.raise_signal(signal.SIGINT)
            done.append("block")
        done.append("after")
    assert done == ["block"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_other_threads_are_left_alone():
    handlers = []

    def use_it():
        with Interrupts() as interrupts, interrupts.held:
            handlers.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=use_it)
    thread.start()
    thread.join()
    assert handlers == [signal.default_int_handler]
