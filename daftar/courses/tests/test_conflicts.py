"""What a lesson would clash with, asked before it is planned or moved."""

from dataclasses import replace
from datetime import date, time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from daftar.courses.alone import plan_single_lesson
from daftar.courses.catalogue import add_room
from daftar.courses.conflicts import Alone, Intended, Moved, OfGroup, conflicts_of
from daftar.courses.days import add_holiday, cancel_lesson
from daftar.courses.kinds import LessonKind
from daftar.courses.models import Lesson
from daftar.courses.moves import Staffing, move_lesson
from daftar.courses.places import change_hours
from daftar.courses.services import plan_lesson
from daftar.courses.timetable import timetable
from daftar.lib.errors import Forbidden, NotFound
from daftar.orgs.services import add_branch
from tests.cast import a_branch, a_centre, a_course, a_group, a_member, a_student, enrolled, owner_of

FRIDAY = date(2025, 5, 16)
NOWHERE = Staffing(None, None)


@pytest.fixture
def blue(by):
    return add_room(by, branch_id=a_branch(by).pk, name="Blue", capacity=2)


@pytest.fixture
def busy(by, blue):
    """IELTS-3: Mondays, Wednesdays and Fridays at 14:00 in Blue, by Olim, for an hour and a half; Farhod is in it."""
    group = a_group(by, starts_on="2025-05-01", last_on="2025-05-31", room_id=blue.pk, teacher_id=olim(by))
    enrolled(by, a_student(by), group, "2025-05-01")
    return group


@pytest.fixture
def other(by):
    """A group without a schedule, a room or a teacher."""
    return a_group(by, a_course(by, "Other"), "B-1", weekdays=(), starts_on="2025-05-01", last_on="2025-05-31")


def olim(by):
    return a_member(by, "Olim", "teacher").member_id


def lesson_of(by, group, on=FRIDAY):
    return Lesson.objects.visible_to(by).get(group=group, held_on=on)


def at(hour, staffing=NOWHERE, on=FRIDAY, **values):
    return Intended(held_on=on, starts_time=time(hour), staffing=staffing, **values)


def kinds(by, whose, intended, **values):
    return [clash.kind.value for clash in conflicts_of(by, whose, intended, **values).clashes]


def test_a_room_that_is_taken_is_told_with_the_name_of_who_is_there(by, busy, other, blue):
    found = conflicts_of(by, OfGroup(other.pk), at(15, Staffing(blue.pk, None)))
    assert [clash.kind.value for clash in found.clashes] == ["room"]
    assert found.clashes[0].other.id == lesson_of(by, busy).pk
    assert found.names[found.clashes[0].other.id] == "IELTS-3"
    assert str(found.lesson.room) == "Blue"


def test_a_teacher_who_has_a_lesson_is_told_in_another_branch_too(by, busy):
    far = add_branch(by, name="Far", timezone="Asia/Tashkent", currency="UZS", language="en")
    trial = Alone(far.pk, a_course(by, "Far away").pk, None)
    assert kinds(by, trial, at(14, Staffing(None, busy.teacher_id))) == ["teacher"]
    assert kinds(by, trial, at(16, Staffing(None, busy.teacher_id))) == []


def test_a_student_who_is_elsewhere_is_told_for_a_group_and_for_a_lesson_of_his_own(by, busy, other):
    student = a_student(by, "Second Student")
    enrolled(by, student, busy, "2025-05-01")
    enrolled(by, student, other, "2025-05-01")
    assert kinds(by, OfGroup(other.pk), at(14)) == ["student"]
    assert kinds(by, Alone(a_branch(by).pk, other.course_id, student.pk), at(14)) == ["student"]
    assert kinds(by, Alone(a_branch(by).pk, other.course_id, None), at(14)) == []


def test_a_guest_of_the_other_lesson_is_a_student_of_it(by, busy, other):
    guest = a_student(by, "Second Student")
    enrolled(by, guest, other, "2025-05-01")
    assert kinds(by, OfGroup(other.pk), at(14)) == []
    assert kinds(by, OfGroup(other.pk), at(14), guests={lesson_of(by, busy).pk: [guest.pk]}) == ["student"]


def test_opening_hours_are_told(by, other):
    change_hours(
        by, branch_id=a_branch(by).pk, opens_at=time(9), closes_at=time(18), blocks_rooms=False, blocks_teachers=False
    )
    assert kinds(by, OfGroup(other.pk), at(8)) == ["closed"]
    assert kinds(by, OfGroup(other.pk), at(17, minutes=90)) == ["closed"]
    assert kinds(by, OfGroup(other.pk), at(17, minutes=60)) == []


def test_a_day_off_is_told(by, other):
    add_holiday(by, name="Feast", starts_on=FRIDAY)
    assert kinds(by, OfGroup(other.pk), at(9)) == ["holiday"]
    assert kinds(by, OfGroup(other.pk), at(9, on=date(2025, 5, 17))) == []


def test_too_few_places_in_the_room_are_told(by, other, blue):
    for name in ("One Student", "Two Students", "Three Students"):
        enrolled(by, a_student(by, name), other, "2025-05-01")
    (clash,) = conflicts_of(by, OfGroup(other.pk), at(9, Staffing(blue.pk, None))).clashes
    assert (clash.kind.value, clash.count) == ("capacity", 1)
    assert kinds(by, OfGroup(other.pk), at(9)) == []


