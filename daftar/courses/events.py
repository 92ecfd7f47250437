"""Facts this package announces."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class TuitionFactsChanged:
    """Something that charges follow from is not what it was, for these students.

    `since`: it can concern no charge of an earlier day; None: any.
    """

    student_ids: tuple[int, ...]
    since: date | None = None


@dataclass(frozen=True)
class DaysOffChanged:
    """A day on which nobody learns came or went: everybody's charges may follow."""
