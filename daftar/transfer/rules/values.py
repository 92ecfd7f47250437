"""Single cells read: days, phones, weekdays, times. What is not clear is not guessed."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date, time
from decimal import Decimal
from typing import TYPE_CHECKING

from daftar.lib.phone import Phone, digits, read_phone
from daftar.lib.text import search_key

if TYPE_CHECKING:
    from collections.abc import Sequence

ORDERS = ("", "dmy", "mdy")
"""How days written with slashes or two digits of the year are meant; empty: nobody said, they are asked about."""
LONGEST_PHONE = 32
# Two letters of a weekday are a whole word, two digits of a year turn to the last century after this one.
SHORT, TURN = 2, 30

_EARLIEST = date(1900, 1, 1)
_DATES = (
    re.compile(r"(?P<day>\d{1,2})[.](?P<month>\d{1,2})[.](?P<year>\d{4})"),
    re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})"),
)
_UNCLEAR = re.compile(r"(?P<first>\d{1,2})[./-](?P<second>\d{1,2})[./-](?P<year>\d{2}|\d{4})")
_ROUNDED = re.compile(r"(?P<digits>\d[.,]\d+)[eE][+](?P<power>\d+)")
_TIME = re.compile(r"(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?::\d{2})?")
_EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
_PATTERNS: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(("toq kunlar", "toq", "нечетные", "нечётные дни", "odd", "odd days"), (1, 3, 5)),
    **dict.fromkeys(("juft kunlar", "juft", "четные", "чётные дни", "even", "even days"), (2, 4, 6)),
    **dict.fromkeys(("har kuni", "каждый день", "ежедневно", "every day", "codziennie", "ogni giorno"), _EVERY_DAY),
    **dict.fromkeys(("dam olish kunlari", "выходные", "weekend", "шанба-якшанба"), (6, 7)),
}
_DAYS_BY_KEY = {search_key(text): days for text, days in _PATTERNS.items()}
_WEEKDAY_STARTS = (
    ("mon", "пн", "понед", "dush", "du", "pn", "pon", "lun"), ("tue", "вт", "втор", "sesh", "se", "wt", "mar"),
    ("wed", "ср", "сред", "chor", "ch", "sr", "śr", "mer"), ("thu", "чт", "четв", "pay", "pa", "cz", "gio"),
    ("fri", "пт", "пят", "jum", "ju", "pt", "pi", "ven"), ("sat", "сб", "субб", "shan", "sh", "sob", "sab"),
    ("sun", "вс", "воск", "yak", "ya", "nd", "nie", "dom"),
)  # fmt: skip


def read_day(written: str, order: str = "") -> tuple[date | None, str]:
    """A day and an empty code, or None and `bad_date` or `unclear_date`: 6/5/14 may be in May or in June.

    dd.mm.yyyy and yyyy-mm-dd are clear; other shapes are read in `order`, once a person chose one.
    """
    for shape in _DATES:
        if match := shape.fullmatch(written):
            return _checked(int(match["year"]), int(match["month"]), int(match["day"]))
    match = _UNCLEAR.fullmatch(written)
    if match is None:
        return None, "bad_date"
    first, second, year = int(match["first"]), int(match["second"]), _year(match["year"])
    both_ways = [_checked(year, second, first)[0], _checked(year, first, second)[0]]
    if order:
        day = both_ways[ORDERS.index(order) - 1]
        return day, "" if day else "bad_date"
    return None, "unclear_date" if all(both_ways) else "bad_date"


def read_number(written: str, region: str, *, keeps: bool = False) -> tuple[Phone | None, str]:
    """A phone that is one and an empty code, or None and `bad_phone` or `rounded_phone` (a spreadsheet cut it).

    `keeps`: what is none is given all the same, as typed.
    """
    phone, wrong = _number(written, region)
    return (read_phone(written, region), wrong) if wrong and keeps else (phone, wrong)


def _number(written: str, region: str) -> tuple[Phone | None, str]:
    if match := _ROUNDED.fullmatch(written.strip()):
        whole = Decimal(match["digits"].replace(",", ".")).scaleb(int(match["power"]))
        if len(digits(match["digits"])) <= int(match["power"]):
            return None, "rounded_phone"
        written = f"+{int(whole)}"
    if len(written) > LONGEST_PHONE:
        return None, "bad_phone"
    phone = read_phone(written, region)
    return (phone, "") if phone.e164 else (None, "bad_phone")


def read_weekdays(written: str) -> tuple[int, ...]:
    """ISO weekdays of `Toq kunlar`, `пн, ср, пт`, `Mon Wed`; empty when they cannot be read."""
    named = _DAYS_BY_KEY.get(search_key(written))
    if named:
        return named
    words = re.split(r"[\s,;/]+", written.casefold().strip())
    days = [_weekday(word) for word in words if word]
    return tuple(sorted({day for day in days if day})) if all(days) else ()


def read_time(written: str) -> time | None:
    """A wall time such as 14:00, or the first of 14:00-15:30."""
    match = _TIME.match(written.strip())
    with suppress(ValueError):
        return time(int(match["hour"]), int(match["minute"])) if match else None
    return None


def _weekday(word: str) -> int:
    for day, starts in enumerate(_WEEKDAY_STARTS, start=1):
        if _starts(word, starts):
            return day
    return 0


def _starts(word: str, starts: Sequence[str]) -> bool:
    return any(word == start or (len(start) > SHORT and word.startswith(start)) for start in starts)


def _year(written: str) -> int:
    """Two digits are this century up to 30, the last one after that: people in a register are born 1931 to 2030."""
    year = int(written)
    return year if len(written) > SHORT else year + (2000 if year <= TURN else 1900)


def _checked(year: int, month: int, day: int) -> tuple[date | None, str]:
    try:
        found = date(year, month, day)
    except ValueError:
        return None, "bad_date"
    return (found, "") if found >= _EARLIEST else (None, "bad_date")
