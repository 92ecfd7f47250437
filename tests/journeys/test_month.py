"""The main job in a browser: from an empty centre to a statement that explains itself."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command

from daftar.attendance.queries import marks_in
from daftar.courses.models import Lesson
from daftar.courses.queries import get_group
from daftar.courses.services import enrol_student
from daftar.finance.models import Payment
from daftar.ledger.queries import balances, drift
from daftar.lib.tenancy import tenant_transaction
from daftar.people.models import Student
from tests.cast import a_group, a_member, a_student
from tests.journeys.conftest import PHONE, Visit

CLIENTS = Path(__file__).resolve().parents[1] / "data/clients_alfacrm_ru.csv"


def test_from_group_to_statement(visit, centre):
    """Group, student, trial, activation with its charge shown first, lesson, payment, statement."""
    who = visit("aziza@lingua.example")
    add_group_with_course(who, centre)
    add_student_on_trial(who)

    charged = activate(who)
    conduct_today(who)
    pay_from_the_card(who, charged)
    read_the_statement(who, charged)

    assert who.errors == []
    with tenant_transaction(centre.org_id):
        student = Student.objects.visible_to(centre).get()
        assert balances(centre, [student.pk]) == {student.pk: 0}
        assert drift(centre) == []


def add_group_with_course(who: Visit, centre) -> None:
    today = centre.today
    assert "First steps" in who.text()
    who.open("/lingua/courses/new/")
    who.fill(name="English B1", plan="calendar_month", price="300 000")
    who.save()
    who.open("/lingua/team/new/")
    who.fill(name="Dilnoza Rahimova")
    who.save()
    who.open("/lingua/rooms/new/")
    who.fill(name="Room 3", capacity="12")
    who.save()
    who.open("/lingua/groups/new/")
    who.fill(
        name="IELTS-3", course_id="English B1", teacher_id="Dilnoza Rahimova", room_id="Room 3",
        starts_on=str(today.replace(day=1)), last_on=str(today + timedelta(days=200)), day_pattern="custom",
    )  # fmt: skip
    who.page.locator(f"[name=weekdays][value='{today.isoweekday()}'] + .form-selectgroup-label").click()
    who.fill(starts_time="14:00")
    who.save()
    assert "IELTS-3" in who.text()


def add_student_on_trial(who: Visit) -> None:
    who.open("/lingua/students/new/")
    who.fill(full_name="Oʻrinboy Toshmatov", phone="90 123 45 67", payer_name="Gulnora Toshmatova")
    who.save()
    who.open("/lingua/groups/")
    who.click("text=IELTS-3")
    who.click("text=Add student")
    who.type("[data-testid=pay-student]", "4567")
    who.click("#found a")
    who.save()
    assert "Trial" in who.text()
    assert "0" in who.page.inner_text("main")


def activate(who: Visit) -> str:
    """The charge that the preview promised."""
    who.click("text=Oʻrinboy Toshmatov")
    who.click("main a:has-text('Activate')")
    promised = re.search(r"Will be charged: (UZS\s[\d,]+)", who.text())
    assert promised, who.text()
    who.save()
    who.open(who.page.url.replace(who.base, "").split("?")[0] + "?tab=money")
    assert f"\u2212{promised[1]}" in who.text()
    return promised[1]


def conduct_today(who: Visit) -> None:
    who.open("/lingua/")
    who.click("[data-testid^=lesson-card]")
    who.fill(topic="Conditionals II")
    who.save()
    assert "1 present" in who.page.inner_text("[data-testid=toast]")


def pay_from_the_card(who: Visit, charged: str) -> None:
    """At most four interactions from the card; the receipt can be printed."""
    who.open("/lingua/students/")
    who.click("main table a:has-text('Toshmatov')")
    who.interactions = 0
    who.click("text=Record payment")
    assert who.page.input_value("[name=amount]").replace(" ", "") == re.sub(r"\D", "", charged)
    with who.page.expect_navigation():
        who.press("Control+Enter")
    assert who.interactions <= 4
    receipt = who.page.inner_text("[data-testid=pay-receipt]")
    assert charged in receipt
    assert "Gulnora Toshmatova" in receipt
    who.page.emulate_media(media="print")
    assert not who.page.is_visible(".navbar-vertical")
    assert who.page.is_visible("[data-testid=pay-receipt]")
    who.page.emulate_media(media="screen")


def read_the_statement(who: Visit, charged: str) -> None:
    """Every charge opens its why: the price, the lessons counted, the part, the rounding."""
    who.page.click("[data-testid=pay-receipt] a")
    who.click("text=Money")
    assert charged in who.text()
    who.click(".page-body details summary")
    why = who.page.inner_text(".page-body details[open]")
    assert "300,000" in why
    assert "lessons in the month" in why


def test_the_same_on_an_imported_file(visit, centre, capsys):
    """A real file, a lesson of one of its groups, charged at the student's own price, paid, read."""
    opens = centre.today - timedelta(days=7)
    call_command("import_students", str(CLIENTS), on=opens)
    assert "300 students" in capsys.readouterr().out
    who = visit("aziza@lingua.example")
    who.open("/lingua/groups/?q=Scratch-2")
    with who.page.expect_navigation():
        who.click("main a:has-text('ПРО-Scratch-2')")
    who.open(who.page.url.replace(who.base, "").split("?")[0] + "lessons/new/")
    who.fill(held_on=str(centre.today), starts_time="09:00")
    who.save()
    who.save()
    assert "present, 0 absent" in who.page.inner_text("[data-testid=toast]")

    who.open("/lingua/students/?q=Исаева Прасковья")
    who.click("main table a:has-text('Исаева')")
    who.click("text=Money")
    statement = who.text()
    assert "\u2212UZS\u00a01,438" in statement  # 700 brought along and 737.50 for the lesson, rounded to the soum
    who.click(".page-body details summary")
    assert "738" in who.page.inner_text(".page-body details[open]")
    who.click("text=Record payment")
    who.page.wait_for_selector("[data-testid=pay-amount]")
    with who.page.expect_navigation():
        who.press("Control+Enter")
    assert "1,438" in who.page.inner_text("[data-testid=pay-receipt]")
    assert who.errors == []


