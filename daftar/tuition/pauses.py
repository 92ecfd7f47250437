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
from daftar.tuition.credits import Wish, by_hand, is_credited, keeps_unserved, move_decisions, students_to_price

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
    by: Actor, *, suspension_id: int, starts_on: date, last_on: date | None, reason: str, extends: bool,
    gives_credit: bool | None = None, decline_reason: str = "", give_reason: str = "",
) -> Suspension:  # fmt: skip
    """Moves the days of a pause or ends it; the charges and credits follow.

    Where a pause is prolonged and the days that this adds are credited (`gives_credit`, None: as the centre decides)
    otherwise than those it had, they become a pause of their own: a decision is about all of a pause.
    """
    rows = Suspension.objects.visible_to(by).select_related("student__branch__org")
    was: Suspension = rows.select_for_update(of=("self",), no_key=True).one(pk=suspension_id)
    asks = not keeps_unserved(was.student.branch) if gives_credit is None else gives_credit
    added = None if asks == is_credited(by, was) else _added(was, starts_on, last_on)
    row = memberships.change_pause(
        by.trusted(), suspension_id=suspension_id, starts_on=starts_on,
        last_on=last_on if added is None else added - timedelta(days=1), reason=reason, extends=extends,
    )  # fmt: skip
    move_decisions(by, was, starts_on)
    if added is not None:
        suspend(
            by, student_ids=[row.student_id], starts_on=added, last_on=last_on, reason=reason, extends=extends,
            group_id=row.group_id, gives_credit=gives_credit, decline_reason=decline_reason, give_reason=give_reason,
        )  # fmt: skip
    publish(by, TuitionFactsChanged((row.student_id,)))
    return row


def _added(was: Suspension, starts_on: date, last_on: date | None) -> date | None:
    """The first of the days that are added at the end of a pause; None where none are, or where it moved as a whole."""
    if was.ends_on is None or starts_on >= was.ends_on or (last_on is not None and last_on < was.ends_on):
        return None
    return was.ends_on


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
