"""An import taken back: nobody is left of it but those whom somebody has touched, and the file can come again."""

from dataclasses import replace
from datetime import time, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from daftar.attendance.exams import Entry, add_exam, enter_results, results_of
from daftar.attendance.results_of_tests import Taken, add_test_result
from daftar.attendance.rules import Measure
from daftar.attendance.scales import add_scale
from daftar.attendance.services import conduct_lesson
from daftar.courses.models import Course, Enrolment, Group, Lesson
from daftar.courses.services import enrol_student
from daftar.finance.models import Desk
from daftar.finance.services import take_payment
from daftar.ledger.models import Transfer
from daftar.ledger.queries import balances, drift
from daftar.lib.tenancy import tenant_transaction
from daftar.people.models import Student
from daftar.people.services import edit_student
from daftar.reports.queries import student_counts
from daftar.transfer.models import ImportState
from daftar.transfer.queries import get_import
from daftar.transfer.services import resume_import
from daftar.transfer.tests.test_imports import checked, run, verdicts
from daftar.transfer.undoing import TooLateToUndo, kept_rows, take_rows_back, undo_import
from daftar.tuition.models import PriceStep, Subscription
from daftar.tuition.services import activate, reconcile
from tests.cast import a_centre, a_course, a_group, a_student, at

FILE = "".join(
    f"{name};{group};{price};{balance}\n"
    for name, group, price, balance in [
        ("Name", "Group", "Price of a lesson", "Balance"), ("Aziz Karimov", "A1", "100", "-250"),
        ("Barno Saidova", "A1", "", "40"), ("Davron Olimov", "B2", "100", ""), ("Elyor Sobirov", "", "", "-10"),
    ]
)  # fmt: skip
NAMES = ["Aziz Karimov", "Barno Saidova", "Davron Olimov", "Elyor Sobirov"]
EVERY_DAY = {name: {"weekdays": (1, 2, 3, 4, 5, 6, 7), "starts_time": time(10)} for name in ("A1", "B2")}


@pytest.fixture
def by(db):
    by = at(a_centre(currency="RUB", timezone="Europe/Moscow"), "2026-11-25")
    with tenant_transaction(by.org_id):
        yield by


def undone(by, row):
    undo_import(by, import_id=row.pk)
    while take_rows_back(by, import_id=row.pk):
        pass
    return get_import(by, row.pk)


def people(by) -> dict[str, int]:
    return dict(Student.objects.visible_to(by).filter(archived_on=None).values_list("full_name", "id"))


def test_everything_that_the_file_brought_is_taken_back(by):
    a_student(by, "Here before")
    before = (people(by), Group.objects.visible_to(by).count(), student_counts(by))
    row = run(by, checked(by, FILE))
    brought = [pk for name, pk in people(by).items() if name != "Here before"]
    assert len(brought) == 4
    assert sorted(balances(by, brought).values()) == [-25_000, -1_000, 0, 4_000]
    row = undone(by, row)
    assert row.state == ImportState.UNDONE
    assert (people(by), Group.objects.visible_to(by).count(), student_counts(by)) == before
    assert set(balances(by, brought).values()) == {0}
    for model in (Subscription, PriceStep, Enrolment, Lesson):
        assert not model.objects.visible_to(by).exists(), model
    assert Transfer.objects.visible_to(by).filter(kind="opening").count() == 3, "what was posted stays on record"
    assert Course.objects.visible_to(by).exists()
    assert (drift(by), reconcile(by, student_ids=brought)) == ([], 0)


def test_the_same_file_can_be_brought_again_and_undone_again(by):
    undone(by, run(by, checked(by, FILE)))
    again = run(by, checked(by, FILE))
    assert sorted(people(by)) == NAMES
    undone(by, again)
    assert people(by) == {}


def test_people_known_by_birthday_or_phone_can_be_brought_again_too(by):
    file = "Name;Birthday;Phone\nAziz Karimov;01.02.2014;\nBarno Saidova;;+7 912 345-67-89\n"
    undone(by, run(by, checked(by, file)))
    row = run(by, checked(by, file))
    assert set(verdicts(by, row).values()) == {"create"}
    assert sorted(people(by)) == ["Aziz Karimov", "Barno Saidova"]


def test_whoever_was_touched_since_is_kept_and_named(by):
    row = run(by, checked(by, FILE))
    ids = people(by)
    desk = Desk.objects.visible_to(by)[0]
    take_payment(by, student_id=ids["Aziz Karimov"], desk_id=desk.pk, amount=25_000, paid_on=by.today, key="k")
    student = Student.objects.visible_to(by).get(pk=ids["Barno Saidova"])
    edit_student(
        by, student_id=student.pk, full_name="Barno Olimova", branch_id=student.branch_id, born_on=None, payer_name="",
        phone="", email="", source="", note="",
    )  # fmt: skip
    row = undone(by, row)
    assert sorted(people(by)) == ["Aziz Karimov", "Barno Olimova"]
    assert [each.student.full_name for each in kept_rows(by, row)] == ["Aziz Karimov", "Barno Olimova"]
    assert Group.objects.visible_to(by).count() == 1, "the group of those who are kept stays"
    assert drift(by) == []


