"""The quantile of Student's t without scipy, which would be a hundred megabytes for one number."""

from __future__ import annotations

from math import cos, expm1, pi, sin, sqrt
from statistics import NormalDist


def two_sided_t(level: float, freedom: float) -> float:
    """Give the point that |t| stays under with probability ``level`` at ``freedom`` degrees of freedom (1 or more).

    Hill, G. W. (1970): Algorithm 396, Student's t-quantiles. Communications of the ACM 13(10); the tests hold it
    against scipy: under 1 in 10,000 off from three degrees of freedom on, exact at 1 and 2, between them on the wide
    side by a few percent (just above 1 by up to 17).

    >>> round(two_sided_t(0.95, 10), 3), round(two_sided_t(0.95, 1e9), 3)
    (2.228, 1.96)
    """
    p, n = 1 - level, freedom
    if n < 1:
        raise ValueError("fewer than one degree of freedom")
    if n == 1:
        return cos(p * pi / 2) / sin(p * pi / 2)
    if n == 2:
        return sqrt(2 / (p * (2 - p)) - 2)
    a = 1 / (n - 0.5)
    b = (48 / a) / a
    c = ((20700 * a / b - 98) * a - 16) * a + 96.36
    d = ((94.5 / (b + c) - 3) / b + 1) * sqrt(a * pi / 2) * n
    y = (d * p) ** (2 / n)
    if y > 0.05 + a:
        x = NormalDist().inv_cdf(p / 2)
        y = x * x
        if n < 5:
            c += 0.3 * (n - 4.5) * (x + 0.6)
        c = (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b + c
        y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x
        y = a * y * y
        y = expm1(y)
    else:
        y = ((1 / (((n + 6) / (n * y) - 0.089 * d - 0.822) * (n + 2) * 3) + 0.5 / (n + 4)) * y - 1) * (n + 1) / (
            n + 2
        ) + 1 / y
    return sqrt(n * y)
