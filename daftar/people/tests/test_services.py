"""Adding, editing and finding students."""

from datetime import date

import pytest

from daftar.people.models import Contact, Payer, Student
from daftar.people.queries import contacts, get_student, phones
from daftar.people.services import BirthdayAhead, NameMissing, add_student, edit_student
from daftar.reports.queries import find_students, students_page
from tests.cast import a_branch, a_member, a_student


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
