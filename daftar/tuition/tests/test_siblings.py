"""The centre's rule for siblings: the second and further children of one payer pay less, the first does not."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from daftar.ledger.queries import balances
from daftar.orgs.charging import Charging, SiblingPercentOutOfRange, change_charging
from daftar.orgs.rules import ANSWERS, usual
from daftar.people.services import edit_student
from daftar.tuition.discounts import (
    DiscountTerms,
    LastDayKeptByRule,
    PercentKeptByRule,
    change_discount,
    give_discount,
    withdraw_discount,
)
from daftar.tuition.jobs import settle_families
from daftar.tuition.leaving import leave_group
from daftar.tuition.models import Discount
from daftar.tuition.services import enrol_active
from daftar.tuition.siblings import families_of, settle_siblings
from tests.cast import a_branch, a_course, a_group, a_student, at

CHARGING = Charging(
    activation_day_counts=True, rounding_step=None, money_discount_per="subscription", suspensions_extend=True,
    holidays_credited=False, **{name: usual(name).value for name in ANSWERS},
)  # fmt: skip


def allow(by, percent: str | None) -> None:
    change_charging(by, charging=CHARGING, sibling_percent=None if percent is None else Decimal(percent))


@pytest.fixture
def family(by):
    """Two children of Gulnora, the younger one the first to have come."""
    group = a_group(by, a_course(by), last_on="2030-12-31")
    second, first = (a_student(by, name, payer_name="Gulnora") for name in ("Second", "First"))
    alone = a_student(by, "Alone", payer_name="Somebody else")
    enrol_active(by, student_id=first.pk, group_id=group.pk, starts_on=date(2025, 5, 2))
    for student in (second, alone):
        enrol_active(by, student_id=student.pk, group_id=group.pk, starts_on=date(2025, 5, 14))
    return group, first, second, alone


def given(by) -> list[tuple[str, str, date, date | None]]:
    rows = Discount.objects.visible_to(by).filter(is_for_siblings=True).select_related("student").order_by("id")
    return [(row.student.full_name, str(row.percent), row.starts_on, row.ends_on) for row in rows]


def test_the_second_child_gets_the_discount_and_the_charge_follows(by, family):
    _group, first, second, alone = family
    full = balances(by, [second.pk])[second.pk]
    allow(by, "10")
    assert settle_siblings(by) == 1
    assert given(by) == [("Second", "10.00", date(2025, 5, 14), None)]
    assert balances(by, [second.pk])[second.pk] == pytest.approx(full * 0.9, abs=100)
    assert settle_siblings(by) == 0, "done again it changes nothing"
    assert {row.student_id for row in Discount.objects.visible_to(by)} == {second.pk}
    assert alone.pk != first.pk


def test_another_percentage_counts_from_today_and_none_ends_it(by, family):
    allow(by, "10")
    settle_siblings(by)
    later, latest = at(by, "2025-06-10"), at(by, "2025-07-10")
    allow(later, "20")
    settle_siblings(later)
    allow(latest, None)
    settle_siblings(latest)
    assert given(by) == [
        ("Second", "10.00", date(2025, 5, 14), date(2025, 6, 10)),
        ("Second", "20.00", date(2025, 6, 10), date(2025, 7, 10)),
    ]
    assert settle_siblings(latest) == 0


def test_when_the_first_leaves_nobody_is_a_sibling_any_more(by, family):
    group, first, second, _alone = family
    allow(by, "10")
    settle_siblings(by)
    later = at(by, "2025-06-10")
    row = next(each for each in rows_of(by, first) if each.group_id == group.pk)
    leave_group(later, enrolment_id=row.pk, last_on=date(2025, 6, 9))
    settle_siblings(later, student_ids=families_of(by, [first.pk], []))
    assert given(by) == [("Second", "10.00", date(2025, 5, 14), date(2025, 6, 10))]
    assert second.payer_id == first.payer_id


def test_who_is_paid_for_by_another_leaves_the_family(by, family):
    _group, first, second, _alone = family
    allow(by, "10")
    settle_siblings(by)
    was = second.payer_id
    edit_student(
        by, student_id=second.pk, full_name="Second", branch_id=a_branch(by).pk, born_on=None, payer_name="Aunt",
        phone="", email="", source="", note="",
    )  # fmt: skip
    settle_siblings(by, student_ids=families_of(by, [second.pk], [was]))
    assert given(by) == [], "given and taken back on one day leaves nothing"
    assert first.payer_id == was


def test_a_job_settles_the_families_that_changed_and_may_run_twice(by, family):
    _group, _first, second, _alone = family
    allow(by, "10")
    for _ in range(2):
        settle_families(org_id=by.org_id, student_ids=[second.pk], payer_ids=[], since="2025-05-14")
    assert given(by) == [("Second", "10.00", date(2025, 5, 14), None)]


def test_without_the_rule_nothing_is_given(by, family):
    assert settle_siblings(by) == 0
    assert given(by) == []


@pytest.mark.parametrize(
    ("refusal", "field", "other"),
    [
        (PercentKeptByRule, "percent", {"percent": Decimal(15)}),
        (PercentKeptByRule, "percent", {"percent": None, "amount": 500}),
        (LastDayKeptByRule, "last_on", {"last_on": date(2025, 6, 30)}),
    ],
)
def test_what_the_rule_keeps_of_its_discount_is_not_changed_by_hand(by, family, refusal, field, other):
    allow(by, "10")
    settle_siblings(by)
    row, before = Discount.objects.visible_to(by).get(is_for_siblings=True), given(by)
    terms = {"starts_on": date(2025, 5, 14), "percent": Decimal(10)}
    with pytest.raises(refusal) as refused:
        change_discount(by, discount_id=row.pk, terms=DiscountTerms(**terms | other))
    assert refused.value.field == field
    assert given(by) == before

    change_discount(by, discount_id=row.pk, terms=DiscountTerms(**terms, reason="as agreed"))
    assert settle_siblings(by) == 0, "the rest may be changed, and stays"
    row.refresh_from_db()
    assert row.reason == "as agreed"
    own = give_discount(by, student_id=row.student_id, terms=DiscountTerms(**terms))
    change_discount(by, discount_id=own.pk, terms=DiscountTerms(**terms | {"percent": Decimal(15)} | other))
    withdraw_discount(by, discount_id=own.pk)


@pytest.mark.parametrize("percent", ["0", "-1", "100.01"])
def test_a_percentage_that_is_none_is_refused(by, percent):
    with pytest.raises(SiblingPercentOutOfRange):
        allow(by, percent)


def rows_of(by, student):
    from daftar.courses.queries import enrolments_of

    return enrolments_of(by, student.pk)


def test_another_payer_and_an_activation_each_ask_for_the_rule(by):
    group = a_group(by, a_course(by))
    before = len(asked())
    student = a_student(by, payer_name="Gulnora")
    assert len(asked()) == before, "nobody studies yet"
    enrol_active(by, student_id=student.pk, group_id=group.pk, starts_on=date(2025, 5, 14))
    edit_student(
        by, student_id=student.pk, full_name="Second", branch_id=a_branch(by).pk, born_on=None, payer_name="Aunt",
        phone="", email="", source="", note="",
    )  # fmt: skip
    assert asked()[before:] == ["tuition.settle_families"] * 2


def asked() -> list[str]:
    """The jobs that were asked for, in order."""
    from procrastinate.contrib.django.models import ProcrastinateJob

    return list(ProcrastinateJob.objects.order_by("id").values_list("task_name", flat=True))
