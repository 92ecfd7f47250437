"""The journal in a browser: marked by keys, saved by itself, and nothing that was typed is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest

from daftar.attendance.cells import Wish, mark_cells
from daftar.attendance.journal import cells_of
from daftar.attendance.queries import reasons
from daftar.attendance.rules import EMPTY, Cell
from daftar.courses.models import Lesson
from daftar.lib.tenancy import tenant_transaction
from tests.cast import a_group, a_member, a_student, enrolled
from tests.journeys.conftest import PHONE

HERE, AWAY = Cell(is_present=True), Cell(is_present=False)


class School:
    """A group that met on the last three days of its month, today included, and its three students."""

    def __init__(self, by) -> None:
        self.by = by
        with tenant_transaction(by.org_id):
            begun = by.today - timedelta(days=2)
            life = {"starts_on": str(begun), "last_on": str(by.today + timedelta(days=40))}
            self.group = a_group(by, weekdays=(1, 2, 3, 4, 5, 6, 7), **life).pk
            self.students = [a_student(by, name).pk for name in ("Aziz", "Bek", "Lola")]
            for pk in self.students:
                enrolled(by, Student(pk), Group(self.group), str(begun))
            rows = Lesson.objects.visible_to(by).filter(held_on__lte=by.today).order_by("held_on")
            self.lessons = [row.pk for row in rows]
            self.excused = reasons(by)[0].pk

    def set(self, lesson: int, student: int, now: Cell, was: Cell = EMPTY, by=None) -> None:
        with tenant_transaction(self.by.org_id):
            mark_cells(by or self.by, group_id=self.group, wishes=[Wish(lesson, student, was, now)])

    def cell(self, lesson: int, student: int) -> Cell:
        with tenant_transaction(self.by.org_id):
            return cells_of(self.by, [lesson]).get((lesson, student), EMPTY)


class Student:
    def __init__(self, pk: int) -> None:
        self.pk = pk


Group = Student


@pytest.fixture
def school(centre):
    if centre.today.day < 3:
        pytest.skip("the three days lie in two months")
    return School(centre)


def saved(who) -> None:
    who.page.wait_for_selector(".journal .j-saved")


def test_yesterdays_mark_is_corrected_in_three_steps(school, visit):
    yesterday, aziz = school.lessons[-2], school.students[0]
    school.set(yesterday, aziz, AWAY)
    who = visit("aziza@lingua.example")
    who.open("/lingua/groups/")
    with who.page.expect_navigation():
        who.click("main a:has-text('IELTS-3')")
    who.press("ArrowLeft")
    who.press("KeyE")
    saved(who)
    assert who.interactions == 3
    assert school.cell(yesterday, aziz) == AWAY._replace(reason_id=school.excused)
    assert who.errors == []


def test_a_range_is_filled_by_one_letter_and_taken_back_by_another(school, visit):
    today = school.lessons[-1]
    who = visit("aziza@lingua.example")
    who.open(f"/lingua/groups/{school.group}/")
    for keys in ("Shift+ArrowDown", "Shift+ArrowDown", "+"):
        who.press(keys)
    saved(who)
    assert [school.cell(today, pk) for pk in school.students] == [HERE] * 3
    assert who.page.inner_text(f"#c-{today}-{school.students[0]} >> xpath=.. >> css=[data-attended]") == "1/1"
    who.page.wait_for_selector(".journal .j-saved", state="detached")
    who.press("Control+KeyZ")
    saved(who)
    assert [school.cell(today, pk) for pk in school.students] == [EMPTY] * 3
    assert who.errors == []


def test_by_mouse_cells_are_chosen_marked_by_buttons_and_taken_back_from_the_toast(school, visit):
    yesterday, today = school.lessons[-2:]
    aziz, _bek, lola = school.students
    who = visit("aziza@lingua.example")
    who.open(f"/lingua/groups/{school.group}/")
    who.click(f"#c-{yesterday}-{aziz}")
    who.page.click(f"#c-{yesterday}-{lola}", modifiers=["Shift"])
    who.click("[data-do=Minus]")
    saved(who)
    assert [school.cell(yesterday, pk) for pk in school.students] == [AWAY] * 3
    who.click(f"#c-{today}-{aziz}")
    who.click("[data-do=Plus]")
    who.page.wait_for_selector(f"#c-{today}-{aziz}.j-saved")
    assert who.page.locator("[data-testid=toast-undo]").count() == 1
    who.page.wait_for_selector(".journal .j-saved", state="detached")
    who.click("[data-testid=toast-undo]")
    who.page.wait_for_selector(f"#c-{today}-{aziz}.j-none.j-saved")
    assert school.cell(today, aziz) == EMPTY
    assert who.page.locator("[data-testid=toast-undo]").count() == 0
    who.page.wait_for_selector(".journal .j-saved", state="detached")
    who.click("[data-do=Undo]")
    who.page.wait_for_selector(f"#c-{yesterday}-{lola}.j-none.j-saved")
    assert [school.cell(yesterday, pk) for pk in school.students] == [EMPTY] * 3
    assert who.errors == []


def test_a_miss_leads_to_the_places_in_which_it_is_made_up_for(school, visit):
    """The mark is saved on the way, and the list is of this student."""
    yesterday, aziz = school.lessons[-2], school.students[0]
    who = visit("aziza@lingua.example")
    who.open(f"/lingua/groups/{school.group}/")
    for key in ("ArrowLeft", "KeyE"):
        who.press(key)
    saved(who)
    with who.page.expect_navigation():
        who.press("KeyM")
    assert school.cell(yesterday, aziz) == AWAY._replace(reason_id=school.excused)
    assert who.page.url.endswith(f"/make-ups/?student={aziz}")
    assert who.page.locator("[data-testid^='make-up-']").count() == 1
    assert who.errors == []


def test_minutes_grades_and_a_comment_are_typed(school, visit):
    today, aziz = school.lessons[-1], school.students[0]
    who = visit("aziza@lingua.example")
    who.open(f"/lingua/groups/{school.group}/")
    who.press("KeyL")
    who.page.keyboard.type("15")
    who.press("Enter")
    who.page.select_option("[data-grade-mode]", "3")
    who.page.focus(f"#c-{today}-{aziz}")
    who.page.keyboard.type("95")
    who.page.select_option("[data-grade-mode]", "4")
    who.page.focus(f"#c-{today}-{aziz}")
    who.page.keyboard.type("4")
    who.press("Enter")
    who.page.keyboard.type("Well read")
    who.press("Enter")
    saved(who)
    who.page.wait_for_timeout(700)
    found = Cell(is_present=True, late_minutes=15, grade=95, homework_grade=4, comment="Well read")
    assert school.cell(today, aziz) == found
    assert who.page.get_attribute(f"#c-{today}-{aziz}", "data-grade") == "95/4"
    assert who.page.locator("thead .journal-conducted").count() == 1
    assert who.errors == []


def test_the_later_of_two_on_one_cell_is_told_who_was_first(school, visit):
    today, aziz = school.lessons[-1], school.students[0]
    who = visit("aziza@lingua.example")
    who.open(f"/lingua/groups/{school.group}/")
    with tenant_transaction(school.by.org_id):
        jasur = a_member(school.by, "Jasur", "administrator")
    school.set(today, aziz, AWAY, by=jasur)
    who.press("+")
    who.page.wait_for_selector(".j-overtaken")
    assert "Jasur set Absent at " in who.page.inner_text("[data-toasts]")
    assert who.page.inner_text(f"#c-{today}-{aziz}") == "✕"
    assert school.cell(today, aziz) == AWAY


def test_a_mark_that_could_not_be_saved_stays_and_is_saved_by_retry(school, visit):
    today, aziz = school.lessons[-1], school.students[0]
    who = visit("aziza@lingua.example")
    who.open(f"/lingua/groups/{school.group}/")
    who.page.context.set_offline(True)
    who.press("-")
    who.page.wait_for_selector(".j-failed")
    assert who.page.inner_text(f"#c-{today}-{aziz}") == "✕"
    assert school.cell(today, aziz) == EMPTY
    who.page.context.set_offline(False)
    who.click("[data-retry]")
    saved(who)
    assert school.cell(today, aziz) == AWAY
    assert not who.page.is_visible("[data-unsaved]")


def test_on_a_phone_the_journal_is_a_list_of_lessons_or_a_strip_for_each_student(school, visit):
    who = visit("aziza@lingua.example", viewport=PHONE, has_touch=True)
    who.open(f"/lingua/groups/{school.group}/")
    assert not who.page.is_visible(".journal")
    assert who.page.is_visible(f".journal-narrow a[href='/lingua/lessons/{school.lessons[-1]}/']")
    who.click("text=By students")
    who.page.wait_for_selector(".tracking")
    assert "Lola" in who.text()
    who.page.click(".journal-narrow a:has-text('Lola')")
    who.page.wait_for_selector("text=All students")
    # What she missed is told in words, lesson by lesson, with the way to it.
    assert who.page.locator(f".journal-narrow li:has(a[href='/lingua/lessons/{school.lessons[0]}/'])").count() == 1
    assert "Aziz" not in who.page.inner_text("main .rows:visible")
    who.page.click("text=All students")
    who.page.wait_for_selector(".tracking")
    assert who.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
