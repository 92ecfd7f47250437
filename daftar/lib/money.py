"""Money: a whole number of minor units (tiyin, kopeck, cent) in one ISO 4217 currency; parts lose nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import total_ordering
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fractions import Fraction

LARGEST_MAJOR = 10**12
"""So many soums in one amount, or more, are a slip of the hand."""

_NO_MINOR_UNIT = (
    *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"),
    *("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"),
)
_THOUSANDTHS = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
USUAL_DECIMALS = 2

_EXPONENTS = {**dict.fromkeys(_NO_MINOR_UNIT, 0), **dict.fromkeys(_THOUSANDTHS, 3), "CLF": 4, "UYW": 4}
_STEPS = {"UZS": 100}

_THOUSAND = dict.fromkeys(("k", "к", "тыс", "тыс.", "минг", "ming", "tys", "tys."), 1000)
_MILLION = dict.fromkeys(("mln", "mln.", "млн", "млн."), 1_000_000)
_SUFFIXES = {"": 1, **_THOUSAND, **_MILLION}
_WRITTEN = re.compile(r"(?P<sign>[+-]?) ?(?P<number>[0-9][0-9 .,']*?) ?(?P<suffix>[^\W\d_]*\.?)")
_PLAIN = re.compile(r"(?P<whole>[0-9]+)(?:[.,](?P<fraction>[0-9]+))?")
_GROUPED = re.compile(
    r"(?P<whole>[1-9][0-9]{0,2}(?P<mark>[ .,'])[0-9]{3}(?:(?P=mark)[0-9]{3})*)"
    r"(?:(?!(?P=mark))[.,](?P<fraction>[0-9]+))?"
)
_SPACES = re.compile(r"\s+")


class MoneyError(ValueError):
    """Not an amount of money; `code` is empty, not_a_number, too_many_decimals, too_large or mixed_currencies."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def exponent(currency: str) -> int:
    """How many decimals the currency's minor unit has by ISO 4217."""
    return _EXPONENTS.get(currency, 2)


def default_step(currency: str) -> int:
    """The smallest unit in use, in minor units: what charges are rounded to unless told otherwise (pricing rule D2)."""
    return _STEPS.get(currency, 1)


def part_of(amount: int, numerator: int, denominator: int, *, step: int) -> int:
    """`amount` x numerator / denominator in minor units, rounded once, half up, to `step`.

    The whole is never rounded and never exceeded, so parts add up to it. Halves of negative amounts go away from zero.
    ValueError unless 0 <= numerator <= denominator, denominator > 0 and step > 0.
    """
    if not 0 <= numerator <= denominator or denominator == 0 or step < 1:
        raise ValueError(f"{numerator}/{denominator} in steps of {step}")
    if numerator == denominator:
        return amount
    size = abs(amount)
    unit = denominator * step
    rounded = (2 * size * numerator + unit) // (2 * unit) * step
    return min(rounded, size) * (1 if amount >= 0 else -1)


def rounded_part(amount: int | Fraction, numerator: int, denominator: int, *, step: int) -> int:
    """`amount` x numerator / denominator rounded once, half up, to `step`: the whole too, so it may be above `amount`.

    For amounts that are not below zero. ValueError unless denominator > 0 and step > 0.
    """
    if denominator < 1 or step < 1:
        raise ValueError(f"{numerator}/{denominator} in steps of {step}")
    unit = denominator * step
    return int((2 * amount * numerator + unit) // (2 * unit)) * step


@total_ordering
@dataclass(frozen=True, slots=True)
class Money:
    """`amount` minor units of `currency`; two currencies never meet: MoneyError mixed_currencies."""

    amount: int
    currency: str

    def __post_init__(self) -> None:
        if len(self.currency) != 3 or not (self.currency.isascii() and self.currency.isupper()):  # noqa: PLR2004 - ISO 4217
            raise ValueError(f"{self.currency!r} is no currency code")

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __bool__(self) -> bool:
        return self.amount != 0

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def share(self, numerator: int, denominator: int, step: int | None = None) -> Money:
        """The part numerator/denominator, rounded once, half up, to `step` minor units (none: the currency's own)."""
        return Money(
            part_of(self.amount, numerator, denominator, step=step or default_step(self.currency)), self.currency
        )

    def split(self, n: int, step: int | None = None) -> list[Money]:
        """`n` parts as even as `step` allows, each the difference of two rounded sums: they add up to the whole.

        ValueError unless n > 0.
        """
        if n < 1:
            raise ValueError(f"{n} parts")
        sums = [self.share(place, n, step) for place in range(n + 1)]
        return [after - before for before, after in pairwise(sums)]

    def _same(self, other: Money) -> int:
        if self.currency != other.currency:
            raise MoneyError("mixed_currencies")
        return other.amount


def parse(text: str, currency: str) -> Money:
    """The amount a person wrote: `350`, `350k`, `350 000`, `350.000,00`, `1,250.50`, `350 тыс`, `-700`, `737.5`.

    One mark before exactly three digits groups thousands (`1,250` is 1250), unless the currency has three decimals.
    MoneyError with a code when it is no amount, has more decimals than the currency or reaches 10^12 major units.
    """
    written = _SPACES.sub(" ", text.replace("−", "-").replace("’", "'")).strip().casefold()
    if not written:
        raise MoneyError("empty")
    match = _WRITTEN.fullmatch(written)
    if match is None or match["suffix"] not in _SUFFIXES:
        raise MoneyError("not_a_number")
    major = _number(match["number"], exponent(currency)) * _SUFFIXES[match["suffix"]]
    if major >= LARGEST_MAJOR:
        raise MoneyError("too_large")
    minor = major.scaleb(exponent(currency))
    if minor != int(minor):
        raise MoneyError("too_many_decimals")
    return Money(-int(minor) if match["sign"] == "-" else int(minor), currency)


def decimal_text(money: Money) -> str:
    """A plain decimal in major units for files and forms: `-737.50`; `230769` where only whole units are used."""
    unit = 10 ** exponent(money.currency)
    whole, rest = divmod(abs(money.amount), unit)
    sign = "-" if money.amount < 0 else ""
    if unit == 1 or (rest == 0 and default_step(money.currency) == unit):
        return f"{sign}{whole}"
    return f"{sign}{whole}.{rest:0{exponent(money.currency)}}"


def _number(written: str, decimals: int) -> Decimal:
    """The unsigned number; three digits after one mark are thousands unless the currency has that many decimals."""
    shapes = (_GROUPED, _PLAIN) if decimals <= USUAL_DECIMALS else (_PLAIN, _GROUPED)
    for shape in shapes:
        if match := shape.fullmatch(written):
            return Decimal(f"{re.sub('[^0-9]', '', match['whole'])}.{match['fraction'] or 0}")
    raise MoneyError("not_a_number")
