"""Weekdays of a group on which one member does not come, such as one who attends on Mondays only."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import Exists, F, Func, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from daftar.courses.memberships import running_membership
from daftar.courses.models import Enrolment, Lesson
from daftar.courses.rules import EVERY_DAY, Membership, SpanOfWeekday
from daftar.lib.errors import Refusal
from daftar.orgs.access import Actor, note, verb
from daftar.orgs.models import TenantModel

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import date

    from daftar.lib.tenancy import Asker


class WeekdayOff(TenantModel):
    """An ISO weekday on which a member does not come, from a day to the day before another (null: open).

    It is about the day a lesson was planned for: one that is moved to another weekday stays who it is for.
    """

    branch_path = "enrolment__group__branch_id"

    enrolment = models.ForeignKey(Enrolment, models.CASCADE, related_name="weekdays_off")
    weekday = models.PositiveSmallIntegerField()  # ISO: 1 is Monday
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.CheckConstraint(name="weekday_off_weekday", condition=Q(weekday__range=(1, 7))),
            models.CheckConstraint(
                name="weekday_off_ends_after_start", condition=Q(ends_on=None) | Q(ends_on__gt=F("starts_on"))
            ),
            ExclusionConstraint(
                name="weekday_off_once_at_a_time",
                expressions=[
                    ("org", RangeOperators.EQUAL),
                    ("enrolment", RangeOperators.EQUAL),
                    ("weekday", RangeOperators.EQUAL),
                    (Func(F("starts_on"), F("ends_on"), function="daterange"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return str(self.enrolment)


class ComesOnNoDay(Refusal):
    field = "comes_on"
    text = _("At least one weekday must stay. To end the membership, choose that.")


class OffBeforeJoining(Refusal):
    field = "from_on"
    text = _("The day lies before %(first)s, the day of joining.")


class ChangedLater(Refusal):
    field = "from_on"
    text = _("The weekdays were changed from %(day)s on already. Choose that day or a later one.")


@verb("courses.enrol")
def set_weekdays_off(by: Actor, *, enrolment_id: int, weekdays_off: Collection[int], from_on: date) -> Enrolment:
    """From a day on a member comes on all days but these ISO weekdays; what was before stays as it was.

    Called by tuition, which knows the money.
    """
    enrolment, chosen = running_membership(by, enrolment_id), set(weekdays_off)
    if chosen >= set(EVERY_DAY):
        raise ComesOnNoDay
    if from_on < enrolment.starts_on:
        raise OffBeforeJoining(first=enrolment.starts_on)
    rows = list(WeekdayOff.objects.visible_to(by).filter(enrolment=enrolment).order_by("weekday", "starts_on"))
    if later := [row.starts_on for row in rows if row.starts_on > from_on]:
        raise ChangedLater(day=max(later))
    if later := [row.ends_on for row in rows if row.ends_on is not None and row.ends_on > from_on]:
        raise ChangedLater(day=max(later))
    was = sorted(row.weekday for row in rows if row.ends_on is None)
    _end(by, [row for row in rows if row.ends_on is None and row.weekday not in chosen], from_on)
    _begin(by, enrolment, rows, chosen.difference(was), from_on)
    note(by, enrolment, was={"weekdays_off": was}, now={"weekdays_off": sorted(chosen), "from_on": from_on})
    return enrolment


def _end(by: Actor, rows: list[WeekdayOff], from_on: date) -> None:
    """Those that would only begin on that day have never been."""
    own = WeekdayOff.objects.visible_to(by).filter(pk__in=[row.pk for row in rows])
    own.filter(starts_on=from_on).delete()
    own.update(ends_on=from_on)


def _begin(by: Actor, enrolment: Enrolment, rows: list[WeekdayOff], weekdays: set[int], from_on: date) -> None:
    """One that ended on that very day goes on."""
    ended = {row.weekday: row.pk for row in rows if row.ends_on == from_on}
    going_on = weekdays & ended.keys()
    WeekdayOff.objects.visible_to(by).filter(pk__in=[ended[day] for day in going_on]).update(ends_on=None)
    WeekdayOff.objects.bulk_create(
        WeekdayOff(org_id=by.org_id, enrolment=enrolment, weekday=day, starts_on=from_on)
        for day in sorted(weekdays - going_on)
    )


def off_of(by: Actor, enrolment_ids: Collection[int]) -> dict[int, list[SpanOfWeekday]]:
    """By membership on which weekdays one does not come, and when; verbs and questions that permit it ask."""
    rows = WeekdayOff.objects.visible_to(by).filter(enrolment_id__in=enrolment_ids).order_by("id")
    found: dict[int, list[SpanOfWeekday]] = defaultdict(list)
    for enrolment_id, *span in rows.values_list("enrolment_id", "weekday", "starts_on", "ends_on"):
        found[enrolment_id].append(SpanOfWeekday(*span))
    return found


def with_off(by: Actor, rows: Any) -> Any:
    """Enrolments with `off`: the ISO weekdays that are off without end; a column more for rows already guarded."""
    open_ = WeekdayOff.unguarded.filter(org_id=by.org_id, enrolment_id=OuterRef("pk"), ends_on=None)
    return rows.annotate(off=ArraySubquery(open_.order_by("weekday").values("weekday")))


def first_day(lesson: Lesson) -> date:
    """The day a lesson was planned for: by it a member comes or not, wherever it was moved to since."""
    return lesson.moved_from or lesson.held_on


def coming(by: Asker, rows: Any, on: Any, weekday: Any) -> Any:
    """Those enrolments whose student comes on a day and its ISO weekday (values or expressions); guarded already."""
    off = WeekdayOff.unguarded.filter(org_id=by.org_id, enrolment_id=OuterRef("pk"), weekday=weekday, starts_on__lte=on)
    return rows.exclude(Exists(off.exclude(ends_on__lte=on)))


def coming_members(by: Asker) -> Any:
    """For a subquery on a lesson, the enrolments of its members who come on its weekday; whoever pauses among them."""
    here = Enrolment.unguarded.filter(
        org_id=by.org_id, group_id=OuterRef("group_id"), starts_on__lte=OuterRef("held_on")
    )
    first_on = Coalesce(
        OuterRef(OuterRef("moved_from")), OuterRef(OuterRef("held_on")), output_field=models.DateField()
    )
    weekday = Func(first_on, template="EXTRACT(ISODOW FROM %(expressions)s)", output_field=models.IntegerField())
    return coming(by, here.exclude(ends_on__lte=OuterRef("held_on")), first_on, weekday)


def lessons_of_member(by: Actor, student_id: int) -> Q:
    """Which lessons a student belongs to, alone or in a group; verbs and questions that permit it ask."""
    spans = members(Enrolment.objects.visible_to(by).filter(student_id=student_id))
    found = Q(student_id=student_id)
    for span in spans:
        held = Q(group_id=span.group_id, held_on__gte=span.since)
        found |= held & _until("held_on", span.until) & ~_is_off(span.off)
    return found


def _is_off(off: Iterable[SpanOfWeekday]) -> Q:
    found = Q(pk__in=[])
    for each in off:
        for day, when in (("held_on", Q(moved_from=None)), ("moved_from", Q(moved_from__isnull=False))):
            here = {f"{day}__iso_week_day": each.weekday, f"{day}__gte": each.since}
            found |= when & Q(**here) & _until(day, each.until)
    return found


def _until(day: str, until: date | None) -> Q:
    return Q() if until is None else Q(**{f"{day}__lt": until})


def members(rows: Any) -> list[Membership]:
    """Enrolments, guarded already, as plain values with the weekdays on which one does not come."""
    columns = ("pk", "student_id", "group_id", "starts_on", "ends_on")
    off = tuple(f"weekdays_off__{name}" for name in ("weekday", "starts_on", "ends_on"))
    found: dict[int, Membership] = {}
    for pk, student_id, group_id, since, until, *span in rows.order_by("pk").values_list(*columns, *off):
        row = found.get(pk) or Membership(student_id, group_id, since, until)
        found[pk] = row if span[0] is None else row._replace(off=(*row.off, SpanOfWeekday(*span)))
    return list(found.values())
