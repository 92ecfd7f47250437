"""Facts this package announces."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TuitionFactsChanged:
    """Something that charges follow from is not what it was, for these students."""

    student_ids: tuple[int, ...]


@dataclass(frozen=True)
class DaysOffChanged:
    """A day on which nobody learns came or went: everybody's charges may follow."""
