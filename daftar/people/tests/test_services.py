"""Adding, editing and finding students."""

from dataclasses import replace
from datetime import date

import pytest
from django.db import connections

from daftar.lib.tenancy import tenant_transaction
from daftar.people.models import Contact, Payer, Student
from daftar.people.queries import contacts, found_few, get_student, phones
from daftar.people.services import BirthdayAhead, NameMissing, add_student, edit_student
from daftar.reports.queries import find_students, students_page
from tests.cast import a_branch, a_centre, a_member, a_student


def found(by, typed: str) -> list[str]:
    return [row.name for row in students_page(by, q=typed).rows]


@pytest.mark.parametrize(
    "typed",
    ["Oʻrinboy", "O'rinboy", "Ўринбой", "orinboy tosh", "Toshmatov Oʻrinboy", "4567", "901234567", "90 123-45-67"],
)
def test_someone_is_found_as_they_are_typed(by, typed):
    a_student(by, "Oʻrinboy Toshmatov", phone="+998 90 123 45 67")
    a_student(by, "Madina Karimova", phone="+998 90 765 43 21")
    assert found(by, typed) == ["Oʻrinboy Toshmatov"]


def test_nothing_typed_shows_everyone_by_name_and_nonsense_shows_no_one(by):
    for name in ("Zilola", "Ахмедов", "Aziz", "Łukasz"):
        a_student(by, name)
    assert found(by, "") == ["Aziz", "Łukasz", "Zilola", "Ахмедов"]
    assert found(by, "qqxxww") == []
    assert find_students(by, "") == []


def test_a_student_has_payer_and_contacts(by):
    student = a_student(by, "Farhod", phone="90 123 45 67", email="f@x.example", payer_name="Gulnora")
    assert get_student(by, student.pk).payer.name == "Gulnora"
    assert [(way.kind, way.value) for way in contacts(by, [student.pk])[student.pk]] == [
        ("mobile", "+998901234567"), ("email", "f@x.example"),
    ]  # fmt: skip


def test_siblings_share_their_payer(by):
    a_student(by, "Farhod", payer_name="Gulnora")
    a_student(by, "Madina", payer_name="Gulnora")
    assert Payer.objects.visible_to(by).count() == 1


def test_editing_replaces_the_phone_and_the_search_follows(by):
    student = a_student(by, "Farhod", phone="90 123 45 67")
    values = {"born_on": date(2010, 1, 2), "payer_name": "Gulnora", "email": "", "source": "", "note": ""}
    edit_student(
        by, student_id=student.pk, full_name="Bekzod", branch_id=a_branch(by).pk, phone="91 765 43 21", **values
    )
    assert found(by, "Bekzod") == found(by, "4321") == ["Bekzod"]
    assert found(by, "4567") == found(by, "Farhod") == []
    assert Contact.objects.visible_to(by).count() == 1


def test_a_phone_nobody_can_read_is_kept_as_it_is(by):
    student = a_student(by, "Farhod", phone="ask mother 123-45-67")
    assert phones(by, [student.pk]) == {student.pk: "ask mother 123-45-67"}
    assert found(by, "4567") == ["Farhod"]


def test_wrong_values_are_refused(by):
    with pytest.raises(NameMissing):
        a_student(by, "   ")
    with pytest.raises(BirthdayAhead):
        add_student(by, full_name="Farhod", branch_id=a_branch(by).pk, born_on=date(2030, 1, 1))
    assert not Student.objects.visible_to(by).exists()


def test_a_teacher_asks_for_no_list_of_people(by):
    from daftar.lib.errors import Forbidden

    with pytest.raises(Forbidden):
        students_page(a_member(by, "Dilnoza", "teacher"))


def test_of_many_who_have_a_name_some_are_shown_and_more_letters_find_the_others(by, monkeypatch):
    for module in ("daftar.people.queries", "daftar.reports.queries"):
        monkeypatch.setattr(f"{module}.FEW", 2)
    names = ["Karimov Ali", "Karimov Bek", "Karimov Sobir"]
    for name in (*names, "Yusupov Vali"):
        a_student(by, name)
    page = students_page(by, q="karimov")
    assert page.is_cut
    shown = [row.name for row in page.rows]
    assert len(shown) == page.page.total == 2
    assert shown == sorted(set(shown) & set(names))
    assert [row.name for row in students_page(by, q="karimov", state="lead").rows] == names
    assert found(by, "sobir") == ["Karimov Sobir"]
    assert not students_page(by, q="sobir").is_cut


def test_what_is_too_short_to_be_looked_up_is_paged_without_being_counted(by, monkeypatch):
    monkeypatch.setattr("daftar.lib.paging.PER_PAGE", 2)
    for name in ("Li Ann", "Li Bo", "Li Chen"):
        a_student(by, name)
    first, second = (students_page(by, q="li", number=number) for number in (1, 2))
    assert [row.name for row in first.rows] == ["Li Ann", "Li Bo"]
    assert (first.page.next, first.page.total) == (2, None)
    assert [row.name for row in second.rows] == ["Li Chen"]
    assert (second.page.previous, second.page.next, second.page.total) == (1, None, 3)
    assert students_page(by, q="li", number=9).rows == first.rows


def test_a_search_finds_nobody_of_another_centre_or_branch_or_of_the_archive(by):
    neighbour = a_centre("neighbour")
    with tenant_transaction(neighbour.org_id):
        theirs = a_student(neighbour, "Karimov Ali", phone="+998 90 123 45 67")
        assert found_few(neighbour, "karimov") == found_few(neighbour, "1234567") == [theirs.pk]
    assert found_few(by, "karimov") == found_few(by, "1234567") == []
    ours = a_student(by, "Karimov Vali", phone="+998 90 123 45 67")
    gone = a_student(by, "Karimov Gani", phone="+998 90 123 45 67")
    gone.archived_on = by.today
    gone.save()
    assert found_few(by, "karimov") == found_few(by, "1234567") == [ours.pk]
    elsewhere = replace(by, branch_ids=frozenset({theirs.branch_id}))
    assert found_few(elsewhere, "karimov") == found_few(elsewhere, "1234567") == []


LOOKING_UP = "SELECT id FROM daftar_student WHERE org_id = $1 AND archived_on IS NULL AND search_key LIKE $2 LIMIT 201"


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_the_search_behind_the_wall_uses_its_index():
    """The functions run with the owner's rights; asked as the application, LIKE would read every name."""
    by = a_centre()
    names = [f"student {number}" for number in range(6_000)]
    with tenant_transaction(by.org_id):
        Student.objects.bulk_create(
            Student(
                org_id=by.org_id, branch=a_branch(by), full_name=name, sort_key=name, search_key=name, added_at=by.at
            )
            for name in names
        )
    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE daftar_student")
        cursor.execute("SET plan_cache_mode = force_generic_plan")  # as a function is planned: for whatever is asked
        cursor.execute("PREPARE named (bigint, text) AS " + LOOKING_UP)
        cursor.execute(f"EXPLAIN EXECUTE named ({by.org_id}, '%2713%')")
        plan = "\n".join(row[0] for row in cursor.fetchall())
        cursor.execute("RESET ALL; DEALLOCATE named")
    assert "student_search " in plan, plan
    assert "org_id = $1" in plan.split("Index Cond")[1]
