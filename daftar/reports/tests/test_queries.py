"""Lists across packages: exact totals, standings, and a number of statements that does not grow."""

from dataclasses import replace
from datetime import date, timedelta

from daftar.finance.models import Desk
from daftar.finance.services import take_payment
from daftar.ledger.queries import balances
from daftar.lib.kept import Kept
from daftar.lib.money import Money
from daftar.people.models import Student
from daftar.reports import queries
from daftar.reports.debts import Bucket, Wanted, debt_totals, debtors, owes_since
from daftar.reports.queries import student_counts, students_page
from daftar.tuition.services import activate, enrol_active, open_balances
from tests.cast import a_group, a_student, at, enrolled


def with_balance(by, name: str, soums: int) -> Student:
    student = a_student(by, name)
    row = Student.objects.visible_to(by).select_related("branch").get(pk=student.pk)
    open_balances(by, balances=[(row, soums * 100)], on=date(2025, 5, 1))
    return row


def test_debtors_are_those_below_zero_and_not_archived_with_an_exact_total_e30(by):
    with_balance(by, "A", -50_000)
    with_balance(by, "B", -150_000)
    with_balance(by, "C", 0)
    with_balance(by, "D", 20_000)
    archived = with_balance(by, "E", -5_000)
    Student.objects.visible_to(by).filter(pk=archived.pk).update(archived_on=date(2025, 5, 2))

    found = debtors(by)

    assert [(row.name, row.owes) for row in found.rows] == [
        ("B", Money(15_000_000, "UZS")),
        ("A", Money(5_000_000, "UZS")),
    ]
    assert found.buckets[Bucket.ALL].totals == [Money(20_000_000, "UZS")]
    assert found.page.total == student_counts(by)["owes"] == debt_totals(by).count == 2
    with_archived = debtors(by, wanted=Wanted(with_archived=True))
    assert (len(with_archived.rows), total(with_archived)) == (3, [Money(20_500_000, "UZS")])
    assert [row.name for row in debtors(by, wanted=Wanted(at_least=10_000_000)).rows] == ["B"]


def total(found) -> list[Money]:
    return found.buckets[Bucket.ALL].totals


def test_the_smallest_unit_below_zero_is_a_debt_and_zero_is_none_at_32(by):
    student = with_balance(by, "A", 100)
    desk = Desk.objects.visible_to(by)[0]
    enrol_active(by, student_id=student.pk, group_id=a_group(by).pk, starts_on=date(2025, 5, 14))
    owed = balances(by, [student.pk])[student.pk]
    assert [row.owes.amount for row in debtors(by).rows] == [-owed]
    take_payment(by, student_id=student.pk, desk_id=desk.pk, amount=-owed - 1, paid_on=by.today, key="k")
    assert (balances(by, [student.pk]), len(debtors(by).rows)) == ({student.pk: -1}, 1)
    take_payment(by, student_id=student.pk, desk_id=desk.pk, amount=1, paid_on=by.today, key="k2")
    assert (balances(by, [student.pk]), len(debtors(by).rows)) == ({student.pk: 0}, 0)


def test_the_total_is_of_all_debtors_not_of_the_page(by):
    for number in range(55):
        with_balance(by, f"S{number}", -1_000 - number)
    found = debtors(by)
    assert len(found.rows) == 50
    assert found.buckets[Bucket.ALL].totals == [Money(sum(1_000 + number for number in range(55)) * 100, "UZS")]
    assert len(debtors(by, number=2).rows) == 5


def test_someone_owes_since_the_balance_last_fell_below_zero(by):
    student = with_balance(by, "A", 100)
    enrol_active(by, student_id=student.pk, group_id=a_group(by).pk, starts_on=date(2025, 5, 8))
    assert owes_since(by, [student.pk]) == {student.pk: date(2025, 5, 8)}
    desk = Desk.objects.visible_to(by)[0]
    take_payment(by, student_id=student.pk, desk_id=desk.pk, amount=10**10, paid_on=by.today, key="k")
    assert owes_since(by, [student.pk]) == {}
    assert balances(by, [student.pk])[student.pk] > 0


def test_standings_follow_groups_and_money_e31(by):
    group = a_group(by)
    green, red, grey = a_student(by, "Green"), a_student(by, "Red"), a_student(by, "Grey")
    enrolled(by, grey, group, "2025-05-05")
    for student in (green, red):
        activate(by, enrolment_id=enrolled(by, student, group, "2025-05-05").pk, activated_on=date(2025, 5, 8))
    desk = Desk.objects.visible_to(by)[0]
    owed = -balances(by, [green.pk])[green.pk]
    take_payment(by, student_id=green.pk, desk_id=desk.pk, amount=owed, paid_on=by.today, key="k")
    a_student(by, "White")

    page = students_page(by)

    assert {row.name: row.standing for row in page.rows} == {
        "Green": "active", "Red": "owes", "Grey": "trial", "White": "lead",
    }  # fmt: skip
    assert page.counts == {"": 4, "active": 2, "trial": 1, "owes": 1}
    for state in ("active", "trial", "owes"):
        found = students_page(by, state=state)
        assert found.page.total == len(found.rows) == page.counts[state], state
    assert [row.name for row in students_page(by, state="lead").rows] == ["White"]
    assert students_page(by, state="left").rows == []


def test_a_group_that_is_over_makes_its_students_left(by):
    enrolled(by, a_student(by, "Old"), a_group(by, last_on="2025-05-10"), "2025-05-05")
    assert [row.standing for row in students_page(at(by, "2025-06-01")).rows] == ["left"]


def test_counts_of_many_students_are_kept_for_a_minute_and_those_of_few_are_not(by, monkeypatch):
    def counted(minutes: int) -> int:
        return student_counts(replace(by, at=by.at + timedelta(minutes=minutes)))[""]

    a_student(by, "One")
    assert counted(0) == 1
    monkeypatch.setattr(queries, "MANY", 0)
    monkeypatch.setattr(queries, "_kept", Kept())
    assert counted(0) == 1
    a_student(by, "Two")
    assert (counted(0), counted(1)) == (1, 2)
