"""How many examples a question wants: when two groups' shares are this far apart, will it be seen?

Normal approximations for two independent shares (Fleiss, Levin & Paik 2003, Statistical Methods for Rates and
Proportions, chapter 4, without the correction for continuity), near to what Newcombe's interval tells when it
leaves out 0.
"""

import math
from statistics import NormalDist

from vidi.ops.intervals import normal_quantile

STEPS = 60  # halvings of a gap: to 1e-18


def power_of_gap(share: float, other: float, n: int, other_n: int, *, level: float = 0.05) -> float:
    """Probability in [0, 1] that a two-sided test at `level` tells apart what truly are `share` and `other`."""
    check_shares(share, other)
    if min(n, other_n) < 1:
        raise ValueError(f"a group has 1 example or more; got {n} and {other_n}")
    pooled = (n * share + other_n * other) / (n + other_n)
    without = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / other_n))
    spread = math.sqrt(share * (1 - share) / n + other * (1 - other) / other_n)
    reached = normal_quantile(1 - level / 2) * without
    normal = NormalDist()
    apart = abs(share - other)
    if not spread:
        return float(apart > reached)
    return normal.cdf((apart - reached) / spread) + normal.cdf((-apart - reached) / spread)


def examples_to_tell(
    share: float, other: float, *, power: float = 0.8, level: float = 0.05, times: float = 1.0
) -> tuple[int, int]:
    """The fewest examples of both groups with which `share` and `other` are told apart with this `power`.

    The other group has `times` as many. "To tell 90 % from 85 % you need 686 of each": examples_to_tell(0.9, 0.85).
    """
    check_shares(share, other)
    if share == other:
        raise ValueError(f"equal shares are never told apart; got {share} twice")
    if not (0 < power < 1 and times > 0):
        raise ValueError(f"power is a share between 0 and 1 and times > 0; got {power} and {times}")
    if power <= level:
        raise ValueError(f"power is more than the level, which chance alone reaches; got {power} and {level}")

    def enough(n: int) -> bool:
        return power_of_gap(share, other, n, math.ceil(times * n), level=level) >= power

    high = 1
    while not enough(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high, math.ceil(times * high)


def smallest_gap(share: float, n: int, other_n: int, *, power: float = 0.8, level: float = 0.05) -> float:
    """The smallest distance in (0, 1] from `share` at which the other group's share is told apart with this `power`.

    Up or down, whichever is further; only one way where the other leaves [0, 1]; nan where both do.
    """
    found = [
        distance
        for sign, room in ((-1, share), (1, 1 - share))
        if (distance := reached(share, sign, room, n, other_n, power, level)) is not None
    ]
    return max(found, default=math.nan)


def reached(
    share: float, sign: int, room: float, n: int, other_n: int, power: float, level: float
) -> float | None:
    """The distance in one direction, to be found within `room`; None if there is none."""

    def enough(distance: float) -> bool:
        other = min(1.0, max(0.0, share + sign * distance))
        return power_of_gap(share, other, n, other_n, level=level) >= power

    if not enough(room):
        return None
    low, high = 0.0, room
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def check_shares(*shares: float) -> None:
    for share in shares:
        if not 0 <= share <= 1:
            raise ValueError(f"a share is between 0 and 1; got {share}")
