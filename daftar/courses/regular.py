"""Regular lessons of a group beside its days: of a type of their own, a second one on a weekday, for some weeks."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from daftar.courses.events import TuitionFactsChanged
from daftar.courses.kinds import LessonStatus
from daftar.courses.models import Group, Lesson, Recurrence
from daftar.courses.refusals import (
    JoinOutsideGroup,
    NoWeekdays,
    RegularEndsBeforeStart,
    RegularEndsOutsideGroup,
)
from daftar.courses.schedules import check_hours, make_lessons, wanted_lessons
from daftar.courses.services import check_parts, check_type, students_of, usual_minutes
from daftar.lib.errors import Refusal
from daftar.orgs.access import Actor, note, publish, question, verb
from daftar.orgs.queries import own_last_deed

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import time

DAY = timedelta(days=1)


class RegularWasTouched(Refusal):
    text = _("Some of these lessons were held, moved or cancelled already. Choose a last day instead.")


class RegularCannotBeUndone(Refusal):
    text = _("This can no longer be undone: change the last day by hand.")


@verb("courses.edit")
def add_regular_lessons(
    by: Actor, *, group_id: int, weekdays: Collection[int], starts_time: time, starts_on: date,
    last_on: date | None = None, type_id: int | None = None, minutes: int | None = None,
    room_id: int | None = None, teacher_id: int | None = None,
) -> list[Recurrence]:  # fmt: skip
    """More weekly lessons of a group on ISO weekdays, from a day up to `last_on` or (None) as long as it runs.

    `type_id` None: plain ones. `minutes` None: as long as the type or the course says; room, teacher None: the group's.
    """
    group = _locked_group(by, group_id)
    if not weekdays:
        raise NoWeekdays
    until = _until(group, starts_on, last_on)
    check_type(by, type_id)
    check_parts(by, group.branch, group.course, teacher_id=teacher_id, room_id=room_id)
    length = minutes or usual_minutes(by, group.course, type_id)
    added = [
        Recurrence(
            org_id=by.org_id, group=group, type_id=type_id, weekday=day, starts_time=starts_time, minutes=length,
            room_id=room_id, teacher_id=teacher_id, is_extra=True, valid_from=starts_on, valid_until=until,
        )
        for day in sorted(set(weekdays))
    ]  # fmt: skip
    check_hours(by, group, added)
    Recurrence.objects.bulk_create(added)
    ids, days = [row.pk for row in added], {"weekdays": sorted(set(weekdays)), "starts_time": starts_time}
    note(by, group, was=None, now=days | {"starts_on": starts_on, "last_on": added[0].last_on, "regular_ids": ids})
    _follow(by, group, starts_on, added=ids)
    return added


@verb("courses.edit")
def set_last_regular_day(by: Actor, *, recurrence_id: int, last_on: date | None) -> Recurrence:
    """Another last day of a regular lesson of a group; None: as long as the group runs.

    An earlier one takes the planned lessons after it away; those that were held or moved by hand stay.
    """
    rule, group = _locked_rule(by, recurrence_id)
    until = _until(group, rule.valid_from or group.starts_on, last_on)
    was = {"last_on": rule.last_on, "regular_ids": [rule.pk]}
    _set_until(by, group, rule, until)
    note(by, group, was=was, now={"last_on": rule.last_on})
    return rule


@verb("courses.edit")
def undo_regular_lessons(by: Actor, *, group_id: int) -> Group:
    """Takes back what one did last to the regular lessons of a group, within ten minutes: adding or the last day.

    Refused where they were moved, held, cancelled or changed since: RegularWasTouched, RegularCannotBeUndone.
    """
    group = _locked_group(by, group_id)
    deed = own_last_deed(by.trusted(), group, "courses.add_regular_lessons", "courses.set_last_regular_day")
    if deed is None:
        raise RegularCannotBeUndone
    was, now = deed.changes[0]["was"], deed.changes[0]["now"]
    if was is None:
        note(by, group, was=now, now={"regular_ids": []})
        _remove(by, group, now["regular_ids"], now["last_on"])
    else:
        (recurrence_id,) = was["regular_ids"]
        rule, group = _locked_rule(by, recurrence_id)
        if not _ends(rule, now["last_on"]):
            raise RegularCannotBeUndone
        note(by, group, was=now, now=was)
        last_on = date.fromisoformat(was["last_on"]) if was["last_on"] else None
        _set_until(by, group, rule, None if last_on is None else last_on + DAY)
    return group


@question("courses.view")
def regular_lessons_of(by: Actor, group_id: int) -> list[Recurrence]:
    """The weekly lessons of a group that are held or to come, by weekday and time; its days are among them."""
    seen = Group.objects.visible_to(by).filter(pk=group_id)
    rows = Recurrence.objects.visible_to(by).filter(group__in=seen).exclude(valid_until__lte=by.today)
    joined = rows.select_related("group__teacher", "group__room", "type", "room", "teacher")
    return list(joined.order_by("weekday", "starts_time", F("valid_from").asc(nulls_first=True), "id"))


@question("courses.view")
def get_regular_lesson_of_group(by: Actor, recurrence_id: int) -> Recurrence:
    """A weekly lesson of a group that the actor may see, with the group; NotFound when invisible."""
    rows = Recurrence.objects.visible_to(by).select_related("group__branch", "group__course")
    row: Recurrence = rows.one(pk=recurrence_id, group__in=Group.objects.visible_to(by))
    return row


def _locked_group(by: Actor, group_id: int) -> Group:
    rows = Group.objects.visible_to(by).select_for_update(of=("self",), no_key=True)
    group: Group = rows.select_related("branch", "course").one(pk=group_id)
    return group


def _locked_rule(by: Actor, recurrence_id: int) -> tuple[Recurrence, Group]:
    """A weekly lesson of a group and that, locked: whoever changes the schedule meanwhile waits."""
    found = get_regular_lesson_of_group(by.trusted(), recurrence_id)
    group = _locked_group(by, found.group_id or 0)
    rule: Recurrence = Recurrence.objects.visible_to(by).one(pk=recurrence_id, group=group)
    return rule, group


def _until(group: Group, starts_on: date, last_on: date | None) -> date | None:
    """The day up to which lessons from `starts_on` to `last_on` are held, not included.

    None: as long as the group runs, said also by its own last day, so that they go on where that moves.
    """
    if last_on is not None and last_on < starts_on:
        raise RegularEndsBeforeStart
    for day, refusal in ((starts_on, JoinOutsideGroup), (last_on, RegularEndsOutsideGroup)):
        if day is not None and not group.starts_on <= day < group.ends_on:
            raise refusal(first=group.starts_on, last=group.ends_on - DAY)
    return None if last_on in (None, group.ends_on - DAY) else last_on + DAY


def _set_until(by: Actor, group: Group, rule: Recurrence, until: date | None) -> None:
    since = min(rule.valid_until or group.ends_on, until or group.ends_on)
    rule.valid_until = until
    check_hours(by, group, [rule])
    Recurrence.objects.visible_to(by).filter(pk=rule.pk).update(valid_until=until)
    _follow(by, group, since)


def _ends(rule: Recurrence, last_on: str | None) -> bool:
    """Whether it still has the last day that a deed gave it."""
    return str(rule.last_on or "") == (last_on or "")


def _remove(by: Actor, group: Group, recurrence_ids: Collection[int], last_on: str | None) -> None:
    """Takes weekly lessons away that are as they were added, with all their lessons."""
    rows = Recurrence.objects.visible_to(by).filter(group=group, pk__in=recurrence_ids)
    there = list(rows)
    if len(there) < len(recurrence_ids):
        raise RegularCannotBeUndone
    since = min(row.valid_from or group.starts_on for row in there)
    lessons = Lesson.objects.visible_to(by).filter(group=group, held_on__gte=since, is_extra=False)
    planned = lessons.filter(status=LessonStatus.PLANNED).values_list("held_on", "starts_time")
    is_whole = all(_ends(row, last_on) for row in there)
    if not is_whole or not wanted_lessons(group, there, since).keys() <= set(planned):
        raise RegularWasTouched
    rows.delete()
    _follow(by, group, since)


def _follow(by: Actor, group: Group, since: date, *, added: Collection[int] = ()) -> None:
    """Lessons from a day on become what the schedule says, and charges follow them."""
    make_lessons(by, group, group.branch, since=since, added=added)
    publish(by, TuitionFactsChanged(students_of(by, group.pk)))
