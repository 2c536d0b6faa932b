"""How panels are dealt out to threads."""

import numpy as np
import pytest

from fastsgd.engines.interpreted import names
from fastsgd.kernels.source import text

SPACE = text.load(names(np.dtype(np.float32)))


@pytest.mark.parametrize("threads", [1, 2, 3, 7, 64])
@pytest.mark.parametrize("rows", [1, 8, 15, 16, 17, 32, 100, 255, 256])
def test_every_row_of_every_panel_is_somebodys(rows, threads):
    for panels in (1, 2, 3, 8):
        places = [SPACE["cut"](panels, rows, part, threads) for part in range(threads + 1)]
        assert (places[0], places[-1]) == (0, panels * rows)
        assert places == sorted(places)
        assert all(place % rows % 16 == 0 for place in places)


@pytest.mark.parametrize("threads", [1, 2, 3, 7, 64])
@pytest.mark.parametrize("rows", [1, 8, 15, 16, 17, 32, 100, 255, 256])
def test_a_single_panel_is_cut_where_the_losses_are(rows, threads):
    """No barrier stands between the last layer's outputs and the losses."""
    for part in range(threads + 1):
        assert SPACE["cut"](1, rows, part, threads) == SPACE["share"](rows, part, threads)
