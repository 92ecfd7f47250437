"""Verbs on pauses: while one holds nothing is charged, and what was charged ahead is credited (decisions D7 and D8)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from daftar.courses import memberships
from daftar.courses.events import TuitionFactsChanged
from daftar.courses.models import Suspension
from daftar.lib.errors import Refusal
from daftar.orgs.access import Actor, publish, verb
from daftar.tuition.credits import Wish, by_hand, students_to_price

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date


class NobodyToPause(Refusal):
    text = _("Choose at least one student.")


class NotPaused(Refusal):
    text = _("There is no pause on that day.")


@verb("tuition.pause")
def suspend(
    by: Actor, *, student_ids: Collection[int], starts_on: date, last_on: date | None = None, reason: str = "",
    extends: bool | None = None, group_id: int | None = None, gives_credit: bool | None = None,
    decline_reason: str = "", give_reason: str = "",
) -> list[Suspension]:  # fmt: skip
    """Pauses students from `starts_on` to `last_on` (None: until ended), in one group or in all of theirs.

    `extends` None: as the branch does. What was charged for lessons of these days is credited as the centre decides
    (`gives_credit` None), or otherwise with a reason.
    """
    students = students_to_price(by, student_ids)
    if not students:
        raise NobodyToPause
    with by_hand(by, students, starts_on, Wish(gives_credit, decline_reason, give_reason)):
        rows = memberships.add_pauses(
            by.trusted(), students=students, starts_on=starts_on, last_on=last_on, reason=reason, extends=extends,
            group_id=group_id,
        )  # fmt: skip
    publish(by, TuitionFactsChanged(tuple(student.pk for student in students)))
    return rows


@verb("tuition.pause")
def change_suspension(
    by: Actor, *, suspension_id: int, starts_on: date, last_on: date | None, reason: str, extends: bool
) -> Suspension:
    """Moves the days of a pause or ends it; the charges and credits follow."""
    row = memberships.change_pause(
        by.trusted(), suspension_id=suspension_id, starts_on=starts_on, last_on=last_on, reason=reason, extends=extends
    )
    publish(by, TuitionFactsChanged((row.student_id,)))
    return row


@verb("tuition.pause")
def end_pause(by: Actor, *, student_id: int, group_id: int, from_on: date) -> list[Suspension]:
    """Ends what keeps a student out of a group on a day, which is the first of coming again.

    A pause in all groups of the student ends in all of them.
    """
    rows = Suspension.objects.visible_to(by).filter(student_id=student_id, starts_on__lte=from_on)
    rows = rows.filter(Q(group=None) | Q(group_id=group_id)).exclude(ends_on__lte=from_on).order_by("id")
    ended: list[Suspension] = [
        change_suspension(
            by, suspension_id=row.pk, starts_on=row.starts_on, last_on=from_on - timedelta(days=1), reason=row.reason,
            extends=row.extends,
        )
        for row in rows
    ]  # fmt: skip
    if not ended:
        raise NotPaused
    return ended


@verb("tuition.pause")
def remove_suspension(by: Actor, *, suspension_id: int) -> Suspension:
    """Takes a pause back as if it had never been."""
    row = memberships.remove_pause(by.trusted(), suspension_id=suspension_id)
    publish(by, TuitionFactsChanged((row.student_id,)))
    return row
