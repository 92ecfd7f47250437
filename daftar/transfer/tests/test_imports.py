"""A file through all its steps: columns, groups, the check, the run."""

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from daftar.courses.models import Course, Enrolment, Group, Lesson
from daftar.finance.services import close_books
from daftar.ledger.queries import balances, drift, statement
from daftar.lib.errors import NotFound
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.services import add_branch
from daftar.people.models import Contact, Student
from daftar.people.services import add_student
from daftar.transfer import services
from daftar.transfer.groups import from_json
from daftar.transfer.models import Import, ImportRow, ImportState
from daftar.transfer.queries import columns, get_import, problem_rows, progress, same_file_before
from daftar.transfer.rules import Field
from daftar.tuition.models import PriceStep, Subscription
from daftar.tuition.services import reconcile
from tests.cast import a_branch, a_centre, a_course, a_group, a_student, at, owner_of

DATA = Path(__file__).resolve().parents[3] / "tests/data"
OPENS = date(2026, 11, 10)


@pytest.fixture
def by(db):
    by = at(a_centre(currency="RUB", timezone="Europe/Moscow"), "2026-11-25")
    with tenant_transaction(by.org_id):
        yield by


def begun(by, content: bytes | str, opens_on=OPENS, name="clients.csv") -> Import:
    data = content.encode() if isinstance(content, str) else content
    return services.begin_import(by, branch_id=a_branch(by).pk, file_name=name, content=data, opens_on=opens_on)


def checked(by, content, opens_on=OPENS, **changes) -> Import:
    row = begun(by, content, opens_on)
    row = services.choose_columns(by, import_id=row.pk, fields=[Field(name) for name in row.fields])
    if row.groups:
        choices = from_json(row.groups)
        row = services.choose_groups(by, import_id=row.pk, choices=[change(each, changes) for each in choices])
    return row


def change(choice, changes):
    return replace(choice, **changes.get(choice.name.replace("-", "_"), {}))


def run(by, row: Import) -> Import:
    services.start_import(by, import_id=row.pk)
    while services.take_rows(by, import_id=row.pk):
        pass
    return get_import(by, row.pk)


def verdicts(by, row) -> dict[int, str]:
    return dict(ImportRow.objects.visible_to(by).filter(file=row).values_list("number", "verdict"))


def expected() -> dict[int, str]:
    rows = json.loads((DATA / "clients_messy_expected.json").read_text())
    return {row["row"]: row["verdict"] for row in rows}


@pytest.mark.parametrize("is_left_out", [True, False])
def test_the_messy_file_is_judged_row_by_row_and_done_as_judged(by, is_left_out):
    a_group(by, a_course(by), "ENG-A1", starts_on="2026-09-01", last_on="2027-05-31")
    row = checked(by, (DATA / "clients_messy_cp1251.csv").read_bytes(), НЕТ_ТАКОЙ={"is_left_out": is_left_out})

    assert verdicts(by, row) == expected()
    assert not Student.objects.visible_to(by).exists()

    done = run(by, row)

    taken = {number for number, verdict in expected().items() if verdict in {"create", "warning"}}
    became = ImportRow.objects.visible_to(by).filter(file=row).exclude(student=None)
    assert set(became.values_list("number", flat=True)) == taken
    assert verdicts(by, row) == expected()
    assert (done.state, Student.objects.visible_to(by).count()) == (ImportState.DONE, len(taken))
    assert Group.objects.visible_to(by).filter(name="НЕТ-ТАКОЙ").exists() is not is_left_out
    students = {each.number: each.student for each in became.select_related("student")}
    assert balances(by, [students[49].pk, students[50].pk]) == {students[49].pk: 125_050, students[50].pk: 125_050}
    assert students[52].full_name == '=HYPERLINK("http://evil.example";"Иван")'
    assert students[48].note == "Телефон: 12345"
    phones = dict(Contact.objects.visible_to(by).values_list("student_id", "value"))
    assert phones[students[47].pk] == "+79123456789"
    assert students[48].pk not in phones
    assert drift(by) == []


def test_the_same_file_again_adds_nothing(by):
    content = (DATA / "clients_alfacrm_ru.csv").read_bytes()
    first = run(by, checked(by, content))
    row = checked(by, content)

    assert same_file_before(by, row) == first
    assert set(verdicts(by, row).values()) == {"known"}
    run(by, row)
    assert Student.objects.visible_to(by).count() == 300
    assert Group.objects.visible_to(by).count() == 18


