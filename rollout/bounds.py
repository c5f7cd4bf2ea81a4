"""Evidence on proportions that may be looked at after every observation: e-processes, their bounds and prices.

An *e-process* is never negative, starts at 1, and in the mean does not grow while its null hypothesis holds; so
P(it ever reaches 1/alpha) <= alpha (Ville 1939), however often one looks and whenever one stops. Every value
named `log_…` is a natural logarithm. Counts may be fractional, for forecasts.

Sources: Robbins 1970 (mixtures); Howard, Ramdas, McAuliffe, Sekhon, "Time-uniform, nonparametric, nonasymptotic
confidence sequences", Annals of Statistics 2021; Johari, Koomen, Pekelis, Walsh, "Always valid inference",
Operations Research 2022.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import ceil, comb, exp, inf, log, log1p, pi

FRACTIONS = (1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32, 0.0)
"""The alternatives of the promotion grid, as fractions of the limit."""
MULTIPLES = (1.5, 2.0, 3.0, 5.0, 10.0, 30.0)
"""The alternatives of the roll-back grid, as multiples of the limit, none above `CAP`."""
CAP = 0.9
FAR = 1 << 40
"""More observations than any window will see: the search for a price ends here."""


def alpha_of_window(alpha: float, number: int) -> float:
    """The share of `alpha` that evidence window `number` (1, 2, …) may spend: 6·alpha/(pi²·k²).

    The shares of all windows that an endpoint will ever have add up to `alpha`, because sum(1/k²) = pi²/6: a union
    bound over windows.
    """
    return alpha * weight(number)


def weight(number: int) -> float:
    """6/(pi²·k²), the weights that sum to 1 over k = 1, 2, …"""
    if number < 1:
        raise ValueError(f"windows are numbered from 1, not {number}")
    return 6.0 / (pi * pi * number * number)


def alpha_of_gate(alpha: float, gates: int, endpoints: int) -> float:
    """`alpha` divided over every gate of every endpoint that could roll back (Bonferroni)."""
    return alpha / (max(gates, 1) * max(endpoints, 1))


def log_mean(values: Sequence[float]) -> float:
    """ln of the mean of exp(values): a mixture with equal weights."""
    return log_sum(values) - log(len(values))


def log_sum(values: Sequence[float]) -> float:
    """ln of the sum of exp(values), without overflow."""
    top = max(values)
    if top in (inf, -inf):
        return top
    return top + log(sum(exp(value - top) for value in values))


def log_promote(n: float, failures: float, limit: float) -> float:
    """ln E against "the proportion is `limit` or more", after `failures` of `n`: promote at ln(1/alpha).

    E = mean over f in FRACTIONS of f^S · ((1−f·p0)/(1−p0))^(n−S). Each term is the likelihood ratio of f·p0
    against p0 (Robbins 1970); for any true p >= p0 its mean step is 1+(q−p0)(p−p0)/(p0(1−p0)) <= 1.
    """
    clean = n - failures
    base = log1p(-limit)
    terms = [failures * log(f) + clean * (log1p(-f * limit) - base) for f in FRACTIONS if f > 0.0]
    terms.append(-clean * base if failures == 0 else -inf)
    return log_mean(terms)


def log_roll_back(n: float, failures: float, limit: float) -> float:
    """ln E against "the proportion is `limit` or less": roll back at ln(1/alpha).

    The mean over q in MULTIPLES·limit (capped) of (q/p1)^S · ((1−q)/(1−p1))^(n−S).
    """
    clean = n - failures
    base, log_limit = log1p(-limit), log(limit)
    return log_mean([failures * (log(q) - log_limit) + clean * (log1p(-q) - base) for q in above(limit)])


def above(limit: float) -> tuple[float, ...]:
    """The roll-back alternatives to `limit`; a limit over `CAP` is tested against what lies half-way to 1."""
    cap = max(CAP, (1.0 + limit) / 2.0)
    return tuple(min(multiple * limit, cap) for multiple in MULTIPLES)


def upper_bound(n: float, failures: float, alpha: float) -> float:
    """The smallest proportion that (n, failures) rejects at `alpha` in favour of less; 1.0 when none is.

    This is sup{p: E_n(p) < 1/alpha} by bisection. The confidence sequence is the running minimum over n
    (Howard et al. 2021): the keeper of the window takes it.
    """
    target = -log(alpha)
    low, high = (failures / n if n else 0.0), 1.0 - 1e-12
    if n <= 0 or log_promote(n, failures, high) < target:
        return 1.0
    for _ in range(60):
        middle = (low + high) / 2.0
        if middle <= 0.0 or log_promote(n, failures, middle) < target:
            low = middle
        else:
            high = middle
    return high


def observations_needed(n: float, failures: float, limit: float, alpha: float, rate: float = 0.0) -> int | None:
    """How many more observations prove the proportion below `limit` if a share `rate` of them fails.

    0 when it is proven already; None when no number does (the rate is not below the limit).
    """
    target = -log(alpha)

    def proven(more: float) -> bool:
        return log_promote(n + more, failures + rate * more, limit) >= target

    if proven(0):
        return 0
    high = 1
    while not proven(high):
        high *= 2
        if high > FAR:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if proven(middle) else (middle, high)
    return high


@lru_cache(maxsize=8192)
def log_sign_promote(bad: int, good: int) -> float:
    """ln E against "a sign is bad with probability 1/2 or more", a sequential McNemar (sign) test.

    The likelihood ratio to 1/2 mixed uniformly over (0, 1/2): 2·2^m ∫_0^½ q^bad (1−q)^good dq, m = bad + good.
    With integers this is a binomial tail: sum_{j>bad} C(m+1, j) / ((m+1)·C(m, bad)). Seven clean signs reach
    1/.05, thirteen 1/.0012.
    """
    m = bad + good
    term = comb(m + 1, bad + 1)
    total = 0
    for j in range(bad + 1, m + 2):
        total += term
        term = term * (m + 1 - j) // (j + 1)
    return log(total) - log((m + 1) * comb(m, bad))


def log_sign_roll_back(bad: int, good: int) -> float:
    """ln E against "a sign is bad with probability 1/2 or less": the same mixture over (1/2, 1)."""
    return log_sign_promote(good, bad)


def signs_needed(bad: int, good: int, alpha: float) -> int:
    """How many more good signs in a row prove that fewer than half are bad."""
    target = -log(alpha)
    more = 0
    while log_sign_promote(bad, good + more) < target:
        more += max(1, ceil((target - log_sign_promote(bad, good + more)) / (4 * log(2.0))))
    while more and log_sign_promote(bad, good + more - 1) >= target:
        more -= 1
    return more
