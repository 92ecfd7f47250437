"""Questions written once: the same rows as the queryset they were written from, for everybody who asks."""

import importlib
import pkgutil
from dataclasses import replace
from datetime import date

import pytest
from django.db import models
from django.db.transaction import TransactionManagementError

import daftar
from daftar.attendance.nudges import unmarked_count
from daftar.attendance.queries import just_marked, reasons
from daftar.attendance.services import conduct_lesson, lock_lesson
from daftar.courses.models import Lesson
from daftar.courses.rules import PlanKind
from daftar.lib.compiled import compiled
from daftar.lib.errors import NotFound
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.models import Member
from daftar.orgs.queries import actor_for, places_of
from daftar.orgs.services import add_member
from daftar.people.models import Student
from daftar.tuition.services import activate, reconcile
from tests.cast import PASSWORD, a_branch, a_centre, a_course, a_group, a_student, enrolled


def questions():
    """Every compiled question of the product: its module and its name."""
    for found in pkgutil.walk_packages(daftar.__path__, "daftar."):
        if ".tests" in found.name or ".migrations" in found.name or found.name.endswith(".wsgi"):
            continue
        module = importlib.import_module(found.name)
        for name, value in vars(module).items():
            if getattr(value, "is_compiled", False) and value.__module__ == module.__name__:
                yield module, name, value


def plain(rows) -> list:
    """Models as their values and those of what was read with them; the rest as it is."""

    def told(row):
        if not isinstance(row, models.Model):
            return row
        values = {name: value for name, value in vars(row).items() if name != "_state"}
        return type(row), values, {name: told(each) for name, each in row._state.fields_cache.items() if each}

    return sorted(map(told, rows), key=repr)


def beside(question, asked: set[bool]):
    """The question, asked of the plain queryset as well; notes whether of all branches or of some."""

    def ask(by, **values):
        rows = question(by, **values)
        assert plain(rows) == plain(question.__wrapped__(by, **values))
        asked.add(by.branch_ids is None)
        return rows

    return ask


@pytest.fixture
def compared(monkeypatch):
    """What is noted of each question, by name."""
    asked: dict[str, set[bool]] = {}
    for module, name, question in list(questions()):
        noted = asked[f"{module.__name__}.{name}"] = set()
        monkeypatch.setattr(module, name, beside(question, noted))
    return asked


def test_a_day_of_work_asks_them_all_and_gets_what_the_plain_querysets_get(by, compared):
    """Of two centres, so that what is written for the one would show in the other."""
    for centre in (by, a_centre("neighbour")):
        with tenant_transaction(centre.org_id):
            lessons_conducted(centre, "French")
            lessons_conducted(replace(centre, branch_ids=frozenset({a_branch(centre).pk})), "German")
            teacher = a_teacher(centre)
            assert [row.pk for row in places_of(centre, teacher)] == [a_branch(centre).pk]
            assert actor_for(teacher.user_id, centre.org_slug, "en")[1] == teacher
            assert unmarked_count(centre) == 2, "those of the 12th"

    assert [name for name, by_whom in compared.items() if not by_whom] == []
    assert compared["daftar.attendance.services._locked"] == {True, False}


def lessons_conducted(by, name):
    group = a_group(by, a_course(by, name, plan=PlanKind.PER_LESSON), name, starts_on="2025-05-01")
    students = [a_student(by, f"{given} {name}") for given in ("Aziz", "Bek")]
    for row in students:
        activate(by, enrolment_id=enrolled(by, row, group, "2025-05-05").pk, activated_on=date(2025, 5, 5))
    excused = reasons(by.trusted())[0].pk
    for lesson in Lesson.objects.visible_to(by).filter(
        group=group, held_on__range=(date(2025, 5, 5), date(2025, 5, 11))
    ):
        conduct_lesson(by, lesson_id=lesson.pk, absent={students[0].pk: excused})
        conduct_lesson(by, lesson_id=lesson.pk, absent={}, because="He came late")
        assert just_marked(by, lesson.pk) == (2, True)
    reconcile(by, student_ids=[row.pk for row in students])