def test_the_check_knows_people_of_every_branch_whichever_is_looked_at(by):
    born_on, file = date(2014, 2, 1), "ФИО;Дата рождения\nИванов;01.02.2014\nПетров;03.04.2013\n"
    other = add_branch(by, name="Second", timezone="Europe/Moscow", currency="RUB", language="ru")
    add_student(by, full_name="Иванов", branch_id=other.pk, born_on=born_on)
    row = checked(replace(owner_of(by), branch_ids=frozenset({a_branch(by).pk})), file)
    assert verdicts(by, row) == {2: "known", 3: "create"}
    assert verdicts(by, run(by, row)) == {2: "known", 3: "create"}


def test_the_same_file_with_other_columns_adds_nothing_either(by):
    run(by, checked(by, "ФИО;Дата рождения\nИванов;01.02.2014\n"))
    row = begun(by, "ФИО;Дата рождения\nИванов;01.02.2014\n")
    services.choose_columns(by, import_id=row.pk, fields=[Field.NAME, Field.EXTRA])
    assert verdicts(by, row) == {2: "known"}


def test_a_spreadsheet_of_modme_brings_groups_with_their_days_and_trials(db):
    by = at(a_centre(), "2026-11-25")
    with tenant_transaction(by.org_id):
        row = checked(by, (DATA / "students_modme_uz.xlsx").read_bytes())
        told = {each.name: each for each in from_json(row.groups)}
        assert set(verdicts(by, row).values()) == {"create"}
        assert (told["ENG-01"].weekdays, str(told["ENG-01"].starts_time)) == ((1, 3, 5), "14:00:00")
        assert (told["FE-07"].plan, told["FE-07"].price, told["FE-07"].course_name) == (
            "calendar_month", 100_000_000, "Frontend",
        )  # fmt: skip

        run(by, row)

        assert Student.objects.visible_to(by).count() == 200
        assert set(Course.objects.visible_to(by).values_list("name", "plan")) == {
            (name, "calendar_month") for name in ("Ingliz tili", "IELTS", "Frontend", "Matematika")
        }
        assert Enrolment.objects.visible_to(by).filter(activated_on=None).count() == 38
        assert Subscription.objects.visible_to(by).count() == 162
        assert Lesson.objects.visible_to(by).filter(group__name="ENG-01").count() > 100
        assert drift(by) == []


def test_a_month_is_charged_from_the_first_due_date_after_the_opening_date(by):
    """What the other program charged is in the balance; the month under way costs nothing, the next one all of it."""
    group = a_group(by, a_course(by, price=300_000), "A1", starts_on="2026-09-01", last_on="2027-05-31")
    run(by, checked(by, "ФИО;Группа;Остаток\nИванов Иван;A1;-500\n"))
    student = Student.objects.visible_to(by).get()

    assert [(line.kind, line.on) for line in statement(by, student.pk)] == [("opening", OPENS)]
    later = at(by, "2027-01-02")
    reconcile(later, student_ids=[student.pk])
    moved = [(line.kind, line.on, line.amount) for line in statement(later, student.pk)]
    assert sorted(moved, key=lambda line: line[1]) == [
        ("opening", OPENS, -50_000), ("charge", date(2026, 12, 1), -300_000), ("charge", date(2027, 1, 1), -300_000),
    ]  # fmt: skip
    subscription = Subscription.objects.visible_to(by).get()
    assert (subscription.group_id, subscription.starts_on) == (group.pk, OPENS)
    assert sorted(PriceStep.objects.visible_to(by).values_list("from_on", "amount")) == [
        (OPENS, 0), (date(2026, 12, 1), 300_000),
    ]  # fmt: skip


def test_a_file_taken_over_late_charges_what_fell_due_since(by):
    a_group(by, a_course(by, price=300_000), "A1", starts_on="2026-09-01", last_on="2027-05-31")
    run(by, checked(by, "ФИО;Группа;Остаток\nИванов Иван;A1;0\n", opens_on=date(2026, 9, 30)))
    student = Student.objects.visible_to(by).get()
    assert balances(by, [student.pk]) == {student.pk: -600_000}


