"""Every way of charging through the verbs: what stands in the ledger is what the specification's tables say."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal

import pytest

from daftar.attendance.queries import expected_students
from daftar.attendance.services import conduct_lesson
from daftar.courses.days import add_holiday, cancel_lesson, remove_holiday, restore_lesson
from daftar.courses.memberships import PausedAlready, PauseEndsBeforeStart
from daftar.courses.models import Lesson
from daftar.courses.moves import move_lesson
from daftar.courses.rules import EVEN, PlanKind
from daftar.courses.services import enrol_student
from daftar.ledger import queries as ledger_queries
from daftar.ledger import services as ledger
from daftar.ledger.models import AccountKind, TransferKind
from daftar.ledger.queries import balances, base_balances, drift, statement
from daftar.lib.errors import NotFound
from daftar.orgs.models import Branch
from daftar.orgs.services import add_branch
from daftar.tuition.credits import ReasonToDeclineMissing
from daftar.tuition.discounts import (
    AmountOutOfRange,
    DiscountEmpty,
    DiscountEndsBeforeStart,
    DiscountGivenAlready,
    DiscountTerms,
    LessonTypeElsewhere,
    PercentOutOfRange,
    change_discount,
    give_discount,
    withdraw_discount,
)
from daftar.tuition.jobs import reconcile_all
from daftar.tuition.leaving import leave_group, return_to_trial, transfer
from daftar.tuition.models import Subscription, Tariff
from daftar.tuition.pauses import change_suspension, remove_suspension, suspend
from daftar.tuition.prices import change_course_price, choose_payer
from daftar.tuition.rehearsal import rehearse
from daftar.tuition.services import activate, enrol_active, reconcile
from daftar.tuition.tariffs import (
    Binding,
    BoundAlready,
    NeedsGroup,
    PriceOutOfRange,
    TariffInOtherCurrency,
    TariffTerms,
    add_tariff,
    bind_tariff,
    change_tariff_price,
    edit_tariff,
    end_subscription,
    set_own_price,
)
from tests.cast import a_course, a_group, a_student, at

MAY = date(2025, 5, 1)


def soums(by, student) -> int:
    """The balance in whole soums."""
    return balances(by, [student.pk])[student.pk] // 100


def active_from(by, on: str, **course):
    """A student active from a day in a group of odd days."""
    student, group = a_student(by), a_group(by, a_course(by, **course))
    return student, group, enrol_active(by, student_id=student.pk, group_id=group.pk, starts_on=date.fromisoformat(on))


def charged(by, student) -> list[tuple[str, int]]:
    """Day and soums of everything that was charged (below zero) or credited and stands."""
    return [(line.on.isoformat(), line.amount // 100) for line in statement(by, student.pk)]


def test_a_frozen_rest_of_the_month_is_credited_e26(by):
    later = at(by, "2025-05-20")
    student, _group, _row = active_from(later, "2025-05-01")
    assert soums(by, student) == -300_000
    deed = {"student_ids": [student.pk], "starts_on": date(2025, 5, 19), "last_on": date(2025, 5, 31)}
    told = rehearse(later, [student.pk], lambda: suspend(later, **deed))[0]
    assert soums(by, student) == -300_000, "a rehearsal leaves nothing"

    pause = suspend(later, **deed)[0]

    assert soums(by, student) == -161_538
    assert told.after.amount == balances(by, [student.pk])[student.pk]
    assert [line.kind for line in told.lines] == ["credit"]
    change_suspension(
        later, suspension_id=pause.pk, starts_on=date(2025, 5, 20), last_on=date(2025, 5, 31), reason="", extends=True
    )
    assert soums(by, student) == -184_615, "five of thirteen come back"
    remove_suspension(later, suspension_id=pause.pk)
    assert soums(by, student) == -300_000
    assert drift(by) == []


def test_a_credit_can_be_declined_with_a_reason_d8(by):
    later = at(by, "2025-05-20")
    student, _group, _row = active_from(later, "2025-05-01")
    deed = {"student_ids": [student.pk], "starts_on": date(2025, 5, 19), "last_on": date(2025, 5, 31)}
    with pytest.raises(ReasonToDeclineMissing):
        suspend(later, **deed, gives_credit=False)
    suspend(later, **deed, gives_credit=False, decline_reason="agreed with the mother")
    assert soums(by, student) == -300_000
    assert reconcile(later, student_ids=[student.pk]) == 0


def test_pauses_do_not_overlap_and_do_not_end_before_they_begin(by):
    student, _group, _row = active_from(by, "2025-05-01")
    suspend(by, student_ids=[student.pk], starts_on=date(2025, 5, 19))
    with pytest.raises(PausedAlready):
        suspend(by, student_ids=[student.pk], starts_on=date(2025, 6, 1), last_on=date(2025, 6, 2))
    with pytest.raises(PauseEndsBeforeStart):
        suspend(by, student_ids=[student.pk], starts_on=date(2025, 5, 2), last_on=date(2025, 5, 1))


def test_whoever_leaves_gets_the_unserved_lessons_back_e28(by):
    later = at(by, "2025-05-20")
    student, group = a_student(by), a_group(by, weekdays=EVEN)
    row = enrol_active(later, student_id=student.pk, group_id=group.pk, starts_on=MAY)
    leave_group(later, enrolment_id=row.pk, last_on=date(2025, 5, 20), reason="moved away")
    assert soums(by, student) == -300_000 + 107_143
    assert reconcile(at(by, "2025-06-02"), student_ids=[student.pk]) == 0, "June is not charged any more"


def test_leaving_after_a_trial_moves_no_money_e29(by):
    student, group = a_student(by), a_group(by)
    row = enrol_student(by, student_id=student.pk, group_id=group.pk, starts_on=date(2025, 5, 5))
    leave_group(by, enrolment_id=row.pk, last_on=date(2025, 5, 12))
    assert charged(by, student) == []


def test_a_transfer_credits_the_old_group_and_charges_the_new_e27(by):
    later = at(by, "2025-05-20")
    student, _group, row = active_from(later, "2025-05-01")
    other = a_group(by, a_course(by, "German", price=40_000_000), name="Even", weekdays=EVEN)
    transfer(later, enrolment_id=row.pk, group_id=other.pk, last_on=date(2025, 5, 18), starts_on=date(2025, 5, 20))
    assert soums(by, student) == -332_967


def test_back_to_trial_and_active_again_goes_on_with_the_same_subscription(by):
    later = at(by, "2025-05-20")
    student, _group, row = active_from(later, "2025-05-01")
    trial = return_to_trial(later, enrolment_id=row.pk, from_on=date(2025, 5, 19))
    assert soums(by, student) == -161_538
    activate(at(by, "2025-06-02"), enrolment_id=trial.pk, activated_on=date(2025, 6, 2))
    assert Subscription.objects.visible_to(by).filter(student=student).count() == 1
    assert charged(by, student)[-1][0] == "2025-06-02"


def test_as_if_never_activated(by):
    student, _group, row = active_from(by, "2025-05-01")
    return_to_trial(by, enrolment_id=row.pk, from_on=MAY)
    assert charged(by, student) == []
    assert not Subscription.objects.visible_to(by).exists()


def test_a_holiday_that_affects_payment_leaves_the_count_e24_e25(by):
    student, _group, _row = active_from(by, "2025-05-08")
    assert soums(by, student) == -230_769
    day = add_holiday(by, name="Victory day", starts_on=date(2025, 5, 9))[0]
    reconcile_all(by)
    assert soums(by, student) == -225_000
    remove_holiday(by, holiday_id=day.pk)
    add_holiday(by, name="Victory day", starts_on=date(2025, 5, 9), affects_payment=False)
    reconcile_all(by)
    assert soums(by, student) == -230_769


def test_a_holiday_may_be_credited_instead_by_the_branch_or_by_the_day_d9a(by):
    student, _group, _row = active_from(by, "2025-05-01")
    Branch.objects.visible_to(by).update(holidays_credited=True)
    day = add_holiday(by, name="Victory day", starts_on=date(2025, 5, 9))[0]
    reconcile_all(by)
    assert charged(by, student) == [("2025-05-01", -300_000), ("2025-05-09", 23_077)]
    remove_holiday(by, holiday_id=day.pk)
    add_holiday(by, name="Victory day", starts_on=date(2025, 5, 9), is_credited=False)
    reconcile_all(by)
    assert charged(by, student) == [("2025-05-01", -300_000)], "twelve of twelve"


def test_a_cancelled_lesson_is_credited_and_restored_d9(by):
    student, group, _row = active_from(by, "2025-05-01")
    lesson = Lesson.objects.visible_to(by).get(group=group, held_on=date(2025, 5, 14))
    cancel_lesson(by, lesson_id=lesson.pk, reason="the teacher is ill")
    assert charged(by, student)[-1] == ("2025-05-14", 23_077)
    restore_lesson(by, lesson_id=lesson.pk)
    assert soums(by, student) == -300_000


def test_a_lesson_moved_over_a_month_border_stays_in_its_month_d10(by):
    student, group, _row = active_from(by, "2025-05-08")
    lesson = Lesson.objects.visible_to(by).get(group=group, held_on=date(2025, 5, 30))
    move_lesson(by, lesson_id=lesson.pk, held_on=date(2025, 6, 1), starts_time=time(10))
    assert soums(by, student) == -230_769


def test_daily_charges_each_lesson_day_e13_e16(by):
    end = at(by, "2025-05-31")
    student, _group, _row = active_from(end, "2025-05-01", plan=PlanKind.DAILY, price=29_900_000)
    assert soums(by, student) == -299_000
    suspend(end, student_ids=[student.pk], starts_on=date(2025, 5, 12), last_on=date(2025, 5, 20))
    assert soums(by, student) == -207_000


def test_daily_needs_no_refund_at_a_transfer_e17(by):
    student, _group, row = active_from(at(by, "2025-05-16"), "2025-05-01", plan=PlanKind.DAILY, price=29_900_000)
    leave_group(at(by, "2025-05-16"), enrolment_id=row.pk, last_on=date(2025, 5, 16))
    reconcile(at(by, "2025-05-31"), student_ids=[student.pk])
    assert soums(by, student) == -161_000


def test_a_course_price_from_a_day_on_leaves_the_past_alone_e33_d11(by):
    student, group, _row = active_from(by, "2025-05-01")
    change_course_price(by, course_id=group.course_id, price=35_000_000, from_on=date(2025, 5, 20), bound_follow=True)
    reconcile(at(by, "2025-06-01"), student_ids=[student.pk])
    assert charged(by, student) == [("2025-05-01", -300_000), ("2025-06-01", -350_000)]


def test_who_is_bound_need_not_follow_and_an_own_price_never_does_d11(by):
    student, group, _row = active_from(by, "2025-05-01")
    change_course_price(by, course_id=group.course_id, price=35_000_000, from_on=date(2025, 5, 20), bound_follow=False)
    reconcile(at(by, "2025-06-01"), student_ids=[student.pk])
    assert charged(by, student)[-1] == ("2025-06-01", -300_000)
    bound = Subscription.objects.visible_to(by).get()
    set_own_price(at(by, "2025-06-15"), subscription_id=bound.pk, price=20_000_000, from_on=date(2025, 7, 1))
    change_course_price(by, course_id=group.course_id, price=40_000_000, from_on=date(2025, 7, 1), bound_follow=True)
    reconcile(at(by, "2025-07-01"), student_ids=[student.pk])
    assert charged(by, student)[-1] == ("2025-07-01", -200_000)


def test_the_best_discount_counts_alone_and_charges_follow_at_08_e5(by):
    student, _group, _row = active_from(by, "2025-05-08")
    first = give_discount(by, student_id=student.pk, terms=DiscountTerms(MAY, percent=Decimal(20)))
    assert soums(by, student) == -184_615, "240 000 x 10/13"
    give_discount(by, student_id=student.pk, terms=DiscountTerms(MAY, amount=3_000_000))
    assert soums(by, student) == -184_615, "30 000 saves less than 60 000, and they are not added"
    change_discount(by, discount_id=first.pk, terms=DiscountTerms(MAY, date(2025, 5, 7), percent=Decimal(20)))
    assert soums(by, student) == -207_692, "over by the 7th: 270 000 x 10/13"
    withdraw_discount(by, discount_id=first.pk)
    assert soums(by, student) == -207_692


@pytest.mark.parametrize(
    ("refusal", "terms"),
    [
        (DiscountEmpty, {}),
        (DiscountEmpty, {"percent": Decimal(5), "amount": 5}),
        (PercentOutOfRange, {"percent": Decimal(101)}),
        (PercentOutOfRange, {"percent": Decimal(-1)}),
        (AmountOutOfRange, {"amount": -1}),
        (AmountOutOfRange, {"amount": 10**14}),
        (DiscountEndsBeforeStart, {"percent": Decimal(5), "last_on": date(2025, 4, 30)}),
        (LessonTypeElsewhere, {"percent": Decimal(5), "lesson_types": ("12345",)}),
    ],
)
def test_a_discount_that_cannot_be_is_refused(by, refusal, terms):
    student = a_student(by)
    with pytest.raises(refusal):
        give_discount(by, student_id=student.pk, terms=DiscountTerms(MAY, **terms))


def a_tariff(by, **values):
    """A tariff of 4 000 for 8 lessons, unless told otherwise."""
    price = values.pop("price", 400_000)
    terms = {"name": "Standard", "plan": PlanKind.PER_LESSON, "currency": "UZS", "lessons_count": 8} | values
    return add_tariff(by, terms=TariffTerms(**terms), price=price, from_on=date(2025, 1, 1))


def conducted(by, group, on: str, *, absent=()):
    """The group's lesson of a day, conducted."""
    lesson = Lesson.objects.visible_to(by).get(group=group, held_on=date.fromisoformat(on))
    conduct_lesson(at(by, on, 15), lesson_id=lesson.pk, absent=dict.fromkeys(absent))
    return lesson


