"""A price of one's own holds whatever others pay, and ends from a day on: then that of the course or tariff holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from daftar.courses.rules import PlanKind
from daftar.ledger.queries import balances, drift
from daftar.lib.errors import Forbidden, NotFound
from daftar.orgs.services import add_branch
from daftar.tuition.lists import get_subscription, subscriptions_of
from daftar.tuition.models import PriceStep, Subscription
from daftar.tuition.prices import change_course_price, change_group_price
from daftar.tuition.rehearsal import rehearse
from daftar.tuition.services import PriceMissing, bind_lesson_prices, enrol_active, reconcile
from daftar.tuition.tariffs import (
    Binding,
    ChargedOtherwiseNow,
    FollowsNothing,
    NoOwnPrice,
    TariffTerms,
    add_tariff,
    bind_tariff,
    change_tariff_price,
    edit_tariff,
    end_own_price,
    end_subscription,
    set_own_price,
    unbind_tariff,
)
from tests.cast import a_course, a_group, a_member, a_student, at

MAY, JUNE, JULY, AUGUST = (date(2025, month, 1) for month in (5, 6, 7, 8))


@pytest.fixture
def pupil(by):
    """Active since May in a group of 300 000 a month."""
    student, group = a_student(by), a_group(by, a_course(by))
    enrol_active(by, student_id=student.pk, group_id=group.pk, starts_on=MAY)
    return student, group, Subscription.objects.visible_to(by).get(student=student)


def steps(by, row) -> list[tuple[date, int]]:
    """The prices of a subscription, in soums."""
    found = PriceStep.objects.visible_to(by).filter(subscription=row).order_by("from_on")
    return [(day, amount // 100) for day, amount in found.values_list("from_on", "amount")]


def own(by, row, price: int, on: date) -> None:
    set_own_price(by, subscription_id=row.pk, price=price * 100, from_on=on)


def ended(by, row, on: date) -> Subscription:
    return end_own_price(by, subscription_id=row.pk, from_on=on)


def course_costs(by, group, price: int, on: date, *, follow: bool = True) -> None:
    change_course_price(by, course_id=group.course_id, price=price * 100, from_on=on, bound_follow=follow)


def owes(by, student, on: str) -> int:
    """In soums, once everything is charged that is due on a day."""
    reconcile(at(by, on), student_ids=[student.pk])
    return -balances(by, [student.pk])[student.pk] // 100


def test_from_its_day_the_price_of_the_course_holds_and_what_was_charged_before_stays(by, pupil):
    student, _group, row = pupil
    own(by, row, 200_000, MAY)
    assert owes(by, student, "2025-06-01") == 400_000
    later = at(by, "2025-06-10")
    assert not ended(later, row, date(2025, 6, 10)).has_own_price
    assert steps(by, row) == [(MAY, 200_000), (date(2025, 6, 10), 300_000)]
    assert owes(by, student, "2025-06-10") == 400_000
    assert owes(by, student, "2025-07-01") == 700_000
    assert drift(by) == []


def test_later_prices_of_the_course_reach_the_student_again(by, pupil):
    student, group, row = pupil
    own(by, row, 200_000, MAY)
    course_costs(by, group, 350_000, JUNE)
    assert owes(by, student, "2025-06-01") == 400_000, "left alone by it"
    ended(at(by, "2025-06-10"), row, date(2025, 6, 10))
    course_costs(at(by, "2025-06-11"), group, 360_000, AUGUST)
    assert steps(by, row)[1:] == [(date(2025, 6, 10), 350_000), (AUGUST, 360_000)]
    assert owes(by, student, "2025-08-01") == 400_000 + 350_000 + 360_000


def test_prices_ahead_that_all_follow_come_with_it_and_those_for_newcomers_do_not(by, pupil):
    _student, group, row = pupil
    own(by, row, 200_000, MAY)
    course_costs(by, group, 350_000, JULY, follow=False)
    course_costs(by, group, 360_000, AUGUST)
    ended(by, row, JUNE)
    assert steps(by, row) == [(MAY, 200_000), (JUNE, 300_000), (AUGUST, 360_000)]


def test_the_price_of_the_group_itself_comes_before_that_of_the_course(by, pupil):
    _student, group, row = pupil
    own(by, row, 200_000, MAY)
    change_group_price(by, group_id=group.pk, price=40_000_000, from_on=MAY, bound_follow=True)
    ended(by, row, JUNE)
    assert steps(by, row) == [(MAY, 200_000), (JUNE, 400_000)]


def test_one_written_by_mistake_ends_on_its_first_day_and_nothing_is_left_of_it(by, pupil):
    student, _group, row = pupil
    before = steps(by, row), owes(by, student, "2025-05-14")
    own(by, row, 200_000, JUNE)
    own(by, row, 210_000, JULY)
    ended(by, row, JUNE)
    assert (steps(by, row), owes(by, student, "2025-05-14")) == before
    assert owes(by, student, "2025-07-01") == 900_000


def test_ended_before_the_subscription_begins_it_is_ended_from_the_first_day(by, pupil):
    student, _group, row = pupil
    own(by, row, 200_000, MAY)
    ended(by, row, date(2025, 1, 1))
    assert steps(by, row) == [(MAY, 300_000)]
    assert owes(by, student, "2025-05-14") == 300_000


def test_a_tariff_prices_again_with_what_is_written_ahead_of_it(by):
    student = a_student(by)
    terms = TariffTerms("Standard", PlanKind.STUDENT_MONTH, "UZS")
    tariff = add_tariff(by, terms=terms, price=25_000_000, from_on=date(2025, 1, 1))
    row = bind_tariff(by, student_id=student.pk, tariff_id=tariff.pk, binding=Binding(MAY, price=10_000_000))
    for price, on, follow in ((26_000_000, JUNE, True), (27_000_000, AUGUST, False)):
        change_tariff_price(by, tariff_id=tariff.pk, price=price, from_on=on, bound_follow=follow)
    assert steps(by, row) == [(MAY, 100_000)]
    ended(by, row, date(2025, 6, 10))
    assert steps(by, row) == [(MAY, 100_000), (date(2025, 6, 10), 260_000), (AUGUST, 270_000)]
    change_tariff_price(by, tariff_id=tariff.pk, price=26_500_000, from_on=JULY, bound_follow=True)
    assert (JULY, 265_000) in steps(by, row)


def test_before_its_first_price_a_tariff_costs_that(by):
    terms = TariffTerms("Standard", PlanKind.STUDENT_MONTH, "UZS")
    tariff = add_tariff(by, terms=terms, price=25_000_000, from_on=JUNE)
    binding = Binding(MAY, price=10_000_000)
    row = bind_tariff(by, student_id=a_student(by).pk, tariff_id=tariff.pk, binding=binding)
    ended(by, row, MAY)
    assert steps(by, row) == [(MAY, 250_000)]


def test_the_preview_is_what_is_then_charged(by, pupil):
    student, _group, row = pupil
    own(by, row, 200_000, MAY)
    now = at(by, "2025-06-10")
    assert owes(by, student, "2025-06-10") == 400_000
    told = rehearse(now, [student.pk], lambda: ended(now, row, JUNE))[0]
    assert steps(by, row) == [(MAY, 200_000)], "looked at, and not done"
    ended(now, row, JUNE)
    assert told.after.amount == balances(by, [student.pk])[student.pk] == -50_000_000
    assert told.moved.amount == -10_000_000


def test_without_an_own_price_there_is_none_to_end(by, pupil):
    _student, _group, row = pupil
    with pytest.raises(NoOwnPrice) as refused:
        ended(by, row, JUNE)
    assert refused.value.field == "from_on"
    own(by, row, 200_000, MAY)
    ended(by, row, JUNE)
    with pytest.raises(NoOwnPrice):
        ended(by, row, JUNE)


def test_what_an_import_priced_by_itself_follows_nothing(by):
    student = a_student(by)
    bind_lesson_prices(by, prices=[(student, 5_000_000)], starts_on=MAY)
    row = Subscription.objects.visible_to(by).get(student=student)
    own(by, row, 40_000, JUNE)
    with pytest.raises(FollowsNothing) as refused:
        ended(by, row, JULY)
    assert refused.value.field == "from_on"


def test_a_group_or_a_tariff_that_is_charged_in_another_way_now_would_be_another_price(by, pupil):
    _student, group, row = pupil
    own(by, row, 200_000, MAY)
    change_group_price(by, group_id=group.pk, price=3_000_000, from_on=JUNE, bound_follow=False)
    group.refresh_from_db()
    group.plan, group.lessons_count, group.price = PlanKind.PER_LESSON.value, 1, 3_000_000
    group.save()
    with pytest.raises(ChargedOtherwiseNow):
        ended(by, row, JULY)
    assert Subscription.objects.visible_to(by).get(pk=row.pk).has_own_price

    terms = TariffTerms("Standard", PlanKind.PER_LESSON, "UZS", lessons_count=8)
    tariff = add_tariff(by, terms=terms, price=25_000_000, from_on=MAY)
    binding = Binding(MAY, price=10_000_000)
    bound = bind_tariff(by, student_id=a_student(by, "Other").pk, tariff_id=tariff.pk, binding=binding)
    edit_tariff(by, tariff_id=tariff.pk, terms=replace(terms, lessons_count=12), is_archived=False)
    with pytest.raises(ChargedOtherwiseNow):
        ended(by, bound, JUNE)


def test_where_neither_the_group_nor_the_course_has_a_price_any_more_the_own_one_stays(by, pupil):
    _student, group, row = pupil
    own(by, row, 200_000, MAY)
    group.course.price = None
    group.course.save()
    with pytest.raises(PriceMissing):
        ended(by, row, JUNE)
    assert Subscription.objects.visible_to(by).get(pk=row.pk).has_own_price


def test_who_may_not_price_may_not_end_it(by, pupil):
    _student, _group, row = pupil
    own(by, row, 200_000, MAY)
    with pytest.raises(Forbidden):
        ended(a_member(by, "Dilnoza", "teacher"), row, JUNE)


def test_who_does_not_see_the_student_does_not_find_the_subscription(by, pupil):
    _student, _group, row = pupil
    own(by, row, 200_000, MAY)
    other = add_branch(by, name="Second", timezone="Asia/Tashkent", currency="UZS", language="en")
    elsewhere = replace(by, branch_ids=frozenset({other.pk}))
    for deed in (
        lambda: ended(elsewhere, row, JUNE),
        lambda: own(elsewhere, row, 100_000, JUNE),
        lambda: end_subscription(elsewhere, subscription_id=row.pk, last_on=JUNE),
        lambda: unbind_tariff(elsewhere, subscription_id=row.pk),
        lambda: get_subscription(elsewhere, row.pk),
    ):
        with pytest.raises(NotFound):
            deed()
    assert get_subscription(by, row.pk).has_own_price


def test_prices_that_were_written_ahead_do_not_end_a_price_of_ones_own(by, pupil):
    student, group, row = pupil
    course_costs(by, group, 350_000, JULY)
    own(by, row, 200_000, JUNE)
    [bound] = subscriptions_of(by, student.pk)
    assert (bound.next_price.amount, bound.next_from) == (20_000_000, JUNE)
    assert owes(by, student, "2025-08-01") == 300_000 + 3 * 200_000


def test_own_prices_from_several_days_on_may_be_written_in_any_order(by, pupil):
    _student, _group, row = pupil
    own(by, row, 210_000, JULY)
    own(by, row, 200_000, JUNE)
    assert steps(by, row) == [(MAY, 300_000), (JUNE, 200_000), (JULY, 210_000)]


def test_a_new_price_replaces_what_somebody_began_with_or_came_back_to_after_its_day(by, pupil):
    student, group, row = pupil
    own(by, row, 200_000, MAY)
    ended(by, row, JULY)
    ahead = a_student(by, "Ahead")
    enrol_active(by, student_id=ahead.pk, group_id=group.pk, starts_on=JULY)
    course_costs(by, group, 350_000, date(2025, 6, 20))
    assert owes(by, student, "2025-07-01") == 200_000 + 200_000 + 350_000
    assert owes(by, ahead, "2025-07-01") == 350_000


def test_a_new_price_leaves_alone_who_begins_after_the_next_one_on_the_list(by, pupil):
    student, group, _row = pupil
    course_costs(by, group, 400_000, JULY, follow=False)
    ahead = a_student(by, "Ahead")
    enrol_active(by, student_id=ahead.pk, group_id=group.pk, starts_on=AUGUST)
    course_costs(by, group, 350_000, JUNE)
    assert owes(by, ahead, "2025-08-01") == 400_000
    assert owes(by, student, "2025-08-01") == 300_000 + 3 * 350_000

    change_group_price(by, group_id=group.pk, price=50_000_000, from_on=AUGUST, bound_follow=True)
    course_costs(by, group, 360_000, date(2025, 7, 20))
    assert owes(by, student, "2025-09-01") == 300_000 + 2 * 350_000 + 2 * 500_000, "the group's own comes after it"


def test_a_new_price_of_a_tariff_replaces_what_was_come_back_to_after_its_day(by):
    terms = TariffTerms("Standard", PlanKind.STUDENT_MONTH, "UZS")
    tariff = add_tariff(by, terms=terms, price=25_000_000, from_on=date(2025, 1, 1))
    binding = Binding(MAY, price=10_000_000)
    row = bind_tariff(by, student_id=a_student(by).pk, tariff_id=tariff.pk, binding=binding)
    ended(by, row, JULY)
    change_tariff_price(by, tariff_id=tariff.pk, price=30_000_000, from_on=AUGUST, bound_follow=True)
    change_tariff_price(by, tariff_id=tariff.pk, price=26_000_000, from_on=JUNE, bound_follow=True)
    assert steps(by, row) == [(MAY, 100_000), (JUNE, 260_000), (AUGUST, 300_000)]
