"""Verbs on pauses and on the end of memberships. They are called by tuition, which knows the money and announces."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from daftar.courses.ending_models import LeavingReason
from daftar.courses.models import Enrolment, Group, Suspension
from daftar.courses.refusals import GroupIsFull
from daftar.courses.rules import has_place
from daftar.lib.errors import Refusal
from daftar.orgs.access import Actor, change, note, publish, verb
from daftar.orgs.queries import tuition_settings
from daftar.people.events import FamiliesChanged

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from django.db.models import QuerySet

    from daftar.people.models import Student

LONGEST_PAUSE = timedelta(days=366 * 3)


class PauseEndsBeforeStart(Refusal):
    field = "last_on"
    text = _("The last day lies before the first.")


class PauseTooLong(Refusal):
    field = "last_on"
    text = _("A pause lasts three years at most. Leave the last day empty if nobody knows it.")


class PausedAlready(Refusal):
    constraints = ("suspended_once_at_a_time",)
    field = "starts_on"
    text = _("There is a pause at that time already.")


class PausedLater(Refusal):
    field = "last_on"
    text = _("From %(first)s there is another pause. End this one before.")


class PausedInAllGroups(Refusal):
    field = "starts_on"
    text = _("The student pauses in all groups on all of these days already, since %(first)s.")


class LeftAlready(Refusal):
    text = _("This membership is over already.")


class LeavesBeforeJoining(Refusal):
    field = "last_on"
    text = _("The last day lies before %(first)s, the day of joining.")


@verb("courses.enrol")
def add_pauses(
    by: Actor, *, students: Collection[Student], starts_on: date, last_on: date | None, reason: str,
    extends: bool | None, group_id: int | None,
) -> list[Suspension]:  # fmt: skip
    """A pause for each student, to `last_on` inclusive (None: open), in one group or (None) in all of theirs.

    `extends` None: as the student's branch does; students need it loaded with its organization.
    """
    if group_id is not None:
        Group.objects.visible_to(by).one(pk=group_id)
    ends_on = _end(starts_on, last_on)
    _check_free(Suspension.objects.visible_to(by).filter(student__in=students, group_id=group_id), starts_on, ends_on)
    # Of a whole group at once nobody is in the way who pauses anyway.
    if group_id is not None and len(students) == 1:
        _check_not_within(by, next(iter(students)).pk, starts_on, ends_on)
    rows: list[Suspension] = Suspension.objects.bulk_create(
        Suspension(
            org_id=by.org_id, student=student, group_id=group_id, starts_on=starts_on, ends_on=ends_on,
            reason=reason.strip(), member_id=by.member_id,
            extends=tuition_settings(student.branch).suspensions_extend if extends is None else extends,
        )
        for student in students
    )  # fmt: skip
    for row in rows:
        note(by, row, was=None, now={"starts_on": starts_on, "ends_on": ends_on, "reason": row.reason})
    return rows


@verb("courses.enrol")
def change_pause(
    by: Actor, *, suspension_id: int, starts_on: date, last_on: date | None, reason: str, extends: bool
) -> Suspension:
    """Moves the days of a pause, or ends it."""
    row = _pause(by, suspension_id)
    ends_on = _end(starts_on, last_on)
    others = Suspension.objects.visible_to(by).filter(student_id=row.student_id, group_id=row.group_id)
    _check_free(others.exclude(pk=row.pk), starts_on, ends_on)
    # One that only becomes shorter, as when it ends, was right before the pause in all groups came.
    is_shorter = row.starts_on <= starts_on and (ends_on or date.max) <= (row.ends_on or date.max)
    if row.group_id is not None and not is_shorter:
        _check_not_within(by, row.student_id, starts_on, ends_on)
    change(by, row, starts_on=starts_on, ends_on=ends_on, reason=reason.strip(), extends=extends)
    return row


@verb("courses.enrol")
def remove_pause(by: Actor, *, suspension_id: int) -> Suspension:
    """Takes a pause back as if it had never been; answers what it was."""
    row = _pause(by, suspension_id)
    note(by, row, was={"starts_on": row.starts_on, "ends_on": row.ends_on}, now={"starts_on": None, "ends_on": None})
    Suspension.objects.visible_to(by).filter(pk=suspension_id).delete()
    return row


@verb("courses.enrol")
def put_pause_back(by: Actor, *, suspension_id: int, was: Mapping[str, Any]) -> Suspension:
    """Makes of a pause what it was before, by the columns that differ."""
    row = _pause(by, suspension_id)
    ends_on = was.get("ends_on", row.ends_on)
    others = Suspension.objects.visible_to(by).filter(student_id=row.student_id, group_id=row.group_id)
    _check_free(others.exclude(pk=row.pk), was.get("starts_on", row.starts_on), ends_on)
    change(by, row, **was)
    return row


@verb("courses.enrol")
def end_membership(
    by: Actor, *, enrolment_id: int, last_on: date, reason: str, reason_id: int | None = None
) -> Enrolment:
    """Ends a membership with `last_on`, the last day in the group; `reason` in words, `reason_id` one of the centre."""
    enrolment = running_membership(by, enrolment_id)
    if last_on < enrolment.starts_on:
        raise LeavesBeforeJoining(first=enrolment.starts_on)
    why = None if reason_id is None else LeavingReason.objects.visible_to(by).one(pk=reason_id, is_archived=False)
    change(
        by, enrolment, ends_on=last_on + timedelta(days=1), left_because=reason.strip(), left_reason=why,
        left_at=by.at, left_by_id=by.member_id, moved_to_id=None,
    )  # fmt: skip
    publish(by, FamiliesChanged((enrolment.student_id,)))
    return enrolment


@verb("courses.enrol")
def reopen_membership(by: Actor, *, enrolment_id: int) -> Enrolment:
    """Takes an ending back; refused where the place was given to somebody else since.

    The database refuses it where the student has joined the group again.
    """
    hold_groups(by, (), [enrolment_id])
    rows = Enrolment.objects.visible_to(by).select_for_update(of=("self",), no_key=True)
    enrolment: Enrolment = rows.select_related("group__branch", "student").one(pk=enrolment_id)
    group, left_on = enrolment.group, enrolment.ends_on
    if left_on is not None and group.branch.blocks_capacity:
        others = Enrolment.objects.visible_to(by).filter(group=group).exclude(pk=enrolment.pk)
        if not has_place(group.capacity, others.exclude(ends_on__lte=left_on).count()):
            raise GroupIsFull
    change(
        by, enrolment, ends_on=None, left_because="", left_reason_id=None, left_at=None, left_by_id=None,
        moved_to_id=None,
    )  # fmt: skip
    publish(by, FamiliesChanged((enrolment.student_id,)))
    return enrolment


@verb("courses.enrol")
def follow_move(by: Actor, *, left: Enrolment, joined: Enrolment) -> None:
    """Notes which membership a transfer made of one that it ended: the student moved, and did not leave."""
    change(by, left, moved_to_id=joined.pk)


@verb("courses.enrol")
def take_back_activation(by: Actor, *, enrolment_id: int) -> Enrolment:
    """On trial, as if never activated."""
    enrolment = running_membership(by, enrolment_id)
    change(by, enrolment, activated_on=None, entered_on=None)
    publish(by, FamiliesChanged((enrolment.student_id,)))
    return enrolment


def hold_groups(by: Actor, group_ids: Collection[int], enrolment_ids: Collection[int] = ()) -> None:
    """Locks groups, those of the memberships too, in one order for everybody.

    Two who each move somebody into the other's group would wait for ever.

    Called before any of them is locked alone.
    """
    of_members = Enrolment.objects.visible_to(by).filter(pk__in=enrolment_ids).values("group_id")
    rows = Group.objects.visible_to(by).filter(Q(pk__in=group_ids) | Q(pk__in=of_members))
    list(rows.select_for_update(no_key=True).order_by("pk"))


@verb("courses.enrol")
def put_memberships_back(
    by: Actor, *, gone: Collection[int], was: Mapping[int, Mapping[str, Any]], since: date
) -> None:
    """Takes memberships away as if they had never been, and makes others what they were; `since`: what it concerns."""
    rows = Enrolment.objects.visible_to(by).select_related("group", "student").order_by("id")
    made, changed = list(rows.filter(pk__in=gone)), list(rows.filter(pk__in=was))
    for row in made:
        note(by, row, was={"starts_on": row.starts_on}, now={"starts_on": None})
    Enrolment.objects.visible_to(by).filter(pk__in=gone).delete()
    for row in changed:
        change(by, row, **was[row.pk])
    students = sorted({row.student_id for row in (*made, *changed)})
    publish(by, FamiliesChanged(tuple(students), since=since.isoformat()))


def hold_memberships(by: Actor, enrolment_ids: Collection[int]) -> list[Enrolment]:
    """Those of them that are there, locked with their groups in the order in which everybody locks them."""
    hold_groups(by, (), enrolment_ids)
    rows = Enrolment.objects.visible_to(by).select_for_update(of=("self",), no_key=True)
    return list(rows.select_related("group", "student").filter(pk__in=enrolment_ids).order_by("id"))


def running_membership(by: Actor, enrolment_id: int) -> Enrolment:
    """The membership, locked and not over yet; its group before it, in the order in which everybody locks them."""
    hold_groups(by, (), [enrolment_id])
    rows = Enrolment.objects.visible_to(by).select_for_update(of=("self",), no_key=True)
    enrolment: Enrolment = rows.select_related("group", "student").one(pk=enrolment_id)
    if enrolment.ends_on is not None and enrolment.ends_on <= by.today:
        raise LeftAlready
    return enrolment


def _pause(by: Actor, suspension_id: int) -> Suspension:
    rows = Suspension.objects.visible_to(by).select_for_update(of=("self",), no_key=True)
    row: Suspension = rows.select_related("student__branch").one(pk=suspension_id)
    return row


def _end(starts_on: date, last_on: date | None) -> date | None:
    """The day after the last."""
    if last_on is None:
        return None
    if last_on < starts_on:
        raise PauseEndsBeforeStart
    if last_on - starts_on > LONGEST_PAUSE:
        raise PauseTooLong
    return last_on + timedelta(days=1)


def _check_free(others: QuerySet[Suspension], starts_on: date, ends_on: date | None) -> None:
    """Refuses days that another pause holds already: beside the last day where only that reaches into it."""
    overlapping = others.filter(Q(ends_on=None) | Q(ends_on__gt=starts_on))
    if ends_on is not None:
        overlapping = overlapping.filter(starts_on__lt=ends_on)
    first = overlapping.order_by("starts_on").values_list("starts_on", flat=True).first()
    if first is not None and first > starts_on:
        raise PausedLater(first=first)
    if first is not None:
        raise PausedAlready


def _check_not_within(by: Actor, student_id: int, starts_on: date, ends_on: date | None) -> None:
    """Refuses a pause in one group where one in all groups holds on every day of it: it would change nothing."""
    rows = Suspension.objects.visible_to(by).filter(student=student_id, group=None, starts_on__lte=starts_on)
    wide = rows.filter(Q(ends_on=None) if ends_on is None else Q(ends_on=None) | Q(ends_on__gte=ends_on)).first()
    if wide is not None:
        raise PausedInAllGroups(first=wide.starts_on)