def test_a_tariff_prices_the_lessons_it_fits_and_its_end_takes_later_charges_back(by):
    student, group = a_student(by), a_group(by, a_course(by, price=None))
    tariff = a_tariff(by, subjects=())
    enrol_student(by, student_id=student.pk, group_id=group.pk, starts_on=MAY)
    row = enrolled_active(by, student, group)
    bound = bind_tariff(by, student_id=student.pk, tariff_id=tariff.pk, binding=Binding(MAY))
    for day in ("2025-05-02", "2025-05-05", "2025-05-07"):
        conducted(by, group, day)
    assert soums(by, student) == -1_500
    end_subscription(by, subscription_id=bound.pk, last_on=date(2025, 5, 5))
    assert soums(by, student) == -1_000
    assert row.activated_on == MAY


def enrolled_active(by, student, group):
    """Active without a price of the group: a tariff prices the student."""
    from daftar.courses.models import Enrolment

    row = Enrolment.objects.visible_to(by).get(student=student, group=group)
    row.activated_on = row.starts_on
    row.save()
    return row


def test_a_separate_account_pays_while_it_has_money_and_last_without_at_34(by):
    student, group = a_student(by), a_group(by, a_course(by, price=None))
    enrol_student(by, student_id=student.pk, group_id=group.pk, starts_on=MAY)
    enrolled_active(by, student, group)
    base = a_tariff(by, name="Base", price=70_000, lessons_count=1)
    own = a_tariff(by, name="Own", price=25_000, lessons_count=1)
    bind_tariff(by, student_id=student.pk, tariff_id=base.pk, binding=Binding(MAY))
    apart = bind_tariff(by, student_id=student.pk, tariff_id=own.pk, binding=Binding(MAY, is_separate=True))
    pay_apart(by, student, apart, 40_000)
    conducted(by, group, "2025-05-05")
    assert (soums(by, student), base_balances(by, [student.pk])[student.pk]) == (150, 0), "250 of 400 from its own"
    conducted(by, group, "2025-05-07")
    assert base_balances(by, [student.pk])[student.pk] == -70_000, "150 left do not pay 250: the base does"
    assert drift(by) == []


