"""Lessons without a group in a browser: from the student's card, from a free place of the timetable, and for misses."""

from __future__ import annotations

from datetime import timedelta

import pytest

from daftar.attendance.queries import expected_students, reasons
from daftar.attendance.services import conduct_lesson
from daftar.courses.catalogue import add_room
from daftar.courses.models import Lesson
from daftar.courses.rules import PlanKind
from daftar.ledger.queries import balances
from daftar.lib.tenancy import tenant_transaction
from daftar.tuition.services import enrol_active
from daftar.tuition.tariffs import Binding, TariffTerms, add_tariff, bind_tariff
from tests.cast import a_branch, a_course, a_group, a_student

PRICE = 5_000_000


@pytest.fixture
def school(centre) -> dict[str, int]:
    """Lola pays by the lesson for individual ones; there is a room Blue."""
    with tenant_transaction(centre.org_id):
        a_course(centre, plan=PlanKind.PER_LESSON, price=PRICE)
        student = a_student(centre, "Lola Azizova").pk
        terms = TariffTerms("Alone", PlanKind.PER_LESSON, "UZS", lesson_types=("individual",))
        tariff = add_tariff(centre, terms=terms, price=PRICE, from_on=centre.today)
        bind_tariff(centre, student_id=student, tariff_id=tariff.pk, binding=Binding(centre.today))
        return {"student": student, "room": add_room(centre, branch_id=a_branch(centre).pk, name="Blue").pk}


def lessons(centre) -> list[Lesson]:
    with tenant_transaction(centre.org_id):
        return list(Lesson.objects.visible_to(centre).filter(group=None).order_by("id"))


def owes(centre, *students: int) -> list[int]:
    with tenant_transaction(centre.org_id):
        found = balances(centre, students)
        return [found[pk] for pk in students]


def test_an_individual_lesson_from_the_card_is_conducted_and_charged(centre, school, visit):
    who = visit("aziza@lingua.example")
    who.open(f"/lingua/students/{school['student']}/")
    who.click(".page-header button:has-text('Lesson')")
    with who.page.expect_navigation():
        who.click("a:has-text('One lesson')")
    assert "A lesson of Lola Azizova" in who.text()
    who.fill(course_id="English", starts_time="10:00", room_id="Blue")
    who.save()
    assert "Individual lesson" in who.text()
    with who.page.expect_navigation():
        who.click("[data-testid=att-save]")
    lesson = lessons(centre)[0]
    assert (lesson.student_id, lesson.room_id, lesson.status) == (school["student"], school["room"], "conducted")
    assert owes(centre, school["student"]) == [-PRICE]
    assert who.errors == []


def test_a_free_place_of_the_timetable_is_reached_by_the_arrows_and_fills_the_form_in(centre, school, visit):
    who, tomorrow = visit("aziza@lingua.example"), centre.today + timedelta(days=1)
    who.open(f"/lingua/timetable/?on={tomorrow}")
    assert who.page.locator(".board-free[tabindex='0']").count() == 1
    who.page.focus(".board-free[tabindex='0']")
    who.press("ArrowDown")
    with who.page.expect_navigation():
        who.press("Enter")
    with who.page.expect_navigation():
        who.click("[data-testid=of-nobody]")
    assert who.page.input_value("[name=held_on]") == str(tomorrow)
    assert who.page.input_value("[name=starts_time]") == "08:30"
    assert who.page.input_value("[name=room_id]") == str(school["room"])
    who.fill(course_id="English")
    who.save()
    assert "Who was there?" in who.text()
    with who.page.expect_navigation():
        who.click("[data-testid=add-guest]")
    who.type("#student-q", "Lola")
    with who.page.expect_navigation():
        who.press("Enter")
    who.save()
    assert "Lola Azizova" in who.text()
    assert who.errors == []


def test_regular_lessons_from_the_card_stand_there_and_end(centre, school, visit):
    who = visit("aziza@lingua.example")
    who.open(f"/lingua/lessons/regular/new/?student={school['student']}")
    who.fill(course_id="English", starts_time="10:00", starts_on=str(centre.today))
    who.fill(last_on=str(centre.today + timedelta(days=27)))
    for day in ("1", "3"):
        who.page.locator(f"main label:has([name=weekdays][value='{day}'])").click()
    who.save()
    assert len(lessons(centre)) == 8
    assert "Regular lessons" in who.text()
    with who.page.expect_navigation():
        who.click("main .card a:has-text('Last day')")
    who.fill(last_on=str(centre.today))
    who.save()
    assert 4 <= len(lessons(centre)) <= 5
    assert who.errors == []


@pytest.fixture
def owed(centre) -> list[int]:
    """Lola and Timur missed yesterday's lesson of Mornings, excused."""
    yesterday = centre.today - timedelta(days=1)
    with tenant_transaction(centre.org_id):
        course = a_course(centre, plan=PlanKind.PER_LESSON, price=PRICE)
        last = str(centre.today + timedelta(days=30))
        group = a_group(
            centre, course, "Mornings", weekdays=(1, 2, 3, 4, 5, 6, 7), starts_on=str(yesterday), last_on=last
        )
        found = [a_student(centre, name).pk for name in ("Lola Azizova", "Timur Aliyev")]
        for student in found:
            enrol_active(centre, student_id=student, group_id=group.pk, starts_on=yesterday)
        missed = Lesson.objects.visible_to(centre).get(group=group, held_on=yesterday)
        conduct_lesson(centre, lesson_id=missed.pk, absent=dict.fromkeys(found, reasons(centre)[0].pk))
    return found


def test_two_who_missed_one_make_up_for_it_together_in_a_lesson_of_no_group(centre, owed, visit):
    who = visit("aziza@lingua.example")
    who.open("/lingua/make-ups/")
    with who.page.expect_navigation():
        who.click("li:has-text('Lola') a:has-text('Find a place')")
    with who.page.expect_navigation():
        who.click("[data-testid=plan-for-it]")
    who.fill(held_on=str(centre.today), starts_time="09:00")
    who.page.locator("main label:has([name=make_up_ids])").click()
    who.save()
    assert "Lola Azizova" in who.text() and "Timur Aliyev" in who.text()
    lesson = lessons(centre)[0]
    with tenant_transaction(centre.org_id):
        assert set(expected_students(centre, lesson.pk)) == set(owed)
    assert owes(centre, *owed) == [0, 0]
    with who.page.expect_navigation():
        who.click("li:has-text('Lola') a:has-text('Open the lesson')")
    with who.page.expect_navigation():
        who.click("[data-testid=att-save]")
    assert owes(centre, *owed) == [-PRICE, -PRICE]
    who.open("/lingua/make-ups/?state=made")
    assert "Timur Aliyev" in who.text()
    assert who.errors == []


def test_a_type_of_lesson_is_made_archived_and_brought_back(centre, visit):
    who = visit("aziza@lingua.example")
    who.open("/lingua/courses/lesson-types/new/")
    who.fill(name="Speaking club", icon="Microphone", colour="Teal", minutes="45")
    who.save()
    assert "45 minutes" in who.text()
    with who.page.expect_navigation():
        who.click("a:has-text('Archive')")
    who.save()
    assert "Archived" in who.text()
    with who.page.expect_navigation():
        who.click("[data-testid=toast-undo]")
    assert "Archived" not in who.text()
    assert who.errors == []
