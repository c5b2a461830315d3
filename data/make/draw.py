"""Chance without state: the same words give the same number, on every machine, in every order, for ever."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from statistics import NormalDist
from typing import TypeVar

SEED = "zjanalysis-sample-1"
T = TypeVar("T")
_NORMAL = NormalDist()


def uniform(*words: object) -> float:
    """Return a number in (0, 1) that belongs to these words."""
    digest = blake2b("|".join(map(str, (SEED, *words))).encode("utf-8"), digest_size=8).digest()
    return (int.from_bytes(digest, "big") + 0.5) / 2**64


def normal(*words: object) -> float:
    """Return a standard normal number that belongs to these words."""
    return _NORMAL.inv_cdf(uniform(*words))


def happens(share: float, *words: object) -> bool:
    """Say whether something that happens in this share of all cases happens here."""
    return uniform(*words) < share


def pick(options: Sequence[T], *words: object, weights: Sequence[float] = ()) -> T:
    """Return one of the options, equally likely or by weight."""
    shares = weights or [1.0] * len(options)
    point, total = uniform(*words) * sum(shares), 0.0
    for option, share in zip(options, shares, strict=True):
        total += share
        if point < total:
            return option
    return options[-1]