def pay_apart(by, student, subscription, amount):
    """Money into the account of one subscription."""
    account = ledger_queries.separate_accounts(by, [student.pk])[subscription.pk]
    opening = ledger.purpose_account(by, kind=AccountKind.OPENING, currency="UZS")
    ledger.post(by, moves=[ledger.Move(opening.pk, account.pk, amount, TransferKind.OPENING, MAY)])


def test_a_tariff_price_from_a_day_on(by):
    student, group = a_student(by), a_group(by, a_course(by, price=None))
    enrol_student(by, student_id=student.pk, group_id=group.pk, starts_on=MAY)
    enrolled_active(by, student, group)
    tariff = a_tariff(by, lessons_count=1, price=50_000)
    bind_tariff(by, student_id=student.pk, tariff_id=tariff.pk, binding=Binding(MAY))
    change_tariff_price(by, tariff_id=tariff.pk, price=60_000, from_on=date(2025, 5, 7), bound_follow=True)
    for day in ("2025-05-05", "2025-05-07"):
        conducted(by, group, day)
    assert [amount for _on, amount in charged(by, student)] == [-500, -600]


def test_tariffs_that_cannot_be_are_refused(by):
    for price in (-1, 10**14):
        with pytest.raises(PriceOutOfRange):
            a_tariff(by, price=price)
    tariff = a_tariff(by, plan=PlanKind.GROUP_MONTH)
    with pytest.raises(NeedsGroup):
        bind_tariff(by, student_id=a_student(by).pk, tariff_id=tariff.pk, binding=Binding(MAY))
    with pytest.raises(NotFound):
        bind_tariff(by, student_id=a_student(by).pk, tariff_id=tariff.pk + 1, binding=Binding(MAY))


