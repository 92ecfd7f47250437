"""Verbs on the end of a membership and what comes after it, with the money that comes back (decision D8)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from daftar.courses.events import TuitionFactsChanged
from daftar.courses.models import Enrolment
from daftar.courses.services import enrol_student
from daftar.lib.errors import Refusal
from daftar.orgs.access import Actor, change, note, publish, verb
from daftar.tuition.credits import credits_due, decline, students_to_price
from daftar.tuition.models import Subscription
from daftar.tuition.services import enrol_active

if TYPE_CHECKING:
    from datetime import date


class LeftAlready(Refusal):
    text = _("This membership is over already.")


class LeavesBeforeJoining(Refusal):
    field = "last_on"
    text = _("The last day lies before %(first)s, the day of joining.")


class ReturnsBeforeJoining(Refusal):
    field = "from_on"
    text = _("The day lies before %(first)s, the day of joining.")


class NothingToReturn(Refusal):
    text = _("This student is on trial already.")


@verb("tuition.pause")
def leave_group(
    by: Actor,
    *,
    enrolment_id: int,
    last_on: date,
    reason: str = "",
    gives_credit: bool = True,
    decline_reason: str = "",
) -> Enrolment:
    """Ends a membership with `last_on`, the last day in the group; what was charged for later lessons is credited."""
    enrolment = _locked(by, enrolment_id)
    if last_on < enrolment.starts_on:
        raise LeavesBeforeJoining(first=enrolment.starts_on)
    students = students_to_price(by, [enrolment.student_id])
    before = credits_due(by, students) if not gives_credit else set()
    change(by, enrolment, ends_on=last_on + timedelta(days=1), left_because=reason.strip())
    if not gives_credit:
        decline(by, students, before, decline_reason)
    publish(by, TuitionFactsChanged((enrolment.student_id,)))
    return enrolment


@verb("tuition.pause")
def transfer(
    by: Actor, *, enrolment_id: int, group_id: int, last_on: date, starts_on: date, gives_credit: bool = True,
    decline_reason: str = "",
) -> Enrolment:  # fmt: skip
    """Moves a student to another group: leaves this one with `last_on` and is charged in the other from `starts_on`."""
    left = leave_group(
        by.trusted(), enrolment_id=enrolment_id, last_on=last_on, gives_credit=gives_credit,
        decline_reason=decline_reason,
    )  # fmt: skip
    if left.activated_on is None:
        return enrol_student(by.trusted(), student_id=left.student_id, group_id=group_id, starts_on=starts_on)
    return enrol_active(by.trusted(), student_id=left.student_id, group_id=group_id, starts_on=starts_on)


@verb("tuition.pause")
def return_to_trial(by: Actor, *, enrolment_id: int, from_on: date) -> Enrolment:
    """Makes a student a trial again from a day on: nothing is charged for later days, and what was is credited.

    From the day of activation or earlier, it is as if the student had never been activated.
    """
    enrolment = _locked(by, enrolment_id)
    if enrolment.activated_on is None:
        raise NothingToReturn
    if from_on < enrolment.starts_on:
        raise ReturnsBeforeJoining(first=enrolment.starts_on)
    if from_on > enrolment.activated_on:
        group_id, student_id = enrolment.group_id, enrolment.student_id
        leave_group(by.trusted(), enrolment_id=enrolment_id, last_on=from_on - timedelta(days=1))
        return enrol_student(by.trusted(), student_id=student_id, group_id=group_id, starts_on=from_on)
    bound = Subscription.objects.visible_to(by).filter(enrolment=enrolment)
    for row in bound:
        note(by, row, was={"starts_on": row.starts_on}, now={"starts_on": None})
    bound.delete()
    change(by, enrolment, activated_on=None)
    publish(by, TuitionFactsChanged((enrolment.student_id,)))
    return enrolment


@verb("tuition.pause")
def undo_leaving(by: Actor, *, enrolment_id: int) -> Enrolment:
    """Takes an ending back as if the student had stayed; refused where the student has joined the group again."""
    rows = Enrolment.objects.visible_to(by).select_for_update(of=("self",), no_key=True)
    enrolment: Enrolment = rows.select_related("group", "student").one(pk=enrolment_id)
    change(by, enrolment, ends_on=None, left_because="")
    publish(by, TuitionFactsChanged((enrolment.student_id,)))
    return enrolment


def _locked(by: Actor, enrolment_id: int) -> Enrolment:
    """The membership, not over yet; the group too, before anybody's account: whoever edits it locks in that order."""
    rows = Enrolment.objects.visible_to(by).select_for_update(of=("self", "group"), no_key=True)
    enrolment: Enrolment = rows.select_related("group", "student").one(pk=enrolment_id)
    if enrolment.ends_on is not None and enrolment.ends_on <= by.today:
        raise LeftAlready
    return enrolment
