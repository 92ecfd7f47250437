"""Types of lessons: what they are marked with, how long they are, and what cannot change."""

from datetime import date, time

import pytest

from daftar.config.vendor import ICONS
from daftar.courses.catalogue import (
    TYPE_ICONS,
    IconUnknown,
    KindIsUsed,
    LessonTypeTaken,
    add_lesson_type,
    archive_lesson_type,
    edit_lesson_type,
    restore_lesson_type,
)
from daftar.courses.kinds import LessonKind
from daftar.courses.refusals import TypeIsArchived
from daftar.courses.services import change_type, plan_lesson
from tests.cast import a_course, a_group

SATURDAY = date(2025, 5, 10)


@pytest.fixture
def club(by):
    return add_lesson_type(by, name="Club", kind=LessonKind.GROUP, icon="star", colour="teal", minutes=45)


@pytest.fixture
def group(by):
    return a_group(by, a_course(by), starts_on="2025-05-01")


def edited(by, row, **values):
    now = {name: getattr(row, name) for name in ("name", "kind", "icon", "colour", "minutes")}
    return edit_lesson_type(by, type_id=row.pk, **(now | values))


def planned(by, group, club, hour=11, **values):
    return plan_lesson(by, group_id=group.pk, held_on=SATURDAY, starts_time=time(hour), type_id=club.pk, **values)


def test_every_icon_that_is_offered_is_shipped():
    assert TYPE_ICONS.keys() <= set(ICONS)


def test_its_lessons_are_as_long_as_it_says(by, group, club):
    assert planned(by, group, club).minutes == 45
    assert planned(by, group, club, hour=12, minutes=30).minutes == 30
    assert planned(by, group, edited(by, club, minutes=None), hour=13).minutes == group.course.lesson_minutes


def test_its_kind_stays_once_lessons_have_it(by, group, club):
    edited(by, club, kind=LessonKind.TRIAL)
    edited(by, club, kind=LessonKind.GROUP)
    planned(by, group, club)
    with pytest.raises(KindIsUsed):
        edited(by, club, kind=LessonKind.TRIAL)
    assert edited(by, club, name="Speaking club").name == "Speaking club"


def test_no_new_lesson_is_of_an_archived_one_and_old_ones_keep_it(by, group, club):
    lesson = planned(by, group, club)
    archive_lesson_type(by, type_id=club.pk)
    with pytest.raises(TypeIsArchived):
        planned(by, group, club, hour=12)
    assert change_type(by, lesson_id=lesson.pk, type_id=club.pk).type_id == club.pk
    restore_lesson_type(by, type_id=club.pk)
    assert planned(by, group, club, hour=12).type_id == club.pk


def test_a_name_is_taken_once_and_an_icon_is_one_of_the_set(by, club):
    with pytest.raises(LessonTypeTaken):
        add_lesson_type(by, name="Club", kind=LessonKind.TRIAL)
    with pytest.raises(IconUnknown):
        edited(by, club, icon="../secret")