def test_a_group_that_begins_after_the_opening_date_is_charged_from_its_first_day(by):
    """No other program can have charged it: 6 of the 13 lessons of November lie after the 17th."""
    a_group(by, a_course(by, price=130_000), "A1", starts_on="2026-11-18", last_on="2027-05-31")
    run(by, checked(by, "ФИО;Группа\nИванов Иван;A1\n"))
    student = Student.objects.visible_to(by).get()
    assert [(line.kind, line.on) for line in statement(by, student.pk)] == [("charge", date(2026, 11, 18))]


def test_an_own_price_of_a_month_counts_before_the_groups(by):
    a_group(by, a_course(by, price=300_000), "A1", starts_on="2026-09-01", last_on="2027-05-31")
    run(by, checked(by, "ФИО;Группа;Цена в месяц\nИванов Иван;A1;2500\n"))
    assert 250_000 in PriceStep.objects.visible_to(by).values_list("amount", flat=True)


def test_a_group_that_is_over_takes_nobody_and_the_row_says_so(by):
    a_group(by, a_course(by), "A1", starts_on="2026-03-01", last_on="2026-10-01")
    row = checked(by, "ФИО;Группа\nИванов Иван;A1\nПетров Пётр;\n")
    assert verdicts(by, row) == {2: "error", 3: "create"}
    assert ImportRow.objects.visible_to(by).get(number=2).problems == [["", "group_is_over", "A1"]]


def test_headings_are_remembered(by):
    row = begun(by, "Человек;Долг перед нами\nИванов;5\n")
    assert row.fields == ["extra", "extra"]
    with pytest.raises(services.NameColumnMissing):
        services.choose_columns(by, import_id=row.pk, fields=[Field.EXTRA, Field.BALANCE])
    services.choose_columns(by, import_id=row.pk, fields=[Field.NAME, Field.BALANCE])
    assert begun(by, "ДОЛГ ПЕРЕД НАМИ;Человек\n7;Петров\n").fields == ["balance", "name"]


def test_columns_say_what_cannot_be_read(by):
    row = begun(by, "ФИО;Дата рождения;Телефон\nИванов;6/5/14;9.98901E+11\nПетров;01.02.2014;12345\n")
    name, born, phone = columns(by, row)
    assert (name.wrong, born.wrong, born.code, born.fine) == (0, 1, "unclear_date", 1)
    assert (phone.wrong, phone.samples) == (2, ("9.98901E+11", "12345"))
    assert columns(by, row, order="dmy")[1].wrong == 0


def test_what_runs_is_not_chosen_anew_and_what_is_not_checked_does_not_start(by):
    row = begun(by, "ФИО;Группа\nИванов;A1\n")
    with pytest.raises(services.NotChecked):
        services.start_import(by, import_id=row.pk)
    row = checked(by, "ФИО\nИванов\n")
    services.start_import(by, import_id=row.pk)
    with pytest.raises(services.ImportUnderWay):
        services.choose_columns(by, import_id=row.pk, fields=[Field.NAME])


def test_a_choice_of_a_strange_group_or_course_is_not_found(by):
    row = begun(by, "ФИО;Группа\nИванов;A1\n")
    row = services.choose_columns(by, import_id=row.pk, fields=[Field.NAME, Field.GROUPS])
    for wrong in ({"group_id": 10**9}, {"course_id": 10**9}):
        with pytest.raises(NotFound):
            services.choose_groups(by, import_id=row.pk, choices=[change(from_json(row.groups)[0], {"A1": wrong})])


def test_a_column_that_is_no_group_is_not_asked_about_a_thousand_times(by):
    rows = "".join(f"Иванов {number};{number}\n" for number in range(401))
    row = begun(by, f"ФИО;Номер\n{rows}")
    with pytest.raises(services.TooManyGroups):
        services.choose_columns(by, import_id=row.pk, fields=[Field.NAME, Field.GROUPS])


def test_a_group_that_is_here_is_not_made_again(by):
    row = begun(by, "ФИО;Группа\nИванов;A1\n")
    row = services.choose_columns(by, import_id=row.pk, fields=[Field.NAME, Field.GROUPS])
    a_group(by, a_course(by), "A1", starts_on="2026-09-01", last_on="2027-05-31")
    with pytest.raises(services.GroupIsHere):
        services.choose_groups(by, import_id=row.pk, choices=from_json(row.groups))


