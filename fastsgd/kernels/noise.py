"""Dropout and its relatives: numbers that are drawn anew for every batch, in training only.

A draw is splitmix64 of a counter: a function of the seed, the number of the update, the step of the network, the row's
place in its batch, and the feature. So no thread, block of rows or call can change a mask, and nobody has to keep a
generator. Outputs are ``x f + s``; the factors f stand in the step's Z until backward has used them.
"""

from __future__ import annotations


def draws_of_step(seed: u64, update: u64, step: u64) -> u64:
    """The state from which a step of the network draws in this update."""
    return epoch_state(epoch_state(seed, update), step)


def draws_of_row(state: u64, place: u64) -> u64:
    """The state of the row in this place of the batch."""
    return splitmix(state + (place + u64(1)) * u64(0x9E3779B97F4A7C15))


def draw(state: u64, feature: u64) -> u64:
    return splitmix(state + (feature + u64(1)) * u64(0x9E3779B97F4A7C15))


def dropout_factor(state: u64, feature: u64, limit: i64, kept: real) -> real:
    """0 if the draw's upper 31 bits are below the limit, else ``kept``."""
    return where(i64(draw(state, feature) >> u64(33)) < limit, real(0), kept)


def normal_draw(state: u64, feature: u64) -> real:
    """A draw from the standard normal distribution: its quantile at the middle of one of 2**23 equal parts of (0, 1)."""
    odd: real = real(i64(draw(state, feature) >> u64(41)) * 2 + 1)
    return real(1.4142135623730951) * erf_inverse(odd * real(1.1920928955078125e-07) - real(1))


# -- Loops -------------------------------------------------------------------------------------------------------------
def drop(f: reals, n: i64, state: u64, first: i64, limit: i64, kept: real) -> None:
    full_width()
    for i in range(n):
        f[i] = dropout_factor(state, u64(first + i), limit, kept)


def draw_normal(f: reals, n: i64, state: u64, first: i64) -> None:
    full_width()
    for i in range(n):
        f[i] = normal_draw(state, u64(first + i))


def disturb(t: Task, l: i64, update: i64, place: i64, r0: i64, n: i64) -> None:
    """Outputs of a step that draws, for rows r0 .. r0 + n of a block whose first row has this place in the batch."""
    L: Layer = layer(t, l)
    c: reals = to_reals(L.constants)
    seed = t.seed
    if L.seeded:
        seed = L.seed
    state: u64 = draws_of_step(u64(seed), u64(update), u64(l))
    for r in range(r0, r0 + n):
        own: u64 = draws_of_row(state, u64(place + r))
        for p in range(L.panels):
            o = (p * t.pitch + r) * L.width
            x: reals = at(to_reals(L.source), o)
            f: reals = at(to_reals(L.Z), o)
            a: reals = at(to_reals(L.A), o)
            if L.kind == DROPOUT or L.kind == ALPHA_DROPOUT:
                drop(f, L.width, own, p * L.width, L.limit, c[0])
            else:
                draw_normal(f, L.width, own, p * L.width)
            if L.kind == DROPOUT:
                multiply(a, x, f, L.width)
            elif L.kind == ALPHA_DROPOUT:
                alpha_drop(a, x, f, L.width, c[1], c[2])
            elif L.kind == GAUSSIAN_DROPOUT:
                scatter(f, L.width, c[0])
                multiply(a, x, f, L.width)
            else:
                add_noise(a, x, f, L.width, c[0])


def multiply(a: reals, x: reals, f: reals, n: i64) -> None:
    for i in range(n):
        a[i] = x[i] * f[i]


def scatter(f: reals, n: i64, deviation: real) -> None:
    for i in range(n):
        f[i] = real(1) + deviation * f[i]


def add_noise(a: reals, x: reals, f: reals, n: i64, deviation: real) -> None:
    for i in range(n):
        a[i] = x[i] + deviation * f[i]


def alpha_drop(a: reals, x: reals, f: reals, n: i64, kept: real, dropped: real) -> None:
    """Klambauer et al., 2017: what is dropped becomes a constant, so that mean and variance stay."""
    for i in range(n):
        a[i] = x[i] * f[i] + where(f[i] > real(0), kept, dropped)