def test_a_tariff_is_not_offered_where_money_is_of_another_currency(by):
    ours = Branch.objects.visible_to(by).get()
    abroad = add_branch(by, name="Almaty", timezone="Asia/Almaty", currency="KZT", language="en")
    with pytest.raises(TariffInOtherCurrency) as refused:
        a_tariff(by, branches=(ours.pk, abroad.pk))
    assert refused.value.message == "Almaty keeps its money in another currency than this tariff."
    assert not Tariff.objects.visible_to(by).exists()

    tariff = a_tariff(by, branches=(ours.pk,))
    terms = TariffTerms("Standard", PlanKind.PER_LESSON, "UZS", lessons_count=8, branches=(abroad.pk,))
    with pytest.raises(TariffInOtherCurrency):
        edit_tariff(by, tariff_id=tariff.pk, terms=terms, is_archived=False)
    tariff.refresh_from_db()
    assert tariff.branches == [ours.pk]


def test_the_same_tariff_or_discount_is_not_agreed_on_twice(by):
    student, tariff = a_student(by), a_tariff(by)
    bind_tariff(by, student_id=student.pk, tariff_id=tariff.pk, binding=Binding(MAY))
    with pytest.raises(BoundAlready):
        bind_tariff(by, student_id=student.pk, tariff_id=tariff.pk, binding=Binding(MAY))
    give_discount(by, student_id=student.pk, terms=DiscountTerms(MAY, percent=Decimal(20)))
    give_discount(by, student_id=student.pk, terms=DiscountTerms(MAY, percent=Decimal(25)))
    with pytest.raises(DiscountGivenAlready):
        give_discount(by, student_id=student.pk, terms=DiscountTerms(MAY, percent=Decimal(20)))