def test_a_class_of_twelve_with_three_absent_takes_five_taps_on_a_phone(visit, centre):
    with tenant_transaction(centre.org_id):
        teacher = a_member(centre, "Dilnoza", "teacher")
        group = a_group(
            centre, weekdays=(1, 2, 3, 4, 5, 6, 7), starts_on=str(centre.today),
            last_on=str(centre.today + timedelta(days=30)), teacher_id=teacher.member_id,
        )  # fmt: skip
        for number in range(12):
            student = a_student(centre, f"Student {chr(65 + number)}")
            enrol_student(centre, student_id=student.pk, group_id=group.pk, starts_on=centre.today)
        lesson = Lesson.objects.visible_to(centre).get(group=group, held_on=centre.today)
    who = visit("dilnoza@lingua.example", viewport=PHONE, has_touch=True)

    who.click(f"[data-testid=lesson-card-{lesson.pk}]")
    names = who.page.locator("[data-testid^=att-row]")
    for place in (0, 4, 11):
        names.nth(place).tap()
        who.interactions += 1
    assert "9 present, 3 absent" in who.page.inner_text("[data-testid=att-save]")
    with who.page.expect_navigation():
        who.click("[data-testid=att-save]")

    assert who.interactions <= 5
    with tenant_transaction(centre.org_id):
        marks = marks_in(centre, lesson.pk)
        assert sorted(mark.is_present for mark in marks.values()) == [False] * 3 + [True] * 9
        assert get_group(centre, group.pk).name == group.name
    assert "9 present, 3 absent" in who.page.inner_text("[data-testid=toast]")
    assert who.errors == []


def test_a_payment_from_anywhere_by_keyboard_under_a_russian_layout(visit, centre):
    """P, the last digits, the sum that is owed, and it is saved; pressed twice it is one payment."""
    with tenant_transaction(centre.org_id):
        student = a_student(centre, "Madina Karimova", phone="+998901234567")
        a_student(centre, "Madina Yusupova", phone="+998907654321")
    who = visit("aziza@lingua.example")
    who.open("/lingua/courses/")
    who.page.dispatch_event("body", "keydown", {"code": "KeyP", "key": "з", "bubbles": True})
    who.interactions += 1
    who.page.wait_for_selector("[data-testid=pay-student]")
    who.type("[data-testid=pay-student]", "4567")
    who.page.wait_for_selector("#found li")
    assert who.page.locator("#found li").count() == 1
    with who.page.expect_navigation():
        who.press("Enter")
    who.page.wait_for_selector("[data-testid=pay-amount]")
    who.type("[data-testid=pay-amount]", "350k")
    who.page.wait_for_selector("#after >> text=350,000")
    with who.page.expect_navigation():
        who.page.keyboard.press("Control+Enter")
        who.page.keyboard.press("Control+Enter")
    who.page.wait_for_selector("[data-testid=pay-receipt]")

    with tenant_transaction(centre.org_id):
        assert [row.amount for row in Payment.objects.visible_to(centre)] == [35_000_000]
        assert balances(centre, [student.pk]) == {student.pk: 35_000_000}


