"""What came in, for the first page of a centre of any size."""

from __future__ import annotations

from datetime import date, timedelta

from daftar.finance.queries import Takings, takings
from daftar.lib.kept import Kept
from daftar.orgs.access import Actor, question

MANY = 5_000
_kept: Kept[tuple[int, frozenset[int] | None, date], Takings] = Kept()


@question("finance.view")
def takings_of_month(by: Actor) -> Takings:
    """What came in from the first of the month until now, and from how many students: today's to the second.

    Summing takes longer the more payments there are: with more than MANY in the month, what is paid, dated back or
    reversed for the days before today may come in a minute later.
    """
    asked = (by.org_id, by.branch_ids, by.today)
    first, before = by.today.replace(day=1), _kept.of(asked, by.at)
    if before is None:
        before = _before_today(by, first)
        if before.count > MANY:
            _kept.keep(asked, by.at, before)
    return before + takings(by, since=by.today, until=by.today, known_since=first)


def _before_today(by: Actor, first: date) -> Takings:
    return Takings(0, {}) if by.today == first else takings(by, since=first, until=by.today - timedelta(days=1))
