"""The same tariff, or a pause that changes nothing, is refused beside its field; what differs may hold at once."""

from __future__ import annotations

from datetime import date

import pytest

from daftar.courses.memberships import PausedInAllGroups
from daftar.courses.models import Suspension
from daftar.courses.rules import PlanKind
from daftar.lib.errors import Refusal
from daftar.tuition.models import Subscription
from daftar.tuition.pauses import change_suspension, suspend
from daftar.tuition.several import pause_group, pause_together
from daftar.tuition.tariffs import (
    Binding,
    BoundAgain,
    BoundAlready,
    TariffTerms,
    add_tariff,
    bind_tariff,
    edit_tariff,
    end_subscription,
)
from tests.cast import a_course, a_group, a_student, enrolled


def may(day: int) -> date:
    return date(2025, 5, day)


@pytest.fixture
def student(by):
    return a_student(by)


@pytest.fixture
def tariff(by):
    return a_tariff(by)


def a_tariff(by, name="Standard", **values):
    terms = TariffTerms(name, PlanKind.PER_LESSON, "UZS", **values)
    return add_tariff(by, terms=terms, price=70_000, from_on=may(1))


def bound(by, student, tariff, starts_on, last_on=None, **values):
    binding = Binding(starts_on, last_on, **values)
    return bind_tariff(by, student_id=student.pk, tariff_id=tariff.pk, binding=binding)


@pytest.mark.parametrize(
    "days",
    [(may(10), may(20)), (may(1), may(10)), (may(20), None), (may(1), None), (may(12), may(12))],
    ids=["the same", "up to its first", "from its last", "around it", "within it"],
)
def test_the_same_tariff_on_days_of_another_binding_is_refused_beside_the_tariff(by, student, tariff, days):
    bound(by, student, tariff, may(10), may(20))
    with pytest.raises(BoundAlready) as refused:
        bound(by, student, tariff, *days)
    assert refused.value.field == "tariff_id"
    assert Subscription.objects.visible_to(by).count() == 1


@pytest.mark.parametrize("days", [(may(1), may(9)), (may(21), None)], ids=["before", "after"])
def test_the_same_tariff_on_other_days_is_bound(by, student, tariff, days):
    bound(by, student, tariff, may(10), may(20))
    bound(by, student, tariff, *days)
    assert Subscription.objects.visible_to(by).count() == 2


def test_what_differs_may_hold_at_once_d6(by, student, tariff):
    group = a_group(by, a_course(by))
    bound(by, student, tariff, may(10))
    bound(by, student, tariff, may(10), group_id=group.pk)
    bound(by, student, tariff, may(10), is_separate=True)
    bound(by, student, a_tariff(by, "Other"), may(10))
    bound(by, a_student(by, "Lola"), tariff, may(10))
    terms = TariffTerms("Standard", PlanKind.PER_LESSON, "UZS", subjects=("english",))
    edit_tariff(by, tariff_id=tariff.pk, terms=terms, is_archived=False)
    bound(by, student, tariff, may(10))
    assert Subscription.objects.visible_to(by).filter(student=student).count() == 5


def test_a_later_last_day_does_not_reach_into_the_next_binding(by, student, tariff):
    first = bound(by, student, tariff, may(1), may(9))
    bound(by, student, tariff, may(15))
    end_subscription(by, subscription_id=first.pk, last_on=may(14))
    for last_on in (may(15), None):
        with pytest.raises(BoundAgain) as refused:
            end_subscription(by, subscription_id=first.pk, last_on=last_on)
        assert refused.value.field == "last_on"
    end_subscription(by, subscription_id=first.pk, last_on=may(5))


def test_those_that_overlap_from_earlier_can_still_be_ended(by, student, tariff):
    first, second = bound(by, student, tariff, may(1), may(9)), bound(by, student, tariff, may(15))
    Subscription.objects.visible_to(by).filter(pk=first.pk).update(ends_on=None)
    assert end_subscription(by, subscription_id=first.pk, last_on=may(20)).ends_on == may(21)
    end_subscription(by, subscription_id=second.pk, last_on=may(30))


@pytest.fixture
def member(by, student):
    row = enrolled(by, student, a_group(by, a_course(by)), "2025-05-01")
    row.activated_on = row.starts_on
    row.save()
    return row


def paused(by, member, starts_on, last_on=None, *, group_id=None):
    whom = {"student_ids": [member.student_id], "group_id": group_id}
    return suspend(by, **whom, starts_on=starts_on, last_on=last_on)[0]


@pytest.mark.parametrize("wide", [(may(10), may(20)), (may(10), None)])
@pytest.mark.parametrize("days", [(may(10), may(20)), (may(12), may(15)), (may(20), may(20))])
def test_a_pause_in_one_group_within_one_in_all_is_refused_beside_its_first_day(by, member, wide, days):
    paused(by, member, *wide)
    with pytest.raises(PausedInAllGroups) as refused:
        paused(by, member, *days, group_id=member.group_id)
    assert refused.value.field == "starts_on"
    with pytest.raises(Refusal, match="CannotBe"):
        pause_together(by, enrolment_ids=[member.pk], starts_on=days[0], last_on=days[1])
    assert Suspension.objects.visible_to(by).count() == 1


@pytest.mark.parametrize("days", [(may(9), may(12)), (may(12), may(21)), (may(12), None), (may(21), may(22))])
def test_a_pause_in_one_group_that_reaches_further_is_made_and_not_moved_within(by, member, days):
    paused(by, member, may(10), may(20))
    row = paused(by, member, *days, group_id=member.group_id)
    with pytest.raises(PausedInAllGroups):
        change_suspension(
            by, suspension_id=row.pk, starts_on=may(10), last_on=may(20), reason="", extends=True
        )  # fmt: skip


def test_a_whole_group_pauses_although_one_of_it_does_so_anyway(by, member):
    paused(by, member, may(10), may(20))
    other = enrolled(by, a_student(by, "Lola"), member.group, "2025-05-01")
    days = {"starts_on": may(12), "last_on": may(13)}
    pause_group(by, group_id=member.group_id, enrolment_ids=[member.pk, other.pk], **days)
    assert Suspension.objects.visible_to(by).count() == 3
