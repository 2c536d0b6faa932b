"""The C for processors whose vectors tile.h does not know: none at hand would choose it."""

import ctypes
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fastsgd import engines
from fastsgd.kernels import records, typed

ENGINES = Path(engines.__file__).parent
COMPILER = shutil.which("cc") or shutil.which("gcc")
EXPORTS = """
#include "engine.h"
void plain_dots(real_t *X, int64_t width, int64_t jump, real_t *Y, int64_t skip, int64_t panels, real_t *out)
{ dots(X, width, jump, Y, skip, panels, out); }
void plain_dot(real_t *X, int64_t jump, real_t *Y, int64_t skip, int64_t panels, int64_t width, real_t *out)
{ *out = dot(X, jump, Y, skip, panels, width); }
void plain_gemv(real_t *A, real_t *B, int64_t K, real_t *first, real_t *C, int64_t width)
{ for (int i = 0; i < width; i += SPAN) gemv(A, K, 0, B + i, K, first + i, C + i, width, 0); }
void plain_tile(real_t *A, int64_t K, real_t *B, real_t *first, real_t *C)
{ for (int i = 0; i < 32; i += SPAN) tile4(A, 32, 1, 32, 0, B + i, K, first + i, BIAS, C + i); }
void plain_gradient(real_t *x, int64_t K, real_t *d, real_t *g, int64_t width)
{ gradient_tile(x, 32, K, d, g, width); }
void plain_transpose(real_t *S, real_t *D) { transpose(S, 16, D, 16); }
"""

pytestmark = pytest.mark.skipif(COMPILER is None or sys.platform == "win32", reason="there is no C compiler of Unix")


@pytest.fixture(scope="module", params=["float32", "float64"])
def library(request, tmp_path_factory):
    """The functions, and the dtype that they are compiled for."""
    folder = tmp_path_factory.mktemp("plain")
    structs = {"LayerRecord": records.LAYER, "TaskRecord": records.TASK, "PieceRecord": records.PIECE}
    (folder / "records.h").write_text(typed.header(structs, records.CONSTANTS))
    (folder / "plain.c").write_text(EXPORTS)
    options = ["-O1", "-shared", "-fPIC", "-w", "-DFASTSGD_PLAIN", *["-DFASTSGD_DOUBLE"] * (request.param == "float64")]
    paths = [f"-I{folder}", f"-I{ENGINES}", str(folder / "plain.c"), "-o", str(folder / "plain.so"), "-lm"]
    subprocess.run([COMPILER, *options, *paths], check=True)
    return ctypes.CDLL(str(folder / "plain.so")), request.param


@pytest.fixture
def plain(library):
    """(call a function by name, random numbers of a shape)"""
    functions, dtype = library
    rng = np.random.default_rng(7)

    def call(name, *arguments):
        getattr(functions, f"plain_{name}")(
            *(ctypes.c_int64(a) if isinstance(a, int) else ctypes.c_void_p(a.ctypes.data) for a in arguments)
        )

    return call, lambda *shape: rng.normal(size=shape).astype(dtype)


def close(result, expected):
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("width", [16, 32])
def test_dot_products(plain, width):
    call, random = plain
    X, Y, out, single = random(3, 20, width), random(3, width), random(16), random(1)
    expected = np.einsum("prj,pj->r", X, Y)[:16]
    call("dots", X, width, 20 * width, Y, width, 3, out)
    close(out, expected)
    call("dot", X, 20 * width, Y, width, 3, width, single)
    close(single, expected[:1])


@pytest.mark.parametrize("width", [16, 32])
def test_products_with_a_row(plain, width):
    call, random = plain
    A, B, first, C = random(1, 32), random(32, width), random(width), random(1, width)
    call("gemv", A, B, 32, first, C, width)
    close(C, first + A @ B)


def test_products(plain):
    call, random = plain
    A, B, first, C = random(4, 32), random(32, 32), random(32), random(4, 32)
    call("tile", A, 32, B, first, C)
    close(C, first + A @ B)


@pytest.mark.parametrize("width", [16, 32])
def test_gradients(plain, width):
    call, random = plain
    x, d, g = random(9, 32), random(9, width), random(4, width)
    call("gradient", x, 9, d, g, width)
    close(g, x[:, :4].T @ d)


def test_transposition(plain):
    call, random = plain
    S, D = random(16, 16), random(16, 16)
    call("transpose", S, D)
    np.testing.assert_array_equal(D, S.T)