def test_one_more_lesson_has_the_room_and_the_teacher_of_its_group_unless_said(by, busy, blue):
    assert kinds(by, OfGroup(busy.pk), at(15)) == ["room", "teacher", "student"]
    assert kinds(by, OfGroup(busy.pk), at(16)) == []


def test_a_lesson_that_is_moved_does_not_clash_with_itself_and_may_have_no_room(by, busy):
    lesson = lesson_of(by, busy)
    here = Staffing(lesson.room_id, lesson.teacher_id)
    assert kinds(by, Moved(lesson.pk), at(15, here)) == []
    twin = plan_lesson(by, group_id=busy.pk, held_on=FRIDAY, starts_time=time(18))
    assert kinds(by, Moved(twin.pk), at(14, here)) == ["room", "teacher", "student"]
    assert kinds(by, Moved(twin.pk), at(14)) == ["student"]


def test_what_touches_and_what_is_cancelled_does_not_count(by, busy, other, blue):
    place = Staffing(blue.pk, None)
    assert kinds(by, OfGroup(other.pk), at(13, place, minutes=60)) == []
    assert kinds(by, OfGroup(other.pk), at(13, place, minutes=65)) == ["room"]
    cancel_lesson(by, lesson_id=lesson_of(by, busy).pk, reason="Nobody")
    assert kinds(by, OfGroup(other.pk), at(14, place)) == []


def test_a_lesson_that_began_the_day_before_is_still_in_the_room_after_midnight(by, other, blue):
    plan_lesson(
        by, group_id=other.pk, held_on=date(2025, 5, 15), starts_time=time(23), minutes=120, room_id=blue.pk
    )  # fmt: skip
    trial = Alone(a_branch(by).pk, other.course_id, None)
    assert kinds(by, trial, at(0, Staffing(blue.pk, None))) == ["room"]


def test_it_is_what_the_timetable_marks_afterwards(by, busy, other, blue):
    add_holiday(by, name="Feast", starts_on=date(2025, 5, 19))
    lesson = plan_lesson(by, group_id=other.pk, held_on=FRIDAY, starts_time=time(9))
    to = {"held_on": date(2025, 5, 19), "starts_time": time(14), "staffing": Staffing(blue.pk, busy.teacher_id)}
    before = kinds(by, Moved(lesson.pk), Intended(**to))
    move_lesson(by, lesson_id=lesson.pk, **to)
    shown = timetable(by, since=to["held_on"], until=to["held_on"]).lessons
    marked = {row.lesson.pk: [clash.kind.value for clash in row.clashes] for row in shown}
    assert before == marked[lesson.pk] == ["room", "teacher", "holiday"]


def test_lessons_of_another_centre_do_not_count_and_cannot_be_asked_about(by, busy):
    from daftar.lib.tenancy import tenant_transaction

    stranger = a_centre("other")
    with tenant_transaction(stranger.org_id):
        far = a_group(stranger, name="Far", weekdays=(), starts_on="2025-05-01", last_on="2025-05-31")
        assert kinds(stranger, OfGroup(far.pk), at(14)) == []
        for whose in (OfGroup(busy.pk), Alone(busy.branch_id, far.course_id, None)):
            with pytest.raises(NotFound):
                conflicts_of(stranger, whose, at(14))
        with pytest.raises(NotFound):
            conflicts_of(stranger, OfGroup(far.pk), at(14, Staffing(busy.room_id, None)))


def test_who_does_not_see_the_other_lesson_is_told_of_it_without_a_name(by, busy, blue):
    nodira = a_member(by, "Nodira", "teacher")
    narrow = replace(nodira, permissions=nodira.permissions | {"courses.edit"})
    own = a_group(
        by, a_course(by, "Other"), "B-1", weekdays=(), starts_on="2025-05-01", last_on="2025-05-31",
        teacher_id=narrow.member_id,
    )  # fmt: skip
    whose, intended = OfGroup(own.pk), at(14, Staffing(blue.pk, None))
    found = conflicts_of(narrow, whose, intended)
    assert [clash.kind.value for clash in found.clashes] == ["room"]
    assert found.names == {}
    assert list(conflicts_of(owner_of(by), whose, intended).names.values()) == ["IELTS-3"]


def test_who_may_not_plan_may_not_ask(by, other):
    with pytest.raises(Forbidden):
        conflicts_of(a_member(by, "Nodira", "teacher"), OfGroup(other.pk), at(14))


def test_its_statements_do_not_grow_with_the_lessons(by, busy, other, blue):
    def statements():
        with CaptureQueriesContext(connection) as asked:
            kinds(by, OfGroup(other.pk), at(14, Staffing(blue.pk, None)))
        return len(asked)

    few = statements()
    for number in range(3):
        student = a_student(by, f"Student of {number}").pk
        plan_single_lesson(
            by, kind=LessonKind.INDIVIDUAL, course_id=other.course_id, branch_id=other.branch_id, held_on=FRIDAY,
            starts_time=time(14), student_id=student, staffing=Staffing(blue.pk, None),
        )  # fmt: skip
    assert kinds(by, OfGroup(other.pk), at(14, Staffing(blue.pk, None))) == ["room"] * 4
    assert statements() == few
