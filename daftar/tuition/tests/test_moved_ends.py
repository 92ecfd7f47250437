"""A subscription runs until the day to which pauses moved its end, wherever it is asked for (decision D7)."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from daftar.courses.rules import PlanKind
from daftar.courses.services import enrol_student
from daftar.tuition.ends import ends_of
from daftar.tuition.listed import followers, tariff_followers
from daftar.tuition.lists import charged_around, subscriptions_of
from daftar.tuition.models import PriceStep, Subscription
from daftar.tuition.pauses import suspend
from daftar.tuition.prices import change_course_price, change_group_price
from daftar.tuition.queries import reach
from daftar.tuition.services import enrol_active
from daftar.tuition.tariffs import (
    Binding,
    BoundAgain,
    BoundAlready,
    TariffTerms,
    add_tariff,
    bind_tariff,
    change_tariff_price,
    end_subscription,
)
from tests.cast import a_course, a_group, a_student, at


def may(day: int) -> date:
    return date(2025, 5, day)


def june(day: int) -> date:
    return date(2025, 6, day)


@pytest.fixture
def tariff(by):
    terms = TariffTerms("To the end of May", PlanKind.PER_LESSON, "UZS")
    return add_tariff(by, terms=terms, price=70_000, from_on=may(1))


MAY = {"starts_on": may(1), "last_on": may(31)}


def bound(by, tariff, student=None, **values):
    """Bound for May, or as said."""
    student = student or a_student(by)
    binding = Binding(**MAY | values)
    return bind_tariff(by, student_id=student.pk, tariff_id=tariff.pk, binding=binding)


def paused(by, row, first, last, **values):
    return suspend(by, student_ids=[row.student_id], starts_on=first, last_on=last, **values)[0]


def end_of(by, row) -> date | None:
    return ends_of(by, [row])[row.pk]


# --- where the end is -----------------------------------------------------------------------------------------------


def test_the_end_is_where_a_pause_moved_it_and_stays_as_it_was_written(by, tariff):
    row = bound(by, tariff)
    assert end_of(by, row) == june(1)
    paused(by, row, may(19), may(25))
    row.refresh_from_db()
    assert (row.ends_on, end_of(by, row)) == (june(1), june(8))


@pytest.mark.parametrize(
    ("pause", "binding", "end"),
    [
        ({"last": may(25)}, {}, june(8)),
        ({"last": None}, {}, None),
        ({"last": may(25), "extends": False}, {}, june(1)),
        ({"last": may(25)}, {"extended_by_suspensions": False}, june(1)),
        ({"last": may(25)}, {"last_on": may(18)}, may(19)),
        ({"last": may(25)}, {"starts_on": may(26)}, june(1)),
    ],
    ids=["a week", "open", "a pause that moves none", "one that no pause moves", "before it", "after it"],
)
def test_what_moves_it_and_what_does_not(by, tariff, pause, binding, end):
    row = bound(by, tariff, **binding)
    paused(by, row, may(19), pause.pop("last"), **pause)
    assert end_of(by, row) == end


def test_a_pause_in_one_group_moves_only_what_is_bound_to_that_group(by, tariff):
    group, other = a_group(by), a_group(by, a_course(by, "Chess"), "Chess")
    student = a_student(by)
    enrol_student(by, student_id=student.pk, group_id=group.pk, starts_on=may(1))
    any_group = bound(by, tariff, student)
    here = bound(by, tariff, student, group_id=group.pk)
    elsewhere = bound(by, tariff, student, group_id=other.pk)
    paused(by, here, may(19), may(25), group_id=group.pk)
    assert ends_of(by, [any_group, here, elsewhere]) == {
        any_group.pk: june(1), here.pk: june(8), elsewhere.pk: june(1),
    }  # fmt: skip


def test_an_end_that_was_set_later_is_moved_all_the_same(by, tariff):
    row = bound(by, tariff, last_on=None)
    paused(by, row, may(19), may(25))
    assert end_of(by, row) is None
    assert end_of(by, end_subscription(by, subscription_id=row.pk, last_on=may(27))) == june(4)


def test_the_ends_of_many_are_asked_in_one_statement_and_of_none_that_can_move_in_none(by, tariff):
    rows = []

    def asked() -> int:
        with CaptureQueriesContext(connection) as found:
            ends_of(by, rows)
        return len(found)

    for place in range(6):
        rows.append(bound(by, tariff, a_student(by, f"Student {place}")))
        paused(by, rows[-1], may(19), may(25))
        assert asked() == 1, place
    rows = [bound(by, tariff, a_student(by, "Open"), starts_on=june(1), last_on=None)]
    assert asked() == 0


# --- who runs on ----------------------------------------------------------------------------------------------------


def test_what_a_student_is_bound_to_is_over_only_after_the_moved_end(by, tariff):
    row = bound(by, tariff)
    paused(by, row, may(19), may(25))
    student_id = row.student_id
    newer = bind_tariff(
        by, student_id=student_id, tariff_id=tariff.pk, binding=Binding(may(1), may(10), is_separate=True)
    )
    for day, first in ((june(7), row), (june(8), newer)):
        found = subscriptions_of(at(by, day), student_id)
        assert found[0].row.pk == first.pk, "what is over stands last, and of equals the newest first"
        assert {each.row.pk: each.ends_on for each in found} == {row.pk: june(8), newer.pk: may(11)}
    assert reach(at(by, june(7)), [student_id])[student_id].subscriptions[0].ends_on == june(8)


def test_a_new_price_of_a_tariff_reaches_those_whose_end_pauses_moved_and_says_how_many_they_are(by, tariff):
    rest = bound(by, tariff, a_student(by, "Rested"))
    bound(by, tariff, a_student(by, "Over"))
    own = bound(by, tariff, a_student(by, "Own"), price=50_000)
    for row in (rest, own):
        paused(by, row, may(19), may(25))
    later = at(by, june(3))
    assert tariff_followers(later, tariff.pk) == [rest.student_id]
    change_tariff_price(later, tariff_id=tariff.pk, price=90_000, from_on=june(3), bound_follow=True)
    written = PriceStep.objects.visible_to(by).filter(from_on=june(3))
    assert list(written.values_list("subscription_id", "amount")) == [(rest.pk, 90_000)]
    assert tariff_followers(at(by, june(8)), tariff.pk) == []
    change_tariff_price(at(by, june(8)), tariff_id=tariff.pk, price=95_000, from_on=june(8), bound_follow=True)
    assert not PriceStep.objects.visible_to(by).filter(from_on=june(8)).exists()


@pytest.mark.parametrize("whose", ["course", "group"])
def test_a_new_price_of_a_course_or_group_does_so_too(by, whose):
    group, rested, over = a_group(by), a_student(by, "Rested"), a_student(by, "Over")
    for student in (rested, over):
        enrol_active(by, student_id=student.pk, group_id=group.pk, starts_on=may(1))
        row = Subscription.objects.visible_to(by).get(student=student)
        end_subscription(by, subscription_id=row.pk, last_on=may(31))
    suspend(by, student_ids=[rested.pk], starts_on=may(19), last_on=may(25))
    later, values = at(by, june(3)), {"price": 35_000_000, "from_on": june(3), "bound_follow": True}
    target = group if whose == "group" else group.course
    assert followers(later, target) == [rested.pk]
    if whose == "group":
        change_group_price(later, group_id=group.pk, **values)
    else:
        change_course_price(later, course_id=group.course_id, **values)
    assert [row.subscription.student_id for row in PriceStep.objects.visible_to(by).filter(from_on=june(3))] == [
        rested.pk
    ]


def test_who_follows_is_asked_in_as_many_statements_however_many_they_are(by, tariff):
    def asked() -> int:
        with CaptureQueriesContext(connection) as found:
            tariff_followers(at(by, june(3)), tariff.pk)
        return len(found)

    counts = []
    for place in range(4):
        paused(by, bound(by, tariff, a_student(by, f"Student {place}")), may(19), may(25))
        counts.append(asked())
    assert counts == [2, 2, 2, 2]


def test_days_off_concern_whoever_a_long_pause_still_keeps_bound(by, tariff):
    group = a_group(by)
    row, over = bound(by, tariff, a_student(by, "Rested")), bound(by, tariff, a_student(by, "Over"))
    for each in (row, over):
        enrol_student(by, student_id=each.student_id, group_id=group.pk, starts_on=may(1))
    paused(by, row, may(19), date(2025, 9, 30))
    day = date(2025, 10, 7)
    assert charged_around(at(by, day), day, day, None) == [row.student_id]


# --- the same twice -------------------------------------------------------------------------------------------------


def test_the_same_tariff_is_bound_again_only_after_the_moved_end(by, tariff):
    row = bound(by, tariff)
    paused(by, row, may(19), may(25))
    again = {"starts_on": june(1), "last_on": june(30)}
    with pytest.raises(BoundAlready) as refused:
        bound(by, tariff, row.student, **again)
    assert refused.value.field == "tariff_id"
    bound(by, tariff, row.student, **again | {"starts_on": june(8)})


def test_what_a_pause_moves_does_not_reach_into_the_next_binding(by, tariff):
    row = bound(by, tariff)
    paused(by, row, may(19), may(25))
    bound(by, tariff, row.student, starts_on=june(15), last_on=None)
    with pytest.raises(BoundAgain):
        end_subscription(by, subscription_id=row.pk, last_on=june(8))
    assert end_of(by, end_subscription(by, subscription_id=row.pk, last_on=june(7))) == june(15)


def test_a_binding_that_a_pause_will_move_into_the_next_one_is_refused(by, tariff):
    later = bound(by, tariff, starts_on=june(1), last_on=None)
    paused(by, later, may(19), may(25))
    with pytest.raises(BoundAlready):
        bound(by, tariff, later.student)
    bound(by, tariff, later.student, last_on=may(24))
