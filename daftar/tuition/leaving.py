"""Verbs on the end of a membership and what comes after it, with the money that comes back (decision D8)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from daftar.courses import memberships
from daftar.courses.events import TuitionFactsChanged
from daftar.courses.models import Enrolment
from daftar.courses.services import enrol_student
from daftar.lib.errors import Refusal
from daftar.orgs.access import Actor, note, publish, verb
from daftar.tuition.credits import Wish, by_hand, students_to_price
from daftar.tuition.models import Subscription
from daftar.tuition.services import enrol_active

if TYPE_CHECKING:
    from datetime import date


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
    reason_id: int | None = None,
    gives_credit: bool | None = None,
    decline_reason: str = "",
    give_reason: str = "",
) -> Enrolment:
    """Ends a membership with `last_on`, the last day in the group; what was charged for later lessons is credited.

    `reason_id` is one of the centre's reasons, `reason` is free words beside it. `gives_credit` None: as the centre
    decides; else with the reason why otherwise.
    """
    student_id = memberships.running_membership(by, enrolment_id).student_id
    students = students_to_price(by, [student_id])
    with by_hand(by, students, last_on, Wish(gives_credit, decline_reason, give_reason)):
        left = memberships.end_membership(
            by.trusted(), enrolment_id=enrolment_id, last_on=last_on, reason=reason, reason_id=reason_id
        )
    publish(by, TuitionFactsChanged((student_id,)))
    return left


@verb("tuition.pause")
def transfer(
    by: Actor, *, enrolment_id: int, group_id: int, last_on: date, starts_on: date, gives_credit: bool | None = None,
    decline_reason: str = "", give_reason: str = "",
) -> Enrolment:  # fmt: skip
    """Moves a student to another group: leaves this one with `last_on` and is charged in the other from `starts_on`."""
    own = Enrolment.objects.visible_to(by).filter(pk=enrolment_id).values_list("group_id", flat=True)
    memberships.hold_groups(by.trusted(), [*own, group_id])
    left = leave_group(
        by.trusted(), enrolment_id=enrolment_id, last_on=last_on, gives_credit=gives_credit,
        decline_reason=decline_reason, give_reason=give_reason,
    )  # fmt: skip
    join = enrol_student if left.activated_on is None else enrol_active
    joined = join(by.trusted(), student_id=left.student_id, group_id=group_id, starts_on=starts_on)
    memberships.follow_move(by.trusted(), left=left, joined=joined)
    return joined


@verb("tuition.pause")
def return_to_trial(
    by: Actor, *, enrolment_id: int, from_on: date, gives_credit: bool | None = None, decline_reason: str = "",
    give_reason: str = "",
) -> Enrolment:  # fmt: skip
    """Makes a student a trial again from a day on: nothing is charged for later days, and what was is credited.

    As the centre decides, or otherwise with a reason, as when a student leaves. From the day of activation or
    earlier, it is as if the student had never been activated.
    """
    row = memberships.running_membership(by, enrolment_id)
    if row.activated_on is None:
        raise NothingToReturn
    if from_on < row.starts_on:
        raise ReturnsBeforeJoining(first=row.starts_on)
    if from_on > row.activated_on:
        leave_group(
            by.trusted(), enrolment_id=enrolment_id, last_on=from_on - timedelta(days=1), gives_credit=gives_credit,
            decline_reason=decline_reason, give_reason=give_reason,
        )  # fmt: skip
        return enrol_student(by.trusted(), student_id=row.student_id, group_id=row.group_id, starts_on=from_on)
    bound = Subscription.objects.visible_to(by).filter(enrolment=row)
    for subscription in bound:
        note(by, subscription, was={"starts_on": subscription.starts_on}, now={"starts_on": None})
    bound.delete()
    returned = memberships.take_back_activation(by.trusted(), enrolment_id=enrolment_id)
    publish(by, TuitionFactsChanged((row.student_id,)))
    return returned


@verb("tuition.pause")
def undo_leaving(by: Actor, *, enrolment_id: int) -> Enrolment:
    """Takes an ending back as if the student had stayed; refused where the student has joined the group again."""
    row = memberships.reopen_membership(by.trusted(), enrolment_id=enrolment_id)
    publish(by, TuitionFactsChanged((row.student_id,)))
    return row
