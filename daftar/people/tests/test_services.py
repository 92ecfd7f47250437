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


def test_a_name_that_too_many_have_is_paged_without_being_counted(by, monkeypatch):
    monkeypatch.setattr("daftar.people.queries.FEW", 1)
    monkeypatch.setattr("daftar.lib.paging.PER_PAGE", 2)
    for name in ("Karimov Ali", "Karimov Bek", "Karimov Sobir", "Yusupov Vali"):
        a_student(by, name)
    first, second = (students_page(by, q="karimov", number=number) for number in (1, 2))
    assert [row.name for row in first.rows] == ["Karimov Ali", "Karimov Bek"]
    assert (first.page.next, first.page.total) == (2, None)
    assert [row.name for row in second.rows] == ["Karimov Sobir"]
    assert (second.page.next, second.page.total) == (None, 3)
    assert students_page(by, q="karimov", number=9).rows == first.rows
    assert found(by, "sobir") == ["Karimov Sobir"]


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


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_the_search_behind_the_wall_uses_its_indexes():
    """The functions run with the owner's rights; asked as the application, LIKE would read every name."""
    body = "SELECT id FROM daftar_student WHERE org_id = 1 AND archived_on IS NULL AND search_key LIKE '%karimov%'"
    with connections["owner"].cursor() as cursor:
        cursor.execute("SET enable_seqscan = off; SET enable_indexscan = off; SET enable_indexonlyscan = off")
        try:
            cursor.execute(f"EXPLAIN {body}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
        finally:
            cursor.execute("RESET ALL")
    assert "student_search" in plan
    assert "org_id" in plan.split("Index Cond")[1]
