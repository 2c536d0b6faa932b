"""Spellings, and the error message of every registry."""

import pytest

from fastsgd.names import lookup

TABLE = {"mean_squared_error": 1, "sgd": 2, "he_normal": 3}
ALIASES = {"mse": "mean_squared_error"}


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("mean_squared_error", 1),
        ("MeanSquaredError", 1),
        ("mean squared-error", 1),
        ("MSE", 1),
        ("SGD", 2),
        ("HeNormal", 3),
    ],
)
def test_spellings(name, entry):
    assert lookup("loss", name, TABLE, ALIASES) == entry


def test_unknown_names_list_and_nearest():
    with pytest.raises(ValueError, match=r"unknown loss 'mean_square_eror': did you mean 'mean_squared_error'\?"):
        lookup("loss", "mean_square_eror", TABLE, ALIASES)
    with pytest.raises(ValueError, match=r"^unknown loss 'q'\. Names: he_normal, mean_squared_error \(mse\), sgd$"):
        lookup("loss", "q", TABLE, ALIASES)


def test_other_names_are_listed_beside_the_proper_ones():
    with pytest.raises(ValueError, match=r"Names: he_normal, mean_squared_error \(mse, l2\), sgd$"):
        lookup("loss", "q", TABLE, {**ALIASES, "l2": "mean_squared_error"})


def test_what_is_absent_is_said_so_and_nothing_else_is_proposed():
    absent = {"MeanAbsoluteError": "not yet", "mae": "a metric"}
    for name, note in (("mae", "a metric"), ("mean_absolute_error", "not yet")):
        with pytest.raises(ValueError, match=rf"^unknown loss '{name}': {note}\. Names: "):
            lookup("loss", name, TABLE, ALIASES, absent)


def test_an_alias_is_proposed_by_its_proper_name():
    with pytest.raises(ValueError, match="did you mean 'mean_squared_error'"):
        lookup("loss", "msee", TABLE, ALIASES)


@pytest.mark.parametrize("name", [None, 3, b"sgd"])
def test_no_name_at_all(name):
    with pytest.raises(TypeError, match="loss must be a name, got"):
        lookup("loss", name, TABLE)
