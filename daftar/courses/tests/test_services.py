"""Groups, their lessons, and who may join when."""

from datetime import date, time, timedelta

import pytest

from daftar.attendance.services import conduct_lesson
from daftar.courses.catalogue import add_course, add_room
from daftar.courses.models import Enrolment, Lesson
from daftar.courses.refusals import (
    ActivationBeforeJoining,
    AlreadyActive,
    AlreadyEnrolled,
    CourseInOtherCurrency,
    GroupEndsBeforeStart,
    GroupIsFull,
    GroupNameTaken,
    GroupShorterThanLessons,
    JoinOutsideGroup,
    LessonOutsideGroup,
    LessonThere,
    RoomElsewhere,
    ScheduleIncomplete,
)
from daftar.courses.rules import PlanKind
from daftar.courses.schedules import Schedule
from daftar.courses.services import (
    add_group,
    edit_group,
    enrol_student,
    plan_lesson,
)
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.services import add_branch
from daftar.tuition.services import activate
from tests.cast import a_branch, a_centre, a_course, a_group, a_student, at, enrolled


def lessons_of(by, group) -> list[Lesson]:
    return list(Lesson.objects.visible_to(by).filter(group=group).order_by("starts_at"))


def test_a_group_has_its_lessons_to_its_end_in_local_wall_time(by):
    group = a_group(by, starts_on="2025-05-01", last_on="2025-05-31")

    lessons = lessons_of(by, group)

    assert [lesson.held_on.day for lesson in lessons] == [2, 5, 7, 9, 12, 14, 16, 19, 21, 23, 26, 28, 30]
    assert {lesson.starts_time for lesson in lessons} == {time(14)}
    assert {(lesson.starts_at.hour, lesson.ends_at - lesson.starts_at) for lesson in lessons} == {
        (9, timedelta(minutes=90))
    }


def test_a_lesson_keeps_its_hour_when_the_clocks_change(db):
    by = a_centre(currency="PLN", timezone="Europe/Warsaw")
    with tenant_transaction(by.org_id):
        group = a_group(by, weekdays=(1,), starts_on="2025-03-24", last_on="2025-04-01")
        assert [(lesson.starts_time.hour, lesson.starts_at.hour) for lesson in lessons_of(by, group)] == [
            (14, 13),
            (14, 12),
        ]


def test_a_new_schedule_moves_what_is_planned_and_leaves_what_was_taught(by):
    group = a_group(by, starts_on="2025-05-01", last_on="2025-05-31")
    first = lessons_of(by, group)[0]
    conduct_lesson(by, lesson_id=first.pk, absent={})

    edit(by, group, schedule=Schedule((2, 4), time(10)))

    assert [lesson.held_on.day for lesson in lessons_of(by, group)] == [2, 5, 7, 9, 12, 15, 20, 22, 27, 29]
    assert lessons_of(by, group)[0].status == "conducted"


def test_a_longer_life_adds_lessons_and_a_shorter_one_takes_them(by):
    group = a_group(by, starts_on="2025-05-01", last_on="2025-05-31")
    edit(by, group, last_on=date(2025, 6, 6))
    assert lessons_of(by, group)[-1].held_on == date(2025, 6, 6)
    edit(by, group, last_on=date(2025, 5, 20))
    assert lessons_of(by, group)[-1].held_on == date(2025, 5, 19)


def test_a_taught_lesson_keeps_the_group_from_ending_before_it(by):
    group = a_group(by, starts_on="2025-05-01", last_on="2025-05-31")
    conduct_lesson(by, lesson_id=lessons_of(by, group)[5].pk, absent={})
    with pytest.raises(GroupShorterThanLessons):
        edit(by, group, last_on=date(2025, 5, 10))


def test_a_lesson_outside_the_schedule_stays_when_that_changes(by):
    group = a_group(by, starts_on="2025-05-01", last_on="2025-05-31")
    extra = plan_lesson(by, group_id=group.pk, held_on=date(2025, 5, 17), starts_time=time(11))
    edit(by, group, schedule=Schedule((2,), time(10)))
    assert extra in lessons_of(by, group)
    with pytest.raises(LessonThere):
        plan_lesson(by, group_id=group.pk, held_on=date(2025, 5, 17), starts_time=time(11))
    with pytest.raises(LessonOutsideGroup):
        plan_lesson(by, group_id=group.pk, held_on=date(2025, 6, 17), starts_time=time(11))


@pytest.mark.parametrize("day", ["2025-03-01", "2025-08-10", "2026-03-01"])
def test_joining_within_the_groups_life_e12(by, day):
    enrolment = enrolled(by, a_student(by), a_group(by), day)
    assert (enrolment.starts_on.isoformat(), enrolment.activated_on) == (day, None)


