"""Verbs on what a centre offers: courses with their way of charging, rooms, and types of lessons."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from daftar.courses.models import Course, LessonType, Room
from daftar.courses.rules import PlanKind
from daftar.lib.errors import Refusal
from daftar.orgs.access import Actor, add, change, verb
from daftar.orgs.models import Branch

MOST_LESSONS = 1000


class CourseNameTaken(Refusal):
    constraints = ("course_name_once",)
    field = "name"
    text = _("There is a course with this name already.")


class RoomNameTaken(Refusal):
    constraints = ("room_name_once",)
    field = "name"
    text = _("This branch has a room with this name already.")


class LessonTypeTaken(Refusal):
    constraints = ("lesson_type_name_once",)
    field = "name"
    text = _("There is a type of lesson with this name already.")


class ModuleLessonsMissing(Refusal):
    field = "module_lessons"
    text = _("Write how many lessons a module has.")


class CountOutOfRange(Refusal):
    field = "lessons_count"
    text = _("Write a number from 1 to 1000.")


class MonthsOutOfRange(Refusal):
    field = "months"
    text = _("Write a number from 1 to 1000.")


@verb("courses.edit")
def add_course(
    by: Actor, *, name: str, plan: PlanKind, currency: str, price: int | None = None, lessons_count: int = 1,
    module_lessons: int | None = None, months: int | None = None, subject: str = "", level: str = "",
    lesson_minutes: int = 90,
) -> Course:  # fmt: skip
    """A new course: how it is charged, and for how much in minor units.

    The price is for `lessons_count` lessons, for a module of `module_lessons`, for each of `months` of the whole course
    (None: the price is the total), or for a month or week, as the way of charging says.
    """
    check_counts(plan, lessons_count, module_lessons, months)
    if Course.objects.visible_to(by).filter(name=name).exists():
        raise CourseNameTaken
    return add(
        by, Course, name=name, plan=plan.value, currency=currency, price=price, lessons_count=lessons_count,
        module_lessons=module_lessons, months=months, subject=subject, level=level, lesson_minutes=lesson_minutes,
    )  # fmt: skip


@verb("courses.edit")
def edit_course(
    by: Actor, *, course_id: int, name: str, subject: str, level: str, lesson_minutes: int,
) -> Course:  # fmt: skip
    """Changes what a course is called and how long its lessons are; its price has a day from which it holds."""
    course: Course = Course.objects.visible_to(by).select_for_update(no_key=True).one(pk=course_id)
    if Course.objects.visible_to(by).filter(name=name).exclude(pk=course_id).exists():
        raise CourseNameTaken
    change(by, course, name=name, subject=subject, level=level, lesson_minutes=lesson_minutes)
    return course


@verb("courses.edit")
def add_room(by: Actor, *, branch_id: int, name: str, capacity: int | None = None) -> Room:
    """A new room of a branch."""
    branch = Branch.objects.visible_to(by).one(pk=branch_id)
    if Room.objects.visible_to(by).filter(branch=branch, name=name).exists():
        raise RoomNameTaken
    return add(by, Room, branch=branch, name=name, capacity=capacity)


@verb("courses.edit")
def edit_room(by: Actor, *, room_id: int, name: str, capacity: int | None) -> Room:
    """Changes a room's name or places."""
    room: Room = Room.objects.visible_to(by).select_for_update(no_key=True).one(pk=room_id)
    if Room.objects.visible_to(by).filter(branch_id=room.branch_id, name=name).exclude(pk=room_id).exists():
        raise RoomNameTaken
    change(by, room, name=name, capacity=capacity)
    return room


@verb("courses.edit")
def add_lesson_type(by: Actor, *, name: str, kind: str) -> LessonType:
    """A type of lesson of the centre's own, of one of the three kinds."""
    if LessonType.objects.visible_to(by).filter(name=name).exists():
        raise LessonTypeTaken
    return add(by, LessonType, name=name, kind=kind)


def check_counts(plan: str, lessons_count: int, module_lessons: int | None, months: int | None) -> None:
    """Refuses numbers that the way of charging cannot work with."""
    if not 1 <= lessons_count <= MOST_LESSONS:
        raise CountOutOfRange
    if months is not None and not 1 <= months <= MOST_LESSONS:
        raise MonthsOutOfRange
    lessons = 0 if module_lessons is None else module_lessons
    if (plan == PlanKind.MODULE or module_lessons is not None) and not 1 <= lessons <= MOST_LESSONS:
        raise ModuleLessonsMissing
