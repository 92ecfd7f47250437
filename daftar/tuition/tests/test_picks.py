"""Who pays for a lesson, chosen by hand (decision D6), and what stays charged where that is decided (D8)."""

from datetime import date

import pytest

from daftar.attendance.queries import reasons
from daftar.attendance.services import conduct_lesson
from daftar.courses.models import Enrolment, Lesson
from daftar.courses.rules import PlanKind
from daftar.ledger.queries import balances, drift
from daftar.lib.errors import Forbidden, NotFound
from daftar.orgs.models import AuditEntry, Organization
from daftar.tuition.leaving import leave_group, transfer, undo_leaving
from daftar.tuition.lists import payer_chosen
from daftar.tuition.models import LessonPick
from daftar.tuition.pauses import remove_suspension, suspend
from daftar.tuition.prices import PayerDoesNotFit, choose_payer
from daftar.tuition.queries import may_pay
from daftar.tuition.services import enrol_active, reconcile
from daftar.tuition.tariffs import Binding, TariffTerms, add_tariff, bind_tariff, end_subscription
from tests.cast import a_course, a_group, a_member, a_student, at, enrolled
from tests.histories import pay_apart

MAY = date(2025, 5, 1)


@pytest.fixture
def group(by):
    return a_group(by, a_course(by, plan=PlanKind.PER_LESSON, price=None))


@pytest.fixture
def student(by, group):
    row = a_student(by)
    member = enrolled(by, row, group, "2025-05-01")
    Enrolment.objects.visible_to(by).filter(pk=member.pk).update(activated_on=MAY)  # the group itself has no price
    return row


def bundle(by, student, price, *, starts_on=MAY, plan=PlanKind.PER_LESSON, subjects=(), lesson_types=(), **binding):
    terms = TariffTerms(f"{plan} {price} {binding}", plan, "UZS", subjects=subjects, lesson_types=lesson_types)
    tariff = add_tariff(by, terms=terms, price=price * 100, from_on=MAY)
    return bind_tariff(by, student_id=student.pk, tariff_id=tariff.pk, binding=Binding(starts_on, **binding))


def held(by, group, day=5) -> Lesson:
    lesson = Lesson.objects.visible_to(by).get(group=group, held_on=date(2025, 5, day))
    return conduct_lesson(by, lesson_id=lesson.pk, absent={}, because="typed wrong").lesson


def chosen(by, student, lesson, row) -> None:
    choose_payer(by, student_id=student.pk, lesson_id=lesson.pk, subscription_id=row and row.pk)


def soums(by, student) -> int:
    return balances(by, [student.pk])[student.pk] // 100


def test_a_pick_is_of_one_lesson_and_can_be_taken_back(by, group, student):
    cheap, _dear = bundle(by, student, 100), bundle(by, student, 900)
    first, _second = held(by, group), held(by, group, 7)
    assert soums(by, student) == -1800
    chosen(by, student, first, cheap)
    assert (soums(by, student), payer_chosen(by, student.pk, first.pk)) == (-1000, cheap.pk)
    chosen(by, student, first, None)
    assert (soums(by, student), payer_chosen(by, student.pk, first.pk)) == (-1800, None)
    assert drift(by) == []


def test_a_pick_outlives_marks_that_are_corrected_and_made_anew(by, group, student):
    cheap, _dear = bundle(by, student, 100), bundle(by, student, 900)
    lesson = held(by, group)
    chosen(by, student, lesson, cheap)
    conduct_lesson(by, lesson_id=lesson.pk, absent={student.pk: reasons(by)[0].pk}, because="typed wrong")
    assert soums(by, student) == 0, "excused"
    held(by, group)
    assert soums(by, student) == -100
    assert reconcile(by, student_ids=[student.pk]) == 0, "law 1"


def test_a_pick_comes_before_an_account_of_its_own_with_money_and_before_a_running_month(by, group, student):
    apart = bundle(by, student, 300, is_separate=True)
    pay_apart(by, apart, 100_000)
    base = bundle(by, student, 100)
    lesson = held(by, group)
    assert soums(by, student) == 1000 - 300
    chosen(by, student, lesson, base)
    assert soums(by, student) == 1000 - 100
    month = bundle(by, student, 13_000, plan=PlanKind.CALENDAR_MONTH, group_id=group.pk)
    chosen(by, student, lesson, None)
    assert soums(by, student) == 1000 - 13_000, "the month pays for its lessons"
    chosen(by, student, lesson, base)
    assert soums(by, student) == 1000 - 13_000 - 100
    chosen(by, student, lesson, month)
    assert soums(by, student) == 1000 - 13_000