@pytest.mark.parametrize("day", ["2025-02-28", "2026-03-02"])
def test_joining_outside_it_is_refused_e12(by, day):
    with pytest.raises(JoinOutsideGroup) as refused:
        enrolled(by, a_student(by), a_group(by), day)
    assert "2025-03-01" in refused.value.message
    assert not Enrolment.objects.visible_to(by).exists()


@pytest.mark.parametrize("day", [10, 11, 12])
def test_activation_on_or_after_joining_e11(by, day):
    enrolment = enrolled(by, a_student(by), a_group(by), "2025-05-10")
    assert activate(by, enrolment_id=enrolment.pk, activated_on=date(2025, 5, day)).activated_on.day == day


def test_activation_before_joining_is_refused_e11(by):
    enrolment = enrolled(by, a_student(by), a_group(by), "2025-05-10")
    with pytest.raises(ActivationBeforeJoining):
        activate(by, enrolment_id=enrolment.pk, activated_on=date(2025, 5, 9))
    activate(by, enrolment_id=enrolment.pk, activated_on=date(2025, 5, 10))
    with pytest.raises(AlreadyActive):
        activate(by, enrolment_id=enrolment.pk, activated_on=date(2025, 5, 11))


def test_nobody_is_in_a_group_twice_and_a_full_group_takes_nobody(by):
    group, student = a_group(by, capacity=1), a_student(by)
    enrolled(by, student, group, "2025-05-10")
    with pytest.raises(AlreadyEnrolled):
        enrolled(by, student, group, "2025-06-10")
    with pytest.raises(GroupIsFull):
        enrolled(by, a_student(by, "Malika"), group, "2025-05-11")


def test_wrong_groups_are_refused(by):
    course, branch = a_course(by), a_branch(by)
    values = {"branch_id": branch.pk, "course_id": course.pk, "name": "G", "starts_on": date(2025, 5, 1)}
    with pytest.raises(GroupEndsBeforeStart):
        add_group(by, **values, last_on=date(2025, 4, 30))
    with pytest.raises(ScheduleIncomplete):
        add_group(by, **values, last_on=date(2025, 5, 30), schedule=Schedule((1,), None))
    second = add_branch(by, name="Second", timezone="Europe/Warsaw", currency="PLN", language="pl")
    with pytest.raises(CourseInOtherCurrency):
        add_group(by, **values | {"branch_id": second.pk}, last_on=date(2025, 5, 30))
    room = add_room(by, branch_id=second.pk, name="1")
    with pytest.raises(RoomElsewhere):
        add_group(by, **values, last_on=date(2025, 5, 30), room_id=room.pk)
    add_group(by, **values, last_on=date(2025, 5, 30))
    with pytest.raises(GroupNameTaken):
        add_group(by, **values, last_on=date(2025, 5, 30))


def test_a_price_of_a_course_binds_those_activated_from_now_on(by):
    course = add_course(by, name="C", plan=PlanKind.CALENDAR_MONTH, currency="UZS", price=10_000_000)
    assert (course.plan, course.lessons_count) == ("calendar_month", 1)


def test_an_extended_group_charges_its_members_further(by):
    """A fact of charging changed, so the charges follow in the same transaction."""
    from daftar.ledger.queries import balances
    from daftar.tuition.services import enrol_active

    group, student = a_group(by, starts_on="2025-04-01", last_on="2025-04-30"), a_student(by)
    enrol_active(by, student_id=student.pk, group_id=group.pk, starts_on=date(2025, 4, 1))
    assert balances(by, [student.pk]) == {student.pk: -30_000_000}

    edit(at(by, "2025-05-02"), group, last_on=date(2025, 6, 30))

    assert balances(by, [student.pk]) == {student.pk: -60_000_000}


def edit(by, group, **values):
    now = {
        "name": group.name,
        "starts_on": group.starts_on,
        "last_on": group.ends_on - timedelta(days=1),
        "schedule": Schedule((1, 3, 5), time(14)),
        "teacher_id": None,
        "room_id": None,
        "capacity": None,
    }
    return edit_group(by, group_id=group.pk, **now | values)


def test_enrolling_a_student_of_another_branch_is_refused(by):
    from daftar.courses.refusals import StudentElsewhere
    from daftar.people.services import add_student

    second = add_branch(by, name="Second", timezone="Asia/Tashkent", currency="UZS", language="uz")
    student = add_student(by, full_name="Lola", branch_id=second.pk)
    with pytest.raises(StudentElsewhere):
        enrol_student(by, student_id=student.pk, group_id=a_group(by).pk, starts_on=date(2025, 5, 10))
