"""Names of Keras that are not there yet are refused as such; those that are there are in no table."""

import pytest

import fastsgd
from fastsgd import absent
from fastsgd.names import fold

TABLES = {
    "callbacks": absent.CALLBACKS, "initializers": absent.INITIALIZERS,
    "layers": absent.LAYERS, "losses": absent.LOSSES, "models": absent.MODELS,
    "optimizers": absent.OPTIMIZERS,
}  # fmt: skip


@pytest.mark.parametrize("module", TABLES)
def test_nothing_that_is_there_is_called_absent(module):
    there = {fold(name) for name in vars(getattr(fastsgd, module)) if not name.startswith("_")}
    assert not there & {fold(name) for name in TABLES[module]}


@pytest.mark.parametrize("module", TABLES)
def test_they_are_refused_where_they_are_looked_for(module):
    name = next(iter(TABLES[module]))
    with pytest.raises(NotImplementedError, match=rf"fastsgd\.{module}\.{name}: .*not.* yet\. Names: \w+"):
        exec(f"from fastsgd.{module} import {name}")
    with pytest.raises(NotImplementedError, match=name):
        getattr(getattr(fastsgd, module), name)


def test_names_of_the_package():
    assert not {fold(name) for name in absent.PACKAGE} & {fold(name) for name in dir(fastsgd)}
    with pytest.raises(NotImplementedError, match=r"fastsgd\.Model: not supported yet\. Names: .*Sequential"):
        exec("from fastsgd import Model")
    with pytest.raises(NotImplementedError, match=r"fastsgd\.utils: .* one-hot rows"):
        fastsgd.utils.to_categorical([0, 1])


def test_other_names_are_just_not_there():
    assert not hasattr(fastsgd.layers, "Denses")
    assert not hasattr(fastsgd.layers, "__wrapped__")
    with pytest.raises(ImportError, match="cannot import name 'Denses'"):
        exec("from fastsgd.layers import Denses")


def test_functions_go_by_the_names_of_their_classes():
    with pytest.raises(NotImplementedError, match=r"losses\.root_mean_squared_error: a metric, not a loss"):
        fastsgd.losses.root_mean_squared_error  # noqa: B018


def test_methods_of_a_model():
    model = fastsgd.Sequential()
    assert not hasattr(model, "save")
    with pytest.raises(AttributeError, match="no attribute 'save': not supported yet, but pickle keeps a whole model"):
        model.save("model.keras")
    with pytest.raises(AttributeError, match=r"'Sequential' object has no attribute 'dance'$"):
        model.dance()
