"""Where pauses have moved the ends of subscriptions (decision D7), asked of many at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, Q

from daftar.courses.models import Suspension
from daftar.orgs.access import Actor, question
from daftar.tuition import rules
from daftar.tuition.facts import suspensions_by_student

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from daftar.tuition.models import Subscription


@question("tuition.view")
def ends_of(by: Actor, rows: Collection[Subscription]) -> dict[int, date | None]:
    """The first day outside each of these subscriptions, pauses counted, by id (None: without end).

    One statement however many there are; none where no end can move.
    """
    moving = {row.student_id for row in rows if row.ends_on is not None and row.extended_by_suspensions}
    # A student may have paused in another branch.
    pauses = suspensions_by_student(replace(by, branch_ids=None), moving) if moving else {}
    return {row.pk: _end(row, pauses.get(row.student_id, ())) for row in rows}


@question("tuition.view")
def running(by: Actor, rows: Any, on: date) -> list[Subscription]:
    """Those of a query of subscriptions that have not ended by a day, pauses counted; in two statements."""
    found = list(rows.filter(may_last(by, on)))
    ends = ends_of(by, found)
    return [row for row in found if (end := ends[row.pk]) is None or end > on]


def may_last(by: Actor, on: date) -> Q:
    """Subscriptions that have not ended by a day, and all whose end a pause has moved, wherever to."""
    theirs = Suspension.unguarded.filter(org_id=by.org_id, student_id=OuterRef("student_id"), extends=True)
    pauses = theirs.filter(
        Q(group=None) | Q(group_id=OuterRef("group_id")),
        Q(ends_on=None) | Q(ends_on__gt=OuterRef("starts_on")),
        starts_on__lt=OuterRef("ends_on"),
    )
    return Q(ends_on=None) | Q(ends_on__gt=on) | Q(Exists(pauses), extended_by_suspensions=True)


def _end(row: Subscription, pauses: Collection[rules.SuspensionFact]) -> date | None:
    if row.ends_on is None or not row.extended_by_suspensions:
        return row.ends_on
    return rules.moved_end(row.starts_on, row.ends_on, row.group_id, pauses)
