"""Contracts: what is left to pay by them, how they are numbered, counted and listed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time

import pytest
from django.db import IntegrityError, transaction

from daftar.attendance.services import conduct_lesson
from daftar.contracts.models import Contract
from daftar.contracts.queries import (
    StudentContracts,
    Which,
    contracts_of,
    contracts_of_period,
    counted,
    get_contract,
    lesson_types,
)
from daftar.contracts.services import (
    ContractEndsBeforeStart,
    ContractIsDeleted,
    ContractSumOutOfRange,
    ContractTerms,
    ContractWithoutVisits,
    ContractWrittenAlready,
    add_contract,
    delete_contract,
    edit_contract,
    restore_contract,
)
from daftar.courses.catalogue import add_lesson_type
from daftar.courses.kinds import LessonKind
from daftar.courses.models import Lesson
from daftar.courses.rules import PlanKind
from daftar.courses.services import plan_lesson
from daftar.finance.models import Desk
from daftar.finance.services import refund, take_payment
from daftar.lib.errors import Forbidden, NotFound
from daftar.orgs.models import AuditEntry
from daftar.orgs.services import add_branch
from daftar.tuition.discounts import LessonTypeElsewhere
from daftar.tuition.services import enrol_active
from tests.cast import a_branch, a_course, a_group, a_member, a_student, at, owner_of

FIRST, LAST = date(2025, 5, 1), date(2025, 5, 31)


def written(by, student, amount: int = 100, starts_on=FIRST, last_on=LAST, **values) -> Contract:
    return add_contract(by, student_id=student.pk, terms=ContractTerms(starts_on, last_on, amount, **values))


def paid(by, student, amount: int) -> None:
    desk = Desk.objects.visible_to(by).order_by("id")[0]
    values = {"student_id": student.pk, "desk_id": desk.pk, "amount": amount, "paid_on": by.today}
    take_payment(by, key=str(amount), **values)


def test_what_is_left_of_a_contract_is_what_was_paid_less_its_sum_at_26(by):
    owner, student = owner_of(by), a_student(by)
    written(by, student, 24_000_00)
    for amount in (10_000_00, 6_000_00):
        paid(by, student, amount)
    sums = contracts_of(by, student.pk).sums
    assert (sums.total.amount, sums.left.amount) == (24_000_00, -8_000_00)
    paid(by, student, 8_000_00)
    assert contracts_of(by, student.pk).sums.left.amount == 0
    desk = Desk.objects.visible_to(by).order_by("id")[0]
    refund(owner, student_id=student.pk, desk_id=desk.pk, amount=500_00, paid_on=by.today, key="r")
    assert contracts_of(by, student.pk).sums.left.amount == -500_00


def test_what_a_contract_is_for_is_counted_and_counted_again_the_same_at_27(by):
    """Ten lessons were held and six are planned, at 500 each; a lesson of another type is not among them."""
    course = a_course(by, plan=PlanKind.PER_LESSON, price=500_00)
    group = a_group(by, course, weekdays=(1, 2, 3, 4, 5, 6, 7), starts_on="2025-05-05", last_on="2025-05-20")
    student = a_student(by)
    enrol_active(at(by, "2025-05-05"), student_id=student.pk, group_id=group.pk, starts_on=date(2025, 5, 5))
    other = add_lesson_type(owner_of(by), name="Make-up", kind=LessonKind.GROUP)
    for lesson in Lesson.objects.visible_to(by).filter(group=group, held_on__lte=by.today):
        conduct_lesson(at(by, "2025-05-14", 15), lesson_id=lesson.pk, absent={})
    special = plan_lesson(by, group_id=group.pk, held_on=date(2025, 5, 18), starts_time=time(18))
    special.type = other
    special.save()
    asked = {"starts_on": FIRST, "last_on": LAST, "lesson_type": "group"}
    later = at(by, "2025-05-14", 16)
    assert Lesson.objects.visible_to(by).filter(group=group, status="conducted").count() == 10
    for _press in range(2):
        found = counted(later, student.pk, **asked)
        assert (found.visits, found.total.amount) == (16, 8_000_00)
    assert counted(later, student.pk, **asked | {"lesson_type": ""}).visits == 17
    assert counted(later, student.pk, **asked | {"lesson_type": str(other.pk)}).visits == 1
    narrow = counted(later, student.pk, **asked | {"starts_on": date(2025, 5, 13), "last_on": date(2025, 5, 15)})
    assert (narrow.visits, narrow.total.amount) == (3, 1_500_00)


def test_a_month_charged_at_once_counts_with_its_day(by):
    student, group = a_student(by), a_group(by)
    enrol_active(by, student_id=student.pk, group_id=group.pk, starts_on=FIRST)
    found = counted(by, student.pk, starts_on=FIRST, last_on=date(2025, 6, 30), lesson_type="group")
    assert found.total.amount == 2 * 30_000_000
    assert counted(by, student.pk, starts_on=FIRST, last_on=LAST, lesson_type="trial").visits == 0


def test_the_branch_counts_its_contracts_and_a_deleted_one_keeps_its_number(by):
    student = a_student(by)
    rows = [written(by, student, amount) for amount in (1, 2, 3)]
    delete_contract(by, contract_id=rows[2].pk)
    assert written(by, student, 4).branch_number == 4
    assert [row.branch_number for row in contracts_of(by, student.pk).rows] == [4, 2, 1]
    assert contracts_of(by, student.pk).sums.total.amount == 7
    with pytest.raises(ContractIsDeleted):
        delete_contract(by, contract_id=rows[2].pk)
    with pytest.raises(ContractIsDeleted):
        edit_contract(by, contract_id=rows[2].pk, terms=ContractTerms(FIRST, LAST, 9))
    assert restore_contract(by, contract_id=rows[2].pk).branch_number == 3
    assert contracts_of(by, student.pk).sums.total.amount == 10
    verbs = AuditEntry.objects.visible_to(by).order_by("-id").values_list("verb", flat=True)[:3]
    assert list(verbs) == ["contracts.restore_contract", "contracts.add_contract", "contracts.delete_contract"]


def test_a_contract_is_edited_and_its_number_stays(by):
    row = written(by, a_student(by), 100, number="A-7", visits=4)
    edit_contract(by, contract_id=row.pk, terms=ContractTerms(FIRST, LAST, 200, " B-8 ", note="agreed", due_on=LAST))
    now = get_contract(by, row.pk)
    assert (now.branch_number, now.number, now.amount, now.visits, now.due_on) == (1, "B-8", 200, None, LAST)
    assert AuditEntry.objects.visible_to(by).order_by("-id")[0].changes[0]["was"]["amount"] == 100


def test_a_contract_sent_twice_is_one(by):
    student = a_student(by)
    row = written(by, student)
    with pytest.raises(ContractWrittenAlready):
        written(by, student)
    delete_contract(by, contract_id=row.pk)
    assert written(by, student).branch_number == 2


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"last_on": date(2025, 4, 30)}, ContractEndsBeforeStart), ({"amount": -1}, ContractSumOutOfRange),
        ({"amount": 10**17}, ContractSumOutOfRange), ({"visits": 0}, ContractWithoutVisits),
        ({"lesson_type": "by magic"}, LessonTypeElsewhere), ({"lesson_type": "999999"}, LessonTypeElsewhere),
    ],
)  # fmt: skip
def test_what_no_contract_can_say_is_refused(by, values, refusal):
    with pytest.raises(refusal):
        written(by, a_student(by), **values)


def test_a_number_is_given_once_also_by_the_database(by):
    row = written(by, a_student(by))
    row.pk = None
    with pytest.raises(IntegrityError, match="contract_number_once"), transaction.atomic():
        row.save(force_insert=True)


def test_each_branch_counts_for_itself_and_sees_its_own(by):
    owner = owner_of(by)
    second = add_branch(owner, name="Second", timezone="Asia/Tashkent", currency="UZS", language="en")
    mine, theirs = a_student(by), a_student(by, "Other")
    theirs.branch = second
    theirs.save()
    assert [written(by, mine).branch_number, written(by, theirs).branch_number] == [1, 1]
    there = replace(by, branch_ids=frozenset({second.pk}))
    found, _page, sums = contracts_of_period(there, since=FIRST, until=LAST, which=Which.STARTS)
    assert [row.student_id for row in found] == [theirs.pk]
    assert [each.amount for each in sums] == [100]
    assert contracts_of(there, mine.pk) == StudentContracts([], None)
    with pytest.raises(NotFound):
        get_contract(there, contracts_of(by, mine.pk).rows[0].pk)
    assert a_branch(by) != second


def test_contracts_of_a_period_start_end_or_are_in_force_in_it(by):
    student = a_student(by)
    days = {
        "before": ("2025-04-01", "2025-05-01"),
        "in": ("2025-05-10", "2025-05-20"),
        "after": ("2025-05-31", "2025-07-01"),
    }
    days |= {
        "over": ("2025-04-01", "2025-04-30"),
        "ahead": ("2025-06-01", "2025-06-30"),
        "long": ("2025-01-01", "2026-01-01"),
    }
    for place, (name, (first, last)) in enumerate(days.items(), 1):
        written(by, student, place, date.fromisoformat(first), date.fromisoformat(last), number=name)

    def names(which, **values):
        found = contracts_of_period(by, since=FIRST, until=LAST, which=which, **values)
        assert [sum(row.amount for row in found[0])] == [each.amount for each in found[2]]
        return [row.number for row in found[0]]

    assert names(Which.STARTS) == ["in", "after"]
    assert names(Which.ENDS, order="ends") == ["before", "in"]
    assert names(Which.IN_FORCE, order="amount", number=None) == ["long", "after", "in", "before"]
    assert names(Which.IN_FORCE, order="number") == ["before", "in", "after", "long"]
    assert contracts_of_period(by, since=date(2024, 1, 1), until=date(2024, 1, 2), which=Which.STARTS)[::2] == ([], [])


def test_who_may_not_write_contracts_reads_them(by):
    cashier, student = a_member(by, "Cash", "cashier"), a_student(by)
    row = written(a_member(by, "Admin", "administrator"), student)
    assert [each.pk for each in contracts_of(cashier, student.pk).rows] == [row.pk]
    for deed in (lambda: written(cashier, student, 5), lambda: delete_contract(cashier, contract_id=row.pk)):
        with pytest.raises(Forbidden):
            deed()
    assert lesson_types(by)[0][0] == "group"