def test_whoever_was_tested_since_is_kept(by):
    row = run(by, checked(by, FILE))
    scale = add_scale(by, name="Points", measure=Measure(Decimal(0), Decimal(9)), pass_mark=Decimal(5))
    add_test_result(by, student_id=people(by)["Barno Saidova"], test=Taken("Placement", by.today, scale.pk, Decimal(7)))
    undone(by, row)
    assert sorted(people(by)) == ["Barno Saidova"]


def test_whoever_was_activated_or_put_into_a_group_since_is_kept(by):
    a_group(by, a_course(by), "A1", starts_on="2026-11-01", last_on="2027-05-31")
    row = run(by, checked(by, "Name;Group;Active from\nAziz;A1;\nBarno;A1;\nDavron;;\nElyor;A1;12.11.2026\n"))
    ids, group = people(by), Group.objects.visible_to(by).get()
    activate(by, enrolment_id=Enrolment.objects.visible_to(by).get(student_id=ids["Aziz"]).pk, activated_on=by.today)
    enrol_student(by, student_id=ids["Davron"], group_id=group.pk, starts_on=by.today)
    owed = balances(by, list(ids.values()))
    undone(by, row)
    assert sorted(people(by)) == ["Aziz", "Davron"]
    assert balances(by, [ids["Aziz"]]) == {ids["Aziz"]: owed[ids["Aziz"]]}


def test_whoever_was_marked_in_a_lesson_is_kept_with_what_was_charged(by):
    row = run(by, checked(by, FILE, **EVERY_DAY))
    ids = people(by)
    lesson = Lesson.objects.visible_to(by).filter(group__name="A1").order_by("held_on").first()
    conduct_lesson(by, lesson_id=lesson.pk, absent={}, topic="")
    owed = balances(by, list(ids.values()))
    undone(by, row)
    assert sorted(people(by)) == ["Aziz Karimov", "Barno Saidova"]
    assert balances(by, list(people(by).values())) == {pk: owed[pk] for pk in people(by).values()}


def test_whoever_has_a_result_in_an_exam_is_kept_with_it(by):
    row = run(by, checked(by, "Name;Group\nAziz;A1\nBek;A1\n"))
    student, group = people(by)["Aziz"], Group.objects.visible_to(by).get(name="A1")
    scale = add_scale(by, name="Ten", measure=Measure(Decimal(0), Decimal(10)), pass_mark=Decimal(5))
    exam = add_exam(by, group_id=group.pk, name="First", held_on=by.today, scale_id=scale.pk)
    enter_results(by, exam_id=exam.pk, entries={student: Entry(Decimal(7))})
    undone(by, row)
    assert set(people(by)) == {"Aziz"}
    assert [line.entry.score for line in results_of(by, exam)] == [7]


def test_an_import_is_undone_once_and_within_thirty_days(by):
    row = run(by, checked(by, FILE))
    with pytest.raises(TooLateToUndo):
        undo_import(replace(by, at=by.at + timedelta(days=31)), import_id=row.pk)
    undone(by, row)
    with pytest.raises(TooLateToUndo):
        undo_import(by, import_id=row.pk)
    assert not take_rows_back(by, import_id=row.pk)


def test_the_statements_of_taking_back_do_not_grow_with_the_file(by):
    def statements(count: int) -> int:
        lines = [f"Person{letter} {letter}ovich;G{count};100;5\n" for letter in "abcdefghijklmnop"[:count]]
        row = run(by, checked(by, "Name;Group;Price of a lesson;Balance\n" + "".join(lines)))
        undo_import(by, import_id=row.pk)
        with CaptureQueriesContext(connection) as asked:
            take_rows_back(by, import_id=row.pk)
        assert people(by) == {}
        return len(asked)

    assert statements(3) == statements(15)


def test_an_undoing_whose_job_was_lost_is_asked_for_again_and_one_that_is_over_is_not(by):
    row = run(by, checked(by, FILE))
    resume_import(by, import_id=row.pk)
    undo_import(by, import_id=row.pk)
    resume_import(by, import_id=row.pk)
    take_rows_back(by, import_id=row.pk)
    resume_import(by, import_id=row.pk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'transfer.undo_import'")
        assert cursor.fetchone() == (2,)


def test_a_file_that_brings_nobody_makes_no_groups(by):
    run(by, checked(by, FILE))
    row = run(by, checked(by, FILE.replace("A1", "Z9"), Z9={"is_left_out": False}))
    assert (row.state, Group.objects.visible_to(by).filter(name="Z9").exists()) == (ImportState.DONE, False)
