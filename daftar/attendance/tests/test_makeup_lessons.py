"""Lessons of no group for those who missed one."""

from datetime import date, time

import pytest

from daftar.attendance.makeup_lessons import MakeUpsOfOneCourse, others_owed, plan_make_up_lesson
from daftar.attendance.makeups import MadeUpAlready, MakeUpExpired, NoPlaceInLesson, make_ups, places_for
from daftar.attendance.models import MakeUp
from daftar.attendance.queries import expected_students, forgotten_lessons, lesson_figures, reasons
from daftar.attendance.services import conduct_lesson
from daftar.courses.catalogue import add_lesson_type, add_room
from daftar.courses.days import cancel_lesson
from daftar.courses.kinds import LessonKind
from daftar.courses.models import Lesson
from daftar.courses.moves import Staffing
from daftar.courses.rules import PlanKind
from daftar.ledger.queries import balances
from daftar.lib.errors import NotFound
from daftar.tuition.models import Subscription
from daftar.tuition.services import activate
from tests.cast import a_branch, a_course, a_group, a_student, at, enrolled

PRICE = 5_000_000
THIRTEENTH = date(2025, 5, 13)


@pytest.fixture
def group(by):
    """Mondays, Wednesdays, Fridays."""
    course = a_course(by, plan=PlanKind.PER_LESSON, price=PRICE)
    return a_group(by, course, "Mornings", starts_on="2025-05-01", last_on="2025-06-30")


def member(by, group, name="Farhod"):
    row = a_student(by, name)
    activate(by, enrolment_id=enrolled(by, row, group, "2025-05-01").pk, activated_on=date(2025, 5, 1))
    return row


def missed(by, group, *students, reason=0) -> list[MakeUp]:
    lesson = Lesson.objects.visible_to(by).get(group=group, held_on=date(2025, 5, 12))
    conduct_lesson(by, lesson_id=lesson.pk, absent={row.pk: reasons(by)[reason].pk for row in students})
    return list(MakeUp.objects.visible_to(by).filter(missed=lesson).order_by("student_id"))


def planned(by, *owed, on=THIRTEENTH, **values) -> Lesson:
    return plan_make_up_lesson(by, make_up_ids=[row.pk for row in owed], held_on=on, starts_time=time(14), **values)


def soums(by, *students) -> list[int]:
    found = balances(by, [row.pk for row in students])
    return [found[row.pk] for row in students]


def states(by) -> list[int]:
    return [len(make_ups(by, state=state)) for state in ("owed", "planned", "made")]


def test_several_who_missed_make_up_together_and_pay_as_the_missed_lesson_would_have_cost(by, group):
    one, two = member(by, group), member(by, group, "Lola")
    owed = missed(by, group, one, two)
    assert soums(by, one, two) == [0, 0]
    assert [row.pk for row in others_owed(by, owed[0])] == [owed[1].pk]
    lesson = planned(by, *owed)
    assert (lesson.group_id, lesson.room_id, states(by)) == (None, None, [0, 2, 0])
    assert expected_students(by, lesson.pk) == {one.pk: False, two.pk: False}
    assert lesson_figures(by, [lesson.pk])[lesson.pk].expected == 2
    assert [row.pk for row in forgotten_lessons(by) if row.group_id is None] == [lesson.pk]
    conduct_lesson(by, lesson_id=lesson.pk, absent={})
    conduct_lesson(by, lesson_id=lesson.pk, absent={})
    assert (soums(by, one, two), states(by)) == ([-PRICE, -PRICE], [0, 0, 2])


def test_a_miss_that_was_charged_is_made_up_for_without_a_second_charge(by, group):
    one = member(by, group)
    reason = reasons(by)[1]
    type(reason).objects.visible_to(by).filter(pk=reason.pk).update(gives_credit=True)
    owed = missed(by, group, one, reason=1)
    assert soums(by, one) == [-PRICE]
    conduct_lesson(by, lesson_id=planned(by, *owed).pk, absent={})
    assert soums(by, one) == [-PRICE]


