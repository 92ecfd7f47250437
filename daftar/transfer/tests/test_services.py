"""Moving in from a file, all or nothing, and only once."""

from datetime import date
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from daftar.attendance.services import conduct_lesson
from daftar.courses.models import Course, Enrolment, Group
from daftar.courses.services import plan_lesson
from daftar.ledger.queries import balances, drift, statement
from daftar.lib.tenancy import tenant_transaction
from daftar.people.models import Contact, Payer, Student
from daftar.transfer.files import FileUnreadable, read_csv
from daftar.transfer.rules import BALANCE, GROUPS, LESSON_PRICE, NAME
from daftar.transfer.services import FileRefused, Imported, OpeningAhead, import_clients
from daftar.tuition.models import Subscription
from tests.cast import a_branch, a_centre, a_group, at

FILE = Path(__file__).resolve().parents[3] / "tests/data/clients_alfacrm_ru.csv"
OPENS = date(2025, 5, 1)


@pytest.fixture
def by(db):
    by = a_centre(currency="RUB", timezone="Europe/Moscow")
    with tenant_transaction(by.org_id):
        yield by


def take_over(by, rows, header=(NAME, BALANCE, LESSON_PRICE, GROUPS), opens_on=OPENS) -> Imported:
    return import_clients(by, branch_id=a_branch(by).pk, header=header, rows=rows, opens_on=opens_on)


def test_one_row_becomes_a_client_with_balance_price_and_group_at_36(by):
    done = take_over(by, [["Иванов Иван", "1200", "350", "A1"]])

    student = Student.objects.visible_to(by).get()
    assert done == Imported(students=1, groups=1, enrolments=1, subscriptions=1, balances=1, known=0)
    assert (student.full_name, student.stage) == ("Иванов Иван", "client")
    assert balances(by, [student.pk]) == {student.pk: 120_000}
    assert [(line.kind, line.on) for line in statement(by, student.pk)] == [("opening", OPENS)]
    subscription = Subscription.objects.visible_to(by).prefetch_related("price_steps").get()
    assert (subscription.plan, subscription.lessons_count, subscription.price_steps.all()[0].amount) == (
        "per_lesson",
        1,
        35_000,
    )
    assert Enrolment.objects.visible_to(by).get().group.name == "A1"


def test_a_real_file_brings_three_hundred_people(by):
    header, rows = read_csv(FILE)

    done = take_over(by, rows, header)

    assert done == Imported(students=300, groups=18, enrolments=319, subscriptions=300, balances=235, known=0)
    assert Student.objects.visible_to(by).count() == 300
    assert Contact.objects.visible_to(by).filter(kind="mobile").exclude(value="").count() >= 300
    assert Payer.objects.visible_to(by).exists()
    assert {course.name for course in Course.objects.visible_to(by)} >= {"Программирование · Scratch"}
    student = Student.objects.visible_to(by).get(full_name="Прасковья Егоровна Исаева")
    assert balances(by, [student.pk]) == {student.pk: -70_000}
    assert (student.study_status, student.source, student.extra) == ("Активен", "Instagram", {"Школа": "Школа №30"})
    assert drift(by) == []


def test_the_same_file_again_adds_nothing(by):
    header, rows = read_csv(FILE)
    take_over(by, rows, header)

    again = take_over(at(by, "2025-06-01"), rows, header, opens_on=date(2025, 6, 1))

    assert again == Imported(students=0, groups=0, enrolments=0, subscriptions=0, balances=0, known=300)
    assert Student.objects.visible_to(by).count() == 300
    assert Group.objects.visible_to(by).count() == 18


def test_one_bad_row_keeps_the_whole_file_out_and_says_where(by):
    with pytest.raises(FileRefused) as refused:
        take_over(by, [["Иванов Иван", "1200", "350", "A1"], ["Петров Пётр", "много", "350", "A1"]])
    assert [(problem.row_number, problem.column, problem.code) for problem in refused.value.problems] == [
        (3, BALANCE, "bad_money")
    ]
    assert not Student.objects.visible_to(by).exists()


def test_a_lesson_of_an_imported_group_is_charged_at_the_students_own_price(by):
    take_over(by, [["Иванов Иван", "1200", "350", "A1"], ["Петров Пётр", "", "500", "A1"]])
    lesson = plan_lesson(
        by, group_id=Group.objects.visible_to(by).get().pk, held_on=date(2025, 5, 5), starts_time=by.at.time()
    )

    conduct_lesson(by, lesson_id=lesson.pk, absent={})

    sums = {row.full_name: balances(by, [row.pk])[row.pk] for row in Student.objects.visible_to(by).order_by("id")}
    assert sums == {"Иванов Иван": 85_000, "Петров Пётр": -50_000}


def test_an_opening_date_ahead_is_refused(by):
    with pytest.raises(OpeningAhead):
        take_over(by, [["Иванов Иван", "", "", ""]], opens_on=date(2025, 5, 15))


def test_the_number_of_statements_does_not_grow_with_the_rows(by):
    with CaptureQueriesContext(connection) as few:
        take_over(by, [[f"Иванов {number}", "1200", "350", "A1"] for number in range(3)])
    with CaptureQueriesContext(connection) as many:
        take_over(by, [[f"Петров {a}{b}", "1200", "350", "A1"] for a in "бвгдлмнп" for b in "аоуэ"])
    assert len(many) <= len(few)


def test_a_file_in_another_encoding_is_refused(tmp_path):
    file = tmp_path / "f.csv"
    file.write_bytes("ФИО клиента\nИванов".encode("cp1251"))
    with pytest.raises(FileUnreadable):
        read_csv(file)


def test_in_a_group_with_its_own_price_newcomers_are_on_trial_until_seen(by):
    """Nobody is charged a monthly price by a file; the activation shows its charge first."""
    group = a_group(by, name="A1", starts_on="2025-05-03")

    take_over(by, [["Иванов Иван", "", "", "A1"]])

    enrolment = Enrolment.objects.visible_to(by).get()
    assert (enrolment.group_id, enrolment.starts_on, enrolment.activated_on) == (group.pk, date(2025, 5, 3), None)


def test_a_group_that_is_over_takes_nobody_and_the_row_is_named(by):
    a_group(by, name="A1", starts_on="2025-03-01", last_on="2025-04-01")
    with pytest.raises(FileRefused) as refused:
        take_over(by, [["Иванов Иван", "", "", "A1"]])
    assert [(problem.row_number, problem.code) for problem in refused.value.problems] == [(2, "group_is_over")]
    assert not Student.objects.visible_to(by).exists()
