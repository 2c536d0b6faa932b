"""Weights and memories are in one place at a time, and go from one network to the next."""

import copy
import pickle

import numpy as np
import pytest
from engine_jobs import ALL

from fastsgd.program import Finish, Op, Program
from fastsgd.weights import Weights

ARRAYS = [np.arange(6.0).reshape(3, 2), np.broadcast_to(np.float64(7), 2)]
EXPECTED = copy.deepcopy(ARRAYS)
OPS = (Op("dense", 3, 2, True),)


def program(rule="nesterov", dtype=np.float32, **more):
    return Program(OPS, np.dtype(dtype), "mse", (), rule, **more)


@pytest.fixture(params=ALL)
def any_engine(request):
    return ALL[request.param]()


@pytest.fixture
def weights():
    weights = Weights()
    weights.extend(ARRAYS)
    return weights


def assert_equal(ours, expected):
    for a, b in zip(ours, expected, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_network_takes_them_over(weights, any_engine):
    weights.get()[0][:] = 9
    assert_equal(weights.get(), EXPECTED)
    network = weights.network_for(any_engine, program(), {})
    assert_equal(weights.get(), ARRAYS)
    assert_equal(network.get_weights(), ARRAYS)
    assert not weights._held.arrays
    assert weights.network_for(any_engine, program(), {}) is network
    weights.get()[0][:] = 9
    weights.release()
    assert weights.network is None
    assert_equal(weights.get(), ARRAYS)


def test_what_new_memories_begin_with(weights, any_engine):
    weights.network_for(any_engine, program("adagrad"), {"s": 0.5})
    assert {*weights.memories()} == {"s"}
    assert_equal(weights.memories()["s"], [np.full((3, 2), 0.5), np.full(2, 0.5)])


def test_new_averages_begin_with_the_weights(weights, any_engine):
    weights.network_for(any_engine, program("sgd", finish=Finish(average=True)), {})
    (average,) = weights.memories().values()
    assert_equal(average, ARRAYS)


def test_memories_that_the_next_rule_knows_are_kept(weights, any_engine):
    weights.network_for(any_engine, program(), {})
    (letter,) = weights.memories()
    assert_equal(weights.memories()[letter], [np.zeros((3, 2)), np.zeros(2)])
    weights.set_memories({letter: [np.ones((3, 2)), np.ones(2)]})
    weights.network_for(any_engine, program(dtype=np.float64, finish=Finish(average=True)), {})
    assert_equal(weights.memories()[letter], [np.ones((3, 2)), np.ones(2)])
    assert {*weights.memories()} > {letter}


@pytest.mark.parametrize("where", ["arrays", "network"])
def test_copies_have_them_too(weights, any_engine, where):
    if where == "network":
        weights.network_for(any_engine, program(), {})
    twin = pickle.loads(pickle.dumps(weights))
    assert_equal(twin.get(), ARRAYS)
    twin.network_for(any_engine, program(), {})
    assert_equal(twin.get(), ARRAYS)
    assert_equal(weights.get(), ARRAYS)


def test_they_are_never_missing_while_a_network_takes_them_over(weights, any_engine):
    """Another thread may look at any time."""
    seen = []

    class Slow:
        def network(self, program):
            network = any_engine.network(program)
            seen.append([weights.get(), pickle.loads(pickle.dumps(weights)).get()])
            return network

    weights.network_for(Slow(), program(), {})
    for got in (*seen[0], weights.get()):
        assert_equal(got, EXPECTED)


def test_layers_come_and_go(weights, any_engine):
    weights.network_for(any_engine, program(), {})
    weights.extend([np.ones((2, 1))])
    assert weights.network is None
    assert not weights.memories()
    assert_equal(weights.get(), [*EXPECTED, np.ones((2, 1))])
    weights.cut(1)
    assert_equal(weights.get(), EXPECTED[:1])