def test_attendance_and_payment_work_without_script(visit, centre):
    with tenant_transaction(centre.org_id):
        group = a_group(
            centre,
            weekdays=(1, 2, 3, 4, 5, 6, 7),
            starts_on=str(centre.today),
            last_on=str(centre.today + timedelta(days=9)),
        )
        student = a_student(centre)
        enrol_student(centre, student_id=student.pk, group_id=group.pk, starts_on=centre.today)
        lesson = Lesson.objects.visible_to(centre).get(group=group, held_on=centre.today)
    who = visit("aziza@lingua.example", java_script_enabled=False)
    who.open(f"/lingua/lessons/{lesson.pk}/")
    who.page.locator(f"[data-testid=att-row-{student.pk}]").click()
    who.save()
    who.open(f"/lingua/payments/new/?student={student.pk}")
    who.page.fill("[name=amount]", "1000")
    who.page.click("[data-testid=pay-save]")
    with tenant_transaction(centre.org_id):
        assert marks_in(centre, lesson.pk)[student.pk].is_present is False
        assert balances(centre, [student.pk]) == {student.pk: 100_000}


def test_bad_input_is_told_beside_its_field_and_nothing_typed_is_lost(visit, centre):
    who = visit("aziza@lingua.example")
    who.open("/lingua/groups/new/")
    assert "course" in who.text().lower()
    who.open("/lingua/courses/new/")
    who.fill(name="English", plan="per_lesson", price="three hundred")
    who.save()
    page = who.page
    assert page.title().startswith("Error: ")
    assert page.evaluate("document.activeElement.matches('[data-error-summary]')")
    assert page.input_value("[name=name]") == "English"
    assert page.input_value("[name=price]") == "three hundred"
    beside = page.get_attribute("[name=price]", "aria-describedby") or ""
    assert any("not an amount" in page.inner_text(f"#{ident}") for ident in beside.split())
    page.click("[data-error-summary] a")
    assert page.evaluate("document.activeElement.name") == "price"


def test_a_reversal_asks_a_reason_and_says_so_everywhere(visit, centre):
    with tenant_transaction(centre.org_id):
        student = a_student(centre)
    who = visit("aziza@lingua.example")
    who.open(f"/lingua/payments/new/?student={student.pk}")
    who.page.fill("[name=amount]", "5000")
    who.save()
    who.click("main a:has-text('Reverse')")
    who.page.click("main form[method=post] [data-save]")
    who.page.wait_for_selector("[data-error-summary]")
    who.fill(reason="wrong student")
    who.save()
    assert "REVERSED" in who.page.inner_text("[data-testid=pay-receipt]")
    assert "wrong student" in who.page.inner_text("[data-testid=pay-receipt]")
    who.open("/lingua/payments/")
    assert "Reversed" not in who.text(), "the list shows the net line"
    who.click("text=Show also what was reversed")
    assert "Reversed" in who.text()
    with tenant_transaction(centre.org_id):
        assert balances(centre, [student.pk]) == {student.pk: 0}


@pytest.mark.parametrize("language", ["uz", "ru", "pl", "it"])
def test_every_language_is_wired(visit, centre, language):
    who = visit("aziza@lingua.example")
    who.page.click("header [aria-label=Language]")
    with who.page.expect_navigation():
        who.page.click(f"header button[name=language][value={language}]")
    assert who.page.get_attribute("html", "lang") == language
    assert "Today" not in who.page.inner_text(".navbar-vertical")


@pytest.mark.parametrize("typed", ["4567", "Ўринбой", "orinboy", "jhby,jq"])
def test_the_palette_finds_a_person_and_opens_the_card_in_three_steps(visit, centre, typed):
    """By last digits, in Cyrillic for a Latin name, without the apostrophe, and in the wrong keyboard layout."""
    with tenant_transaction(centre.org_id):
        student = a_student(centre, "Oʻrinboy Toshmatov", phone="+998901234567")
        a_student(centre, "Madina Karimova", phone="+998907654321")
    who = visit("aziza@lingua.example")
    who.open("/lingua/courses/")
    who.press("Control+k")
    assert who.page.is_visible("[data-testid=palette-input]")
    who.type("[data-testid=palette-input]", typed)
    who.page.wait_for_selector("#palette-found >> text=Toshmatov")
    with who.page.expect_navigation():
        who.press("Enter")
    assert who.page.url.endswith(f"/students/{student.pk}/")
    assert who.interactions == 3
    assert who.errors == []


def test_the_keys_are_told(visit, centre):
    who = visit("aziza@lingua.example")
    who.press("Shift+Slash")
    assert "Ctrl Enter" in who.page.inner_text("#keys")
    who.press("Escape")
    assert not who.page.is_visible("#keys")
