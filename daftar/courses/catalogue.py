"""Verbs on what a centre offers: courses with their way of charging, rooms, and types of lessons."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from daftar.courses.kinds import Colour
from daftar.courses.models import Course, Lesson, LessonType, Recurrence, Room
from daftar.courses.rules import PlanKind
from daftar.lib.errors import Refusal
from daftar.orgs.access import Actor, add, change, verb
from daftar.orgs.models import Branch

MOST_LESSONS = 1000
# What a type of lesson can be marked with, of the icons that are shipped.
TYPE_ICONS = {
    "tag": _("Label"), "user": _("Person"), "users": _("People"), "flask": _("Flask"), "school": _("Graduation cap"),
    "book": _("Book"), "language": _("Language"), "math": _("Mathematics"), "music": _("Music"),
    "palette": _("Palette"), "chess": _("Chess"), "ball-football": _("Ball"), "microphone": _("Microphone"),
    "video": _("Camera"), "repeat": _("Again"), "star": _("Star"),
}  # fmt: skip


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


class KindIsUsed(Refusal):
    field = "kind"
    text = _("Lessons of this type have been planned: its kind stays. Add another type.")


class IconUnknown(Refusal):
    field = "icon"
    text = _("Choose one of the icons.")


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
def add_lesson_type(
    by: Actor, *, name: str, kind: str, icon: str = "tag", colour: str = Colour.PURPLE, minutes: int | None = None,
) -> LessonType:  # fmt: skip
    """A type of lesson of the centre's own, of one of the three kinds; `minutes` None: as long as the course says."""
    _check_type(by, name, icon, None)
    return add(by, LessonType, name=name, kind=kind, icon=icon, colour=colour, minutes=minutes)


@verb("courses.edit")
def edit_lesson_type(
    by: Actor, *, type_id: int, name: str, kind: str, icon: str, colour: str, minutes: int | None,
) -> LessonType:  # fmt: skip
    """Changes what a type is called and marked with; its kind as long as no lesson is of it."""
    row: LessonType = LessonType.objects.visible_to(by).select_for_update(no_key=True).one(pk=type_id)
    _check_type(by, name, icon, row.pk)
    if kind != row.kind and _is_used(by, row):
        raise KindIsUsed
    change(by, row, name=name, kind=kind, icon=icon, colour=colour, minutes=minutes)
    return row


@verb("courses.edit")
def archive_lesson_type(by: Actor, *, type_id: int) -> LessonType:
    """No new lesson is of this type from now on; those that are keep it, and so do prices."""
    row: LessonType = LessonType.objects.visible_to(by).select_for_update(no_key=True).one(pk=type_id)
    change(by, row, is_archived=True)
    return row


@verb("courses.edit")
def restore_lesson_type(by: Actor, *, type_id: int) -> LessonType:
    """Lessons may be of this type again."""
    row: LessonType = LessonType.objects.visible_to(by).select_for_update(no_key=True).one(pk=type_id)
    change(by, row, is_archived=False)
    return row


def _check_type(by: Actor, name: str, icon: str, own: int | None) -> None:
    if LessonType.objects.visible_to(by).filter(name=name).exclude(pk=own).exists():
        raise LessonTypeTaken
    if icon not in TYPE_ICONS:
        raise IconUnknown


def _is_used(by: Actor, row: LessonType) -> bool:
    """Whether any lesson is of the type, in any branch."""
    everywhere = replace(by.trusted(), branch_ids=None)
    lessons = Lesson.objects.visible_to(everywhere).filter(type=row)
    return lessons.exists() or Recurrence.objects.visible_to(everywhere).filter(type=row).exists()


def check_counts(plan: str, lessons_count: int, module_lessons: int | None, months: int | None) -> None:
    """Refuses numbers that the way of charging cannot work with."""
    if not 1 <= lessons_count <= MOST_LESSONS:
        raise CountOutOfRange
    if months is not None and not 1 <= months <= MOST_LESSONS:
        raise MonthsOutOfRange
    lessons = 0 if module_lessons is None else module_lessons
    if (plan == PlanKind.MODULE or module_lessons is not None) and not 1 <= lessons <= MOST_LESSONS:
        raise ModuleLessonsMissing