@pytest.mark.parametrize(("ticked", "cost"), [(False, 0), (True, PRICE)])
def test_one_of_a_type_of_its_own_costs_as_it_is_ticked(by, group, ticked, cost):
    one = member(by, group)
    own = add_lesson_type(by, name="Make-up", kind=LessonKind.TRIAL, minutes=45)
    codes = ["group", *([str(own.pk)] if ticked else [])]
    Subscription.objects.visible_to(by).filter(student=one).update(lesson_types=codes)
    lesson = planned(by, *missed(by, group, one), type_id=own.pk)
    conduct_lesson(by, lesson_id=lesson.pk, absent={})
    assert (soums(by, one), lesson.minutes) == ([-cost], 45)


def test_a_plain_one_is_paid_where_lessons_of_groups_are_ticked(by, group):
    one = member(by, group)
    Subscription.objects.visible_to(by).filter(student=one).update(lesson_types=["group"])
    conduct_lesson(by, lesson_id=planned(by, *missed(by, group, one)).pk, absent={})
    assert soums(by, one) == [-PRICE]


def test_a_cancelled_one_is_owed_again_and_can_be_planned_anew(by, group):
    owed = missed(by, group, member(by, group))
    lesson = planned(by, *owed)
    with pytest.raises(MadeUpAlready):
        planned(by, *owed, on=date(2025, 5, 15))
    cancel_lesson(by, lesson_id=lesson.pk, reason="ill")
    assert states(by) == [1, 0, 0]
    planned(by, *owed, on=date(2025, 5, 15))
    assert states(by) == [0, 1, 0]


def test_others_may_still_join_one_that_is_ahead(by, group):
    one, two = member(by, group), member(by, group, "Lola")
    owed = missed(by, group, one, two)
    lesson = planned(by, owed[0], on=date(2025, 5, 15))
    assert lesson.pk in {place.lesson.pk for place in places_for(by, owed[1])}


def test_what_does_not_fit_is_refused_and_nothing_is_planned(by, group):
    one, two = member(by, group), member(by, group, "Lola")
    owed = missed(by, group, one, two)
    small = add_room(by, branch_id=a_branch(by).pk, name="Small", capacity=1)
    chess = a_group(by, a_course(by, "Chess", plan=PlanKind.PER_LESSON), "Chess", starts_on="2025-05-01")
    other = missed(by, chess, member(by, chess, "Timur"))
    for refusal, rows, values in (
        (NoPlaceInLesson, owed, {"staffing": Staffing(small.pk, None)}),
        (MakeUpExpired, owed, {"on": date(2025, 7, 1)}),
        (MakeUpsOfOneCourse, [owed[0], *other], {}),
        (NotFound, [], {}),
    ):
        with pytest.raises(refusal):
            planned(at(by, "2025-05-14"), *rows, **values)


def test_a_missed_lesson_of_ones_own_is_made_up_for_too(by):
    from daftar.courses.alone import plan_single_lesson
    from daftar.tuition.tariffs import Binding, TariffTerms, add_tariff, bind_tariff

    course, student = a_course(by, plan=PlanKind.PER_LESSON, price=PRICE), a_student(by)
    terms = TariffTerms("Own", PlanKind.PER_LESSON, "UZS", lesson_types=("individual",))
    tariff = add_tariff(by, terms=terms, price=PRICE, from_on=date(2025, 5, 1))
    bind_tariff(by, student_id=student.pk, tariff_id=tariff.pk, binding=Binding(date(2025, 5, 1)))
    lesson = plan_single_lesson(
        by, kind=LessonKind.INDIVIDUAL, course_id=course.pk, branch_id=a_branch(by).pk, held_on=date(2025, 5, 12),
        starts_time=time(10), student_id=student.pk,
    )  # fmt: skip
    conduct_lesson(by, lesson_id=lesson.pk, absent={student.pk: reasons(by)[0].pk})
    owed = MakeUp.objects.visible_to(by).get()
    assert (soums(by, student), places_for(by, owed)) == ([0], [])
    conduct_lesson(by, lesson_id=planned(by, owed).pk, absent={})
    assert soums(by, student) == [-PRICE]
