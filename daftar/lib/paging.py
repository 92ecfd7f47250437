"""A page of a list: so many rows of one statement, and the count of all from another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from django.db.models import QuerySet

PER_PAGE = 50
Row = TypeVar("Row")


@dataclass(frozen=True)
class Page:
    """Where a page stands: its number from 1, its neighbours (None at the ends), and how many rows there are in all.

    `total` is None where there are too many to be counted each time and more follow.
    """

    number: int
    previous: int | None
    next: int | None
    total: int | None


def paged(rows: QuerySet[Any], number: int, total: int | None = None) -> tuple[list[Any], Page]:
    """The rows of a page and where it stands; a number outside the list gives its nearest page."""
    count = rows.count() if total is None else total
    last = max(1, -(-count // PER_PAGE))
    at = min(max(1, number), last)
    chosen = list(rows[(at - 1) * PER_PAGE : at * PER_PAGE]) if count else []
    return chosen, Page(at, at - 1 if at > 1 else None, at + 1 if at < last else None, count)


def paged_uncounted(rows: QuerySet[Any], number: int) -> tuple[list[Any], Page]:
    """As `paged`, without counting: what it costs depends on the page and not on the list. Past the end: the first."""
    at = max(1, number)
    chosen = list(rows[(at - 1) * PER_PAGE : at * PER_PAGE + 1])
    if not chosen and at > 1:
        return paged_uncounted(rows, 1)
    more = len(chosen) > PER_PAGE
    total = None if more else (at - 1) * PER_PAGE + len(chosen)
    return chosen[:PER_PAGE], Page(at, at - 1 if at > 1 else None, at + 1 if more else None, total)