def test_the_payer_of_a_lesson_can_be_chosen_by_hand_d6(by):
    student, group = a_student(by), a_group(by, a_course(by, price=None))
    enrol_student(by, student_id=student.pk, group_id=group.pk, starts_on=MAY)
    enrolled_active(by, student, group)
    cheap = a_tariff(by, lessons_count=1, price=10_000, name="Cheap")
    dear = a_tariff(by, lessons_count=1, price=90_000, name="Dear")
    first = bind_tariff(by, student_id=student.pk, tariff_id=cheap.pk, binding=Binding(MAY))
    bind_tariff(by, student_id=student.pk, tariff_id=dear.pk, binding=Binding(MAY))
    lesson = conducted(by, group, "2025-05-05")
    assert soums(by, student) == -900, "the higher id, unless told otherwise"
    choose_payer(by, student_id=student.pk, lesson_id=lesson.pk, subscription_id=first.pk)
    assert soums(by, student) == -100
    choose_payer(by, student_id=student.pk, lesson_id=lesson.pk, subscription_id=None)
    assert soums(by, student) == -900


def test_every_way_of_charging_runs_through_the_ledger_once(by):
    """Each kind posts what its rule says, and a second run posts nothing."""
    end = at(by, "2025-06-30")
    for kind in PlanKind:
        course = a_course(by, kind.value, plan=kind, module_lessons=12 if kind is PlanKind.MODULE else None)
        group, student = a_group(by, course, name=kind.value), a_student(by, kind.value.title())
        enrol_active(end, student_id=student.pk, group_id=group.pk, starts_on=date(2025, 5, 8))
        for lesson in Lesson.objects.visible_to(by).filter(group=group, held_on__lte="2025-06-30"):
            conduct_lesson(end, lesson_id=lesson.pk, absent={})
        assert expected_students(by, lesson.pk) == {student.pk: False}
        assert soums(by, student) < 0, kind
        assert reconcile(end, student_ids=[student.pk]) == 0, kind
    assert drift(by) == []
