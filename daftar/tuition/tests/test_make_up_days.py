"""A member for a day whose lesson makes up for a miss."""

from dataclasses import replace
from datetime import date, time

import pytest

from daftar.attendance.makeups import make_ups
from daftar.attendance.models import AbsenceReason
from daftar.attendance.queries import reasons
from daftar.attendance.services import conduct_lesson
from daftar.courses.models import Enrolment, Lesson
from daftar.courses.moves import move_lesson
from daftar.courses.rules import EVEN, PlanKind
from daftar.courses.services import plan_lesson
from daftar.ledger.queries import balances
from daftar.lib.errors import Forbidden
from daftar.orgs.roles import PERMISSIONS, BuiltIn
from daftar.tuition.make_up_days import MakesUpInOneDay, NoLessonThatDay, enrol_for_make_up
from daftar.tuition.services import activate
from tests.cast import a_course, a_group, a_member, a_student, enrolled

PRICE = 5_000_000
THE_13TH = date(2025, 5, 13)


@pytest.fixture
def owed(by):
    """An excused miss of the 12th, and a group of other days of the same course."""
    course = a_course(by, plan=PlanKind.PER_LESSON, price=PRICE)
    life = {"starts_on": "2025-05-01", "last_on": "2025-06-30"}
    group, host = a_group(by, course, "Mornings", **life), a_group(by, course, "Evenings", weekdays=EVEN, **life)
    student = a_student(by)
    activate(by, enrolment_id=enrolled(by, student, group, "2025-05-01").pk, activated_on=date(2025, 5, 1))
    missed = Lesson.objects.visible_to(by).get(group=group, held_on=date(2025, 5, 12))
    conduct_lesson(by, lesson_id=missed.pk, absent={student.pk: reasons(by)[0].pk})
    return make_ups(by).get(), host


def joined(by, owed, *, on=THE_13TH, last_on=THE_13TH, is_active=False) -> Enrolment:
    row, host = owed
    return enrol_for_make_up(
        by, student_id=row.student_id, group_id=host.pk, starts_on=on, last_on=last_on, make_up_id=row.pk,
        is_active=is_active,
    )  # fmt: skip


def held(by, owed, on=THE_13TH) -> Lesson:
    return Lesson.objects.visible_to(by).get(group=owed[1], held_on=on)


@pytest.mark.parametrize(("is_active", "charged"), [(False, 0), (True, -PRICE)])
def test_it_is_charged_as_a_member_or_free_as_a_trial(by, owed, is_active, charged):
    joined(by, owed, is_active=is_active)
    conduct_lesson(by, lesson_id=held(by, owed).pk, absent={})
    assert make_ups(by, state="made").get() == owed[0]
    assert balances(by, [owed[0].student_id])[owed[0].student_id] == charged


def test_a_member_pays_also_where_the_miss_was_charged(by, owed):
    AbsenceReason.objects.visible_to(by).update(charges=True)
    conduct_lesson(by, lesson_id=owed[0].missed_id, absent={owed[0].student_id: reasons(by)[0].pk}, because="Charged")
    joined(by, owed, is_active=True)
    conduct_lesson(by, lesson_id=held(by, owed).pk, absent={})
    assert balances(by, [owed[0].student_id])[owed[0].student_id] == -2 * PRICE


def test_a_lesson_that_is_moved_off_the_member_s_day_leaves_the_miss_owed(by, owed):
    joined(by, owed)
    move_lesson(by, lesson_id=held(by, owed).pk, held_on=date(2025, 5, 16), starts_time=time(10))
    assert make_ups(by).get() == owed[0]


@pytest.mark.parametrize("last_on", [None, date(2025, 5, 15)])
def test_it_is_one_day(by, owed, last_on):
    with pytest.raises(MakesUpInOneDay):
        joined(by, owed, last_on=last_on)
    assert Enrolment.objects.visible_to(by).count() == 1


def test_on_a_day_without_a_lesson_nobody_joins(by, owed):
    with pytest.raises(NoLessonThatDay):
        joined(by, owed, on=date(2025, 5, 14), last_on=date(2025, 5, 14))
    assert Enrolment.objects.visible_to(by).count() == 1
    assert make_ups(by).get() == owed[0]


def test_of_two_lessons_that_day_it_is_the_first(by, owed):
    first = held(by, owed)
    plan_lesson(by, group_id=owed[1].pk, held_on=THE_13TH, starts_time=time(20), minutes=60)
    joined(by, owed)
    assert make_ups(by, state="planned").get().made_in_id == first.pk


def test_it_takes_the_rights_of_its_parts(by, owed):
    with pytest.raises(Forbidden):
        joined(a_member(by, "Cashier", "cashier"), owed)
    for right in ("attendance.add_guests", "tuition.activate"):
        without = replace(by, is_trusted=False, permissions=PERMISSIONS[BuiltIn.OWNER] - {right})
        with pytest.raises(Forbidden, match=right):
            joined(without, owed, is_active=True)
