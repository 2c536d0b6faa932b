"""Losses of a whole row of outputs, made of functions of one output.

The functions of a loss are evaluated in the order in which they stand here; the suffix names what is computed. One that
takes its own name gathers it over the outputs of the row: a sum that begins with 0, to which a term is added as it is
(for a row by itself the terms are made first), or, named ``top``, the largest. One that does not is computed once for
the row. ``loss`` is the row's, and ``slope`` comes last, for each output. They are given, by name: ``p`` the output,
``y`` its target, what was computed before, and the loss's parameters.

Where there are fewer targets than outputs, the outputs are blocks of one output for each target: ``other`` is the same
target's output in the next block, ``first`` is 1 in the first block and 0 in others, and ``level`` is the block's own
parameter. Scale: what the rows' losses are divided by says the program (``loss_elements``); nothing is scaled here.
Values are Keras 3's.
"""

from __future__ import annotations


# -- Classes -----------------------------------------------------------------------------------------------------------
def categorical_crossentropy_logits_top(top: real, p: real) -> real:
    return maximum(top, p)


def categorical_crossentropy_logits_total(total: real, p: real, top: real) -> real:
    return total + exp(p - top)


def categorical_crossentropy_logits_rest(total: real) -> real:
    return log(total)


def categorical_crossentropy_logits_mass(mass: real, y: real) -> real:
    return mass + y


def categorical_crossentropy_logits_loss(loss: real, p: real, y: real, top: real, rest: real) -> real:
    """-y log(softmax(p)), where log(softmax(p)) = p - top - log(total)."""
    return loss + y * ((top - p) + rest)


def categorical_crossentropy_logits_slope(p: real, y: real, top: real, total: real, mass: real) -> real:
    return mass * (exp(p - top) / total) - y


def categorical_crossentropy_total(total: real, p: real) -> real:
    return total + p


def categorical_crossentropy_inside(inside: real, p: real, y: real, total: real) -> real:
    """Targets of the probabilities that are not clipped."""
    return inside + where(probability(p / total) == p / total, y, real(0))


def categorical_crossentropy_loss(loss: real, p: real, y: real, total: real) -> real:
    return loss - y * log(probability(p / total))


def categorical_crossentropy_slope(p: real, y: real, total: real, inside: real) -> real:
    q: real = p / total
    return (inside - where(probability(q) == q, y / q, real(0))) / total


def kl_divergence_loss(loss: real, p: real, y: real) -> real:
    q: real = minimum(real(1), maximum(real(1e-7), p))
    t: real = minimum(real(1), maximum(real(1e-7), y))
    return loss + t * log(t / q)


def kl_divergence_slope(p: real, y: real) -> real:
    q: real = minimum(real(1), maximum(real(1e-7), p))
    return where(q == p, -minimum(real(1), maximum(real(1e-7), y)) / q, real(0))


def categorical_hinge_truth(truth: real, p: real, y: real) -> real:
    return truth + y * p


def categorical_hinge_top(top: real, p: real, y: real) -> real:
    return maximum(top, (real(1) - y) * p)


def categorical_hinge_ties(ties: real, p: real, y: real, top: real) -> real:
    return ties + where((real(1) - y) * p == top, real(1), real(0))


def categorical_hinge_loss(top: real, truth: real) -> real:
    return maximum(real(0), top - truth + real(1))


def categorical_hinge_slope(p: real, y: real, loss: real, top: real, ties: real) -> real:
    """Outputs that are the largest alike share its slope."""
    share: real = where((real(1) - y) * p == top, (real(1) - y) / ties, real(0))
    return where(loss > real(0), share - y, real(0))


# -- Classes, those that are hard to tell first (Lin et al., 2017) -----------------------------------------------------
def focal(q: real, alpha: real, gamma: real) -> real:
    """Loss of the true class's probability q."""
    return -alpha * power(real(1) - q, gamma) * log(q)


def focal_slope_at(q: real, alpha: real, gamma: real) -> real:
    rest: real = real(1) - q
    return alpha * power(rest, gamma) * (gamma * log(q) / rest - real(1) / q)


def categorical_focal_crossentropy_total(total: real, p: real) -> real:
    return total + p


def categorical_focal_crossentropy_pull(pull: real, p: real, y: real, total: real, alpha: real, gamma: real) -> real:
    q: real = probability(p / total)
    return pull + where(q == p / total, y * focal_slope_at(q, alpha, gamma) * q, real(0))