def a_teacher(by) -> Member:
    found: Member = add_member(
        by, name="Karim", role="teacher", email=f"karim@{by.org_slug}.example", password=PASSWORD,
        branch_ids=[a_branch(by).pk],
    )  # fmt: skip
    return found


def test_a_statement_that_knew_its_first_asker_would_be_noticed(by, monkeypatch):
    monkeypatch.setattr("daftar.lib.compiled._Anyone", lambda *_: by)
    question, neighbour = beside(compiled(named.__wrapped__), set()), a_centre("neighbour")
    assert question(by, name="Aziz", ids=[a_student(by, "Aziz").pk]) == ["Aziz"]

    with tenant_transaction(neighbour.org_id), pytest.raises(AssertionError):
        question(neighbour, name="Aziz", ids=[a_student(neighbour, "Aziz").pk])


@compiled
def named(by, *, name, ids):
    rows = Student.objects.visible_to(by).order_by("id")
    rows = rows.filter(note="") if name is None else rows.filter(full_name=name)
    return rows.filter(pk__among=ids).values_list("full_name", flat=True)


def test_a_value_that_is_none_makes_a_statement_of_its_own(by):
    ids = [a_student(by, name).pk for name in ("Aziz", "Bek", "Lola")]

    assert named(by, name="Bek", ids=ids) == ["Bek"]
    assert named(by, name="Lola", ids=ids) == ["Lola"]
    assert named(by, name=None, ids=ids[1:]) == ["Bek", "Lola"]
    assert named(by, name="Bek", ids=[]) == []


def test_what_is_typed_stays_a_value(by):
    ids = [a_student(by, "O'Neil %s \\ --").pk]

    assert named(by, name="O'Neil %s \\ --", ids=ids) == ["O'Neil %s \\ --"]
    assert named(by, name="' OR true --", ids=ids) == []
    with pytest.raises(ValueError, match="invalid literal"):
        named(by, name="Bek", ids=["1}'); DROP TABLE daftar_student; --"])


def test_a_centre_and_a_branch_see_their_own(by):
    neighbour = a_centre("neighbour")
    with tenant_transaction(neighbour.org_id):
        theirs = a_student(neighbour, "Aziz").pk
    mine = a_student(by, "Aziz").pk
    elsewhere = replace(by, branch_ids=frozenset({a_branch(by).pk + 1000}))

    assert named(by, name="Aziz", ids=[mine, theirs]) == ["Aziz"]
    assert named(elsewhere, name="Aziz", ids=[mine, theirs]) == []
    assert named(replace(elsewhere, branch_ids=frozenset()), name="Aziz", ids=[mine]) == []


def test_it_is_written_once(by, monkeypatch):
    named(by, name="Aziz", ids=[1])
    monkeypatch.setattr(Student.objects, "visible_to", None)

    assert named(by, name="Bek", ids=[2]) == []


@pytest.mark.django_db(transaction=True)
def test_nothing_is_locked_outside_a_transaction():
    by = a_centre()
    with tenant_transaction(by.org_id), pytest.raises(NotFound):
        lock_lesson(by, 1)

    with pytest.raises(TransactionManagementError):
        lock_lesson(by, 1)


@pytest.mark.parametrize(
    "build",
    [
        lambda by, *, pk: Student.objects.visible_to(by).filter(pk=pk).prefetch_related("contacts"),
        lambda by, *, pk: Student.objects.visible_to(by).filter(pk=pk).values("pk"),
        lambda by, *, pk: Student.objects.visible_to(by).filter(pk=pk + by.member_id),
    ],
)
def test_what_cannot_be_written_once_is_refused(by, build):
    with pytest.raises((TypeError, AttributeError)):
        compiled(build)(by, pk=1)
