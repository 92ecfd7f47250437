"""Periods of local dates: kept half open (the end is the first day outside), shown with both ends inside."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_DAY = timedelta(days=1)
_EVERYWHERE = 28  # the last day that every month has


def inclusive_end(ends_on: date | None) -> date | None:
    """The last day inside, as people see it, of a kept end; None stays open."""
    return None if ends_on is None else ends_on - _DAY


def exclusive_end(last_on: date | None) -> date | None:
    """The kept end (the first day outside) of a shown last day; None stays open."""
    return None if last_on is None else last_on + _DAY


@lru_cache(maxsize=4096)  # thousands of students are asked of the same few months
def add_months(on: date, months: int, anchor_day: int | None = None) -> date:
    """The same day `months` later (or earlier), the month's last day where it has no such day (pricing rule D14).

    `anchor_day` is the day aimed at, so that a chain from the 31st returns to the 31st; none: the day of `on`.
    """
    year, index = divmod(on.year * 12 + on.month - 1 + months, 12)
    day = anchor_day or on.day
    return date(year, index + 1, day if day <= _EVERYWHERE else min(day, monthrange(year, index + 1)[1]))


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `starts_on` up to, not including, `ends_on`; None has no end. ValueError when it holds no day."""

    starts_on: date
    ends_on: date | None = None

    def __post_init__(self) -> None:
        if self.ends_on is not None and self.ends_on <= self.starts_on:
            raise ValueError(f"{self.starts_on} to {self.ends_on} holds no day")

    @classmethod
    def shown(cls, starts_on: date, last_on: date | None = None) -> Period:
        """From both ends as people write them, both inside."""
        return cls(starts_on, exclusive_end(last_on))

    @property
    def last_on(self) -> date | None:
        """The last day inside; None when there is no end."""
        return inclusive_end(self.ends_on)

    def contains(self, on: date) -> bool:
        return self.starts_on <= on and (self.ends_on is None or on < self.ends_on)

    def overlaps(self, other: Period) -> bool:
        """Whether some day is in both."""
        return (other.ends_on is None or self.starts_on < other.ends_on) and (
            self.ends_on is None or other.starts_on < self.ends_on
        )


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month; as text `2025-05`; iterating gives its days."""

    year: int
    month: int

    @classmethod
    def of(cls, on: date) -> Month:
        return cls(on.year, on.month)

    @property
    def first(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def last(self) -> date:
        return date(self.year, self.month, monthrange(self.year, self.month)[1])

    @property
    def next(self) -> Month:
        return Month.of(self.last + _DAY)

    @property
    def previous(self) -> Month:
        return Month.of(self.first - _DAY)

    @property
    def period(self) -> Period:
        return Period(self.first, self.last + _DAY)

    def __iter__(self) -> Iterator[date]:
        return (date(self.year, self.month, day) for day in range(1, self.last.day + 1))

    def __contains__(self, on: date) -> bool:
        return (on.year, on.month) == (self.year, self.month)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"