def categorical_focal_crossentropy_loss(loss: real, p: real, y: real, total: real, alpha: real, gamma: real) -> real:
    return loss + y * focal(probability(p / total), alpha, gamma)


def categorical_focal_crossentropy_slope(p: real, y: real, total: real, pull: real, alpha: real, gamma: real) -> real:
    q: real = probability(p / total)
    return (where(q == p / total, y * focal_slope_at(q, alpha, gamma), real(0)) - pull) / total


def categorical_focal_crossentropy_logits_top(top: real, p: real) -> real:
    return maximum(top, p)


def categorical_focal_crossentropy_logits_total(total: real, p: real, top: real) -> real:
    return total + exp(p - top)


def categorical_focal_crossentropy_logits_pull(
    pull: real, p: real, y: real, top: real, total: real, alpha: real, gamma: real
) -> real:
    s: real = exp(p - top) / total
    q: real = probability(s)
    return pull + where(q == s, y * focal_slope_at(q, alpha, gamma) * q, real(0))


def categorical_focal_crossentropy_logits_loss(
    loss: real, p: real, y: real, top: real, total: real, alpha: real, gamma: real
) -> real:
    return loss + y * focal(probability(exp(p - top) / total), alpha, gamma)


def categorical_focal_crossentropy_logits_slope(
    p: real, y: real, top: real, total: real, pull: real, alpha: real, gamma: real
) -> real:
    s: real = exp(p - top) / total
    q: real = probability(s)
    return s * (where(q == s, y * focal_slope_at(q, alpha, gamma), real(0)) - pull)


# -- Overlap -----------------------------------------------------------------------------------------------------------
def dice_both(both: real, p: real, y: real) -> real:
    return both + y * p


def dice_size(size: real, p: real, y: real) -> real:
    return size + (y + p)


def dice_loss(both: real, size: real) -> real:
    return real(1) - real(2) * both / (size + real(1e-7))


def dice_slope(p: real, y: real, both: real, size: real) -> real:
    d: real = size + real(1e-7)
    return real(-2) * (y - both / d) / d


def tversky_both(both: real, p: real, y: real) -> real:
    return both + y * p


def tversky_size(size: real, p: real, y: real, alpha: real, beta: real) -> real:
    return size + (y * p + (alpha * (real(1) - p) * y + beta * p * (real(1) - y)))


def tversky_loss(both: real, size: real) -> real:
    return real(1) - both / (size + real(1e-7))


def tversky_slope(p: real, y: real, both: real, size: real, alpha: real, beta: real) -> real:
    d: real = size + real(1e-7)
    return -(y - both / d * (y - alpha * y + beta * (real(1) - y))) / d


# -- Directions --------------------------------------------------------------------------------------------------------
def inverse_norm(squares: real) -> real:
    return minimum(real(1e7), real(1) / sqrt(squares))


def cosine_similarity_pp(pp: real, p: real) -> real:
    return pp + p * p


def cosine_similarity_yy(yy: real, y: real) -> real:
    return yy + y * y


def cosine_similarity_py(py: real, p: real, y: real) -> real:
    return py + p * y


def cosine_similarity_loss(pp: real, yy: real, py: real) -> real:
    return -py * inverse_norm(pp) * inverse_norm(yy)


def cosine_similarity_slope(p: real, y: real, pp: real, yy: real, py: real) -> real:
    i: real = inverse_norm(pp)
    return inverse_norm(yy) * i * (where(i < real(1e7), p * py * i * i, real(0)) - y)


# -- Fewer targets than outputs ----------------------------------------------------------------------------------------
def gaussian_nll_loss(loss: real, p: real, y: real, other: real, first: real, least: real, add: real) -> real:
    """The first block are means, the second logarithms of variances, which count as `least` at least."""
    s: real = maximum(least, other)
    return loss + first * (real(0.5) * (s + (y - p) * (y - p) * exp(-s)) + add)


def gaussian_nll_slope(p: real, y: real, other: real, first: real, least: real) -> real:
    s: real = maximum(least, where(first > real(0), other, p))
    e: real = where(first > real(0), p, other) - y
    return where(first > real(0), e * exp(-s), real(0.5) - real(0.5) * (e * e * exp(-s)))


def quantiles_loss(loss: real, p: real, y: real, level: real) -> real:
    return loss + quantile(p, y, level)


def quantiles_slope(p: real, y: real, level: real) -> real:
    return quantile_slope(p, y, level)