def test_a_row_that_cannot_be_taken_after_all_keeps_none_of_the_others_out(by):
    """Between check and run the group's life changed."""
    group = a_group(by, a_course(by), "A1", starts_on="2026-09-01", last_on="2027-05-31")
    row = checked(by, "ФИО;Группа\nИванов;A1\nПетров;\n")
    Group.objects.visible_to(by).filter(pk=group.pk).update(ends_on=date(2026, 10, 1))

    run(by, row)

    assert verdicts(by, row) == {2: "error", 3: "create"}
    assert Student.objects.visible_to(by).get().full_name == "Петров"


def test_someone_added_between_check_and_run_is_not_added_twice(by):
    row, other = checked(by, "ФИО\nИванов\nПетров\n"), checked(by, "ФИО\nИванов\n")
    run(by, other)
    run(by, row)
    assert verdicts(by, row) == {2: "known", 3: "create"}
    assert Student.objects.visible_to(by).count() == 2


def test_the_number_of_statements_of_a_part_does_not_grow_with_its_rows(by):
    a_group(by, a_course(by, price=300_000), "A1", starts_on="2026-09-01", last_on="2027-05-31")

    def cost(names) -> int:
        text = "".join(f"{name};A1;500;8 912 345 67 89\n" for name in names)
        row = checked(by, f"ФИО;Группа;Остаток;Телефон\n{text}")
        services.start_import(by, import_id=row.pk)
        with CaptureQueriesContext(connection) as asked:
            services.take_rows(by, import_id=row.pk)
        return len(asked)

    few = cost([f"Иванов {letter}" for letter in "абв"])
    assert cost([f"Петров {a}{b}" for a in "бвгдлмнп" for b in "аоуэ"]) <= few


def test_an_import_that_lost_its_job_is_asked_for_again(by):
    row = checked(by, "ФИО\nИванов\n")
    services.start_import(by, import_id=row.pk)

    def waiting() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'transfer.run_import'")
            return cursor.fetchone()[0]

    before = waiting()
    services.resume_import(by, import_id=row.pk)
    assert waiting() == before + 1
    services.take_rows(by, import_id=row.pk)
    services.resume_import(by, import_id=row.pk)
    assert waiting() == before + 1, "what is over is not begun again"


def test_progress_counts(by):
    row = checked(by, "ФИО\nИванов\nПетров\nПетров\n")
    seen = progress(by, row)
    assert (seen.to_take, seen.taken, seen.verdicts) == (2, 0, {"create": 2, "duplicate": 1})
    run(by, row)
    assert progress(by, row).taken == 2


@pytest.mark.parametrize(
    ("cells", "verdict"),
    [
        ("Иван Иванов;01.02.2014;", "known"), ("Ivanov Ivan;;8 912 345 67 89", "known"),
        ("Иванов Иван;02.02.2014;", "create"),
        ("Иванов Иван;02.02.2014;+79123456789", "create"), ("Иванов Иван;;", "create"),
        ("Петров;01.02.2014;+79123456789", "create"),
    ],
)  # fmt: skip
def test_someone_added_by_hand_is_recognised_by_birthday_or_phone(by, cells, verdict):
    a_student(by, "Иванов Иван", born_on=date(2014, 2, 1), phone="+7 912 345-67-89")
    row = checked(by, f"ФИО;Дата рождения;Телефон\n{cells}\n")
    assert verdicts(by, row) == {2: verdict}
    assert [each.number for each in problem_rows(by, row)] == ([2] if verdict == "known" else [])


def test_no_balance_is_opened_in_closed_books(by):
    close_books(by, branch_ids=[a_branch(by).pk], closed_until=OPENS)
    with pytest.raises(services.OpeningInClosedBooks) as refused:
        begun(by, "Name;Balance\nAziz Karimov;5\n")
    assert (refused.value.field, refused.value.values) == ("opens_on", {"day": OPENS})
    row = checked(by, "Name;Balance\nAziz Karimov;5\n", OPENS + timedelta(days=1))
    close_books(by, branch_ids=[a_branch(by).pk], closed_until=OPENS + timedelta(days=1))
    with pytest.raises(services.OpeningInClosedBooks):
        services.start_import(by, import_id=row.pk)