def test_a_pick_of_what_does_not_run_on_that_day_or_is_not_for_such_lessons_is_refused(by, group, student):
    bundle(by, student, 100)
    later = bundle(by, student, 900, starts_on=date(2025, 5, 6))
    over = bundle(by, student, 800, last_on=date(2025, 5, 4))
    chess = bundle(by, student, 700, subjects=("chess",))
    alone = bundle(by, student, 600, lesson_types=("individual",))
    lesson = held(by, group)
    for row in (later, over, chess, alone):
        with pytest.raises(PayerDoesNotFit):
            chosen(by, student, lesson, row)
    assert (soums(by, student), payer_chosen(by, student.pk, lesson.pk)) == (-100, None)


def test_a_pick_stands_aside_while_what_was_picked_does_not_run_and_counts_again_when_it_does(by, group, student):
    bundle(by, student, 100)
    dear = bundle(by, student, 900)
    cheaper = bundle(by, student, 50)
    lesson = held(by, group)
    chosen(by, student, lesson, dear)
    end_subscription(by, subscription_id=dear.pk, last_on=date(2025, 5, 2))
    assert soums(by, student) == -50, "the rules choose: the latest"
    end_subscription(by, subscription_id=dear.pk, last_on=None)
    assert (soums(by, student), payer_chosen(by, student.pk, lesson.pk)) == (-900, dear.pk)
    assert cheaper.pk in may_pay(by, student_id=student.pk, lesson_id=lesson.pk)


def test_a_pick_is_refused_where_it_is_anothers_or_of_another_group_and_written_down_where_it_is_made(
    by, group, student
):
    lesson, other = held(by, group), a_student(by, "Lola")
    elsewhere = a_group(by, a_course(by, "Chess", price=None), "Chess")
    enrolled(by, student, elsewhere, "2025-05-01")
    for row in (bundle(by, other, 100), bundle(by, student, 200, group_id=elsewhere.pk)):
        with pytest.raises(PayerDoesNotFit):
            chosen(by, student, lesson, row)
    mine = bundle(by, student, 300)
    with pytest.raises(Forbidden):
        chosen(a_member(by, "Malika", "teacher"), student, lesson, mine)
    with pytest.raises(NotFound):
        choose_payer(by, student_id=student.pk, lesson_id=lesson.pk, subscription_id=mine.pk + 1)
    assert LessonPick.objects.visible_to(by).count() == 0
    chosen(by, student, lesson, mine)
    chosen(by, student, lesson, mine)
    (entry,) = AuditEntry.objects.visible_to(by).filter(verb="tuition.choose_payer")
    assert (entry.changes[0]["was"], entry.changes[0]["now"]) == ({"subscription": None}, {"subscription": mine.pk})


# --- D8: what was charged in advance stays --------------------------------------------------------------------


@pytest.fixture
def monthly(by):
    """Active in May, which is over for the greater part."""
    by = at(by, "2025-05-26")
    group = a_group(by, a_course(by, "Monthly", price=13_000_000), "Monthly")
    student = a_student(by, "Nodira")
    return enrol_active(by, student_id=student.pk, group_id=group.pk, starts_on=MAY)


@pytest.mark.parametrize(("answer", "back"), [("credited", True), ("kept", False)])
def test_d8_what_leaving_changing_groups_and_pausing_give_back(by, monthly, answer, back):
    by = at(by, "2025-05-26")
    Organization.objects.filter(pk=by.org_id).update(unserved_lessons=answer)
    student, other = (
        monthly.student,
        a_group(by, a_course(by, "Other", plan=PlanKind.PER_LESSON, price=10_000), "Other"),
    )
    paid, leaves = soums(by, student), date(2025, 5, 16)
    leave_group(by, enrolment_id=monthly.pk, last_on=leaves)
    assert (soums(by, student) > paid) == back
    undo_leaving(by, enrolment_id=monthly.pk)
    assert soums(by, student) == paid
    (pause,) = suspend(by, student_ids=[student.pk], starts_on=date(2025, 5, 19), last_on=date(2025, 5, 24))
    assert (soums(by, student) > paid) == back
    remove_suspension(by, suspension_id=pause.pk)
    transfer(by, enrolment_id=monthly.pk, group_id=other.pk, last_on=leaves, starts_on=date(2025, 5, 17))
    assert (soums(by, student) > paid) == back
    assert drift(by) == []
