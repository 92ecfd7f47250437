"""A miss is made up for: from the list of what is owed, from the lesson itself, and as a member for a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from daftar.attendance.queries import expected_students, reasons
from daftar.attendance.services import conduct_lesson
from daftar.courses.models import Lesson
from daftar.courses.rules import PlanKind
from daftar.ledger.queries import balances
from daftar.lib.tenancy import tenant_transaction
from daftar.tuition.services import enrol_active
from tests.cast import a_course, a_group, a_student

EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
PRICE = 5_000_000


@pytest.fixture
def owed(centre) -> dict[str, int]:
    """Lola missed yesterday's lesson of Mornings, excused; Evenings studies the same course daily."""
    begun = replace(centre, at=centre.at - timedelta(days=3))
    with tenant_transaction(centre.org_id):
        course = a_course(centre, plan=PlanKind.PER_LESSON, price=PRICE)
        life = {"starts_on": str(begun.today), "last_on": str(centre.today + timedelta(days=30))}
        mornings = a_group(centre, course, "Mornings", weekdays=EVERY_DAY, **life)
        evenings = a_group(centre, course, "Evenings", weekdays=EVERY_DAY, capacity=5, **life)
        student = a_student(centre, "Lola Azizova").pk
        enrol_active(centre, student_id=student, group_id=mornings.pk, starts_on=begun.today)
        missed = the_lesson(centre, mornings.pk, -1)
        conduct_lesson(centre, lesson_id=missed, absent={student: reasons(centre)[0].pk})
        return {
            "student": student, "today": the_lesson(centre, evenings.pk, 0), "host": evenings.pk,
            "tomorrow": the_lesson(centre, evenings.pk, 1),
        }  # fmt: skip


def the_lesson(by, group: int, day: int) -> int:
    return Lesson.objects.visible_to(by).get(group=group, held_on=by.today + timedelta(days=day)).pk


def people(centre, lesson: int) -> set[int]:
    with tenant_transaction(centre.org_id):
        return set(expected_students(centre, lesson))


def test_from_the_list_of_what_is_owed_to_a_free_place_and_back(centre, owed, visit):
    who = visit("aziza@lingua.example")
    who.open("/lingua/make-ups/")
    assert "Lola Azizova" in who.text() and "Mornings" in who.text()
    with who.page.expect_navigation():
        who.click("a:has-text('Find a place')")
    assert "5 free places" in who.text()
    ways = who.page.locator("[data-testid=ways] li").all_inner_texts()
    assert [text.split(":")[0] for text in ways] == ["Choose", "Member for the day", "Plan a lesson for it"]
    with who.page.expect_navigation():
        who.click(f"[data-testid=place-{owed['tomorrow']}]")
    assert who.interactions == 2
    assert owed["student"] in people(centre, owed["tomorrow"])
    assert "Lola" not in who.text()
    with who.page.expect_navigation():
        who.click("[data-testid=toast-undo]")
    assert owed["student"] not in people(centre, owed["tomorrow"])
    assert "Lola Azizova" in who.text()
    assert who.errors == []


def test_the_teacher_takes_her_in_while_conducting_and_she_is_charged_as_for_the_missed_one(centre, owed, visit):
    who = visit("aziza@lingua.example")
    who.open(f"/lingua/lessons/{owed['today']}/guest/")
    who.type("#student-q", "Lola")
    with who.page.expect_navigation():
        who.press("Enter")
    assert "Mornings" in who.text()
    who.save()
    assert "Make-up" in who.page.inner_text(f"[data-testid=att-row-{owed['student']}]")
    with who.page.expect_navigation():
        who.click("[data-testid=att-save]")
    with tenant_transaction(centre.org_id):
        assert balances(centre, [owed["student"]])[owed["student"]] == -PRICE
    who.open("/lingua/make-ups/?state=made")
    assert "Lola Azizova" in who.text()
    assert who.errors == []


def test_a_member_for_a_day_makes_up_for_the_miss_in_that_lesson_only(centre, owed, visit):
    who = visit("aziza@lingua.example")
    who.open("/lingua/make-ups/")
    with who.page.expect_navigation():
        who.click("a:has-text('Find a place')")
    with who.page.expect_navigation():
        who.click(f"[data-testid=member-{owed['tomorrow']}]")
    who.save()
    assert owed["student"] in people(centre, owed["tomorrow"])
    assert owed["student"] not in people(centre, owed["today"])
    who.open("/lingua/make-ups/?state=planned")
    assert "Lola Azizova" in who.text() and "Evenings" in who.text()
    who.open(f"/lingua/lessons/{owed['tomorrow']}/")
    assert "Make-up" in who.page.inner_text(f"[data-testid=att-row-{owed['student']}]")
    assert who.errors == []


def test_who_was_added_for_a_day_without_it_is_linked_on_the_lesson_and_undone(centre, owed, visit):
    who = visit("aziza@lingua.example")
    who.open(f"/lingua/groups/{owed['host']}/add/?student={owed['student']}")
    who.fill(starts_on=str(centre.today), last_on=str(centre.today))
    who.save()
    who.open(f"/lingua/lessons/{owed['today']}/")
    who.click("[aria-label='More on Lola Azizova']")
    with who.page.expect_navigation():
        who.click(f"[data-testid=makes-up-{owed['student']}]")
    who.save()
    assert "Make-up" in who.page.inner_text(f"[data-testid=att-row-{owed['student']}]")
    with who.page.expect_navigation():
        who.click("[data-testid=toast-undo]")
    assert "Make-up" not in who.page.inner_text(f"[data-testid=att-row-{owed['student']}]")
    who.open("/lingua/make-ups/")
    assert "Lola Azizova" in who.text()
    assert who.errors == []


def test_a_lesson_of_the_student_alone_makes_up_for_the_miss(centre, owed, visit):
    who = visit("aziza@lingua.example")
    who.open(f"/lingua/lessons/new/?student={owed['student']}")
    who.fill(held_on=str(centre.today + timedelta(days=1)), starts_time="09:00")
    who.page.select_option("#id_make_up_id", index=1)
    who.save()
    who.open("/lingua/make-ups/?state=planned")
    assert "Lola Azizova" in who.text()
    with who.page.expect_navigation():
        who.click("[data-testid^=take-out-]")
    who.save()
    who.open("/lingua/make-ups/")
    assert "Lola Azizova" in who.text()
    assert who.errors == []
