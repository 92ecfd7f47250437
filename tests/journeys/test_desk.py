"""A day at the front desk: debts promised, mistakes taken back, one branch at a time."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from daftar.courses.models import Lesson
from daftar.finance.models import Promise
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.services import add_branch
from daftar.people.models import Student
from daftar.tuition.services import enrol_active
from tests.cast import a_group, a_student

if TYPE_CHECKING:
    from playwright.sync_api import Route


def a_debtor(centre) -> int:
    """Someone in a group with a lesson today who has owed since yesterday."""
    yesterday = replace(centre, at=centre.at - timedelta(days=1))
    group = a_group(
        centre, weekdays=(1, 2, 3, 4, 5, 6, 7), starts_on=str(yesterday.today),
        last_on=str(centre.today + timedelta(days=60)),
    )  # fmt: skip
    student = a_student(centre, "Aziz Karimov")
    enrol_active(yesterday, student_id=student.pk, group_id=group.pk, starts_on=yesterday.today)
    return Lesson.objects.visible_to(centre).get(group=group, held_on=centre.today).pk


def test_a_promise_takes_two_presses_and_z_takes_it_back(visit, centre):
    with tenant_transaction(centre.org_id):
        a_debtor(centre)
    who = visit("aziza@lingua.example")
    who.open("/lingua/debtors/")
    who.click("details.promise:visible summary")
    with who.page.expect_navigation():
        who.click("details.promise[open] button:has-text('Today')")
    assert who.interactions == 2
    assert "promised for" in who.text()
    who.open("/lingua/debtors/?bucket=today")
    assert "Aziz Karimov" in who.text()
    who.open("/lingua/debtors/")
    who.click("details.promise:visible summary")
    with who.page.expect_navigation():
        who.click("details.promise[open] button:has-text('Tomorrow')")
    with who.page.expect_navigation():
        who.press("z")
    assert "The promise is taken back." in who.page.inner_text("[data-testid=toast]")
    with tenant_transaction(centre.org_id):
        standing = Promise.objects.visible_to(centre).get(stands=True)
        assert standing.promised_for == centre.today, "the earlier one stands again"
    assert who.errors == []


def test_marks_are_taken_back_by_undo_beside_what_was_saved(visit, centre):
    with tenant_transaction(centre.org_id):
        lesson_id = a_debtor(centre)
    who = visit("aziza@lingua.example")
    who.open(f"/lingua/lessons/{lesson_id}/")
    who.save()
    assert status(centre, lesson_id) == "conducted"
    with who.page.expect_navigation():
        who.click("[data-testid=toast-undo]")
    assert "The marks are as they were before." in who.page.inner_text("[data-testid=toast]")
    assert status(centre, lesson_id) == "planned"
    assert who.errors == []


def status(centre, lesson_id: int) -> str:
    with tenant_transaction(centre.org_id):
        return Lesson.objects.visible_to(centre).get(pk=lesson_id).status


def test_one_branch_is_looked_at_until_all_are_chosen_again(visit, centre):
    with tenant_transaction(centre.org_id):
        add_branch(centre, name="Second", timezone="Asia/Tashkent", currency="UZS", language="en")
        a_student(centre, "Aziz Karimov")
    who = visit("aziza@lingua.example")
    who.open("/lingua/students/")
    switch(who, "Second")
    assert "Aziz Karimov" not in who.text()
    who.open("/lingua/debtors/")
    assert who.page.inner_text("[data-testid=branch-switch]").endswith("Second"), "it is remembered from page to page"
    who.open("/lingua/students/?q=aziz")
    who.page.click("text=Search all branches")
    assert "Aziz Karimov" in who.text()
    switch(who, "All branches")
    who.open("/lingua/students/")
    assert "Aziz Karimov" in who.text()
    assert who.errors == []


def switch(who, name: str) -> None:
    who.click("[data-testid=branch-switch]")
    with who.page.expect_navigation():
        who.click(f"header .dropdown-menu.show button:has-text('{name}')")


def test_the_palette_waits_for_what_was_typed_fast(visit, centre):
    with tenant_transaction(centre.org_id):
        a_student(centre, "Aziz Karimov", phone="+998901234567")
    who = visit("aziza@lingua.example")
    who.open("/lingua/")
    who.press("Control+k")
    who.page.keyboard.type("4567")
    who.page.keyboard.press("Enter")
    who.page.wait_for_url("**/students/*/")
    assert "Aziz Karimov" in who.text()


def test_a_late_answer_to_another_question_is_not_taken_for_what_was_typed(visit, centre):
    """What the palette shows before anything is typed comes when the question is on its way already."""
    with tenant_transaction(centre.org_id):
        a_student(centre, "Aziz Karimov", phone="+998901234567")
    who = visit("aziza@lingua.example")
    who.open("/lingua/")
    held: list[Route] = []
    who.page.route(re.compile(r"/find/\?q=$"), lambda route: held.append(route))  # noqa: PLW0108 - it wants a function
    who.press("Control+k")
    who.page.keyboard.type("4567")
    who.page.keyboard.press("Enter")
    who.page.wait_for_timeout(300)
    held.pop().continue_()
    who.page.wait_for_url("**/students/*/")
    assert "Aziz Karimov" in who.text()


def test_a_preview_that_arrives_while_save_is_being_pressed_does_not_take_the_press_away(visit, centre):
    with tenant_transaction(centre.org_id):
        a_debtor(centre)
        student = Student.objects.visible_to(centre).get()
    who = visit("aziza@lingua.example")
    who.open(f"/lingua/students/{student.pk}/pause/")
    before = who.page.inner_html("#preview")
    held: list[Route] = []
    who.page.route(re.compile("/pause/.*last_on"), lambda route: held.append(route))  # noqa: PLW0108 - it wants a function
    with who.page.expect_response(re.compile("/pause/.*last_on")):
        who.page.fill("[name=last_on]", (centre.today + timedelta(days=3)).isoformat())
        who.page.locator("[data-save]").hover()
        who.page.mouse.down()
        held.pop().continue_()
    who.page.wait_for_timeout(300)
    assert who.page.inner_html("#preview") == before, "it would move the button"
    with who.page.expect_navigation():
        who.page.mouse.up()
    assert "pauses" in who.page.inner_text("[data-testid=toast]")


def test_a_promise_is_noted_on_the_card_while_she_is_on_the_phone(visit, centre):
    with tenant_transaction(centre.org_id):
        a_debtor(centre)
    who = visit("aziza@lingua.example")
    who.open("/lingua/students/?q=aziz")
    who.page.click("main .row-link")
    card = who.page.url
    who.click("details.promise summary")
    with who.page.expect_navigation():
        who.click("details.promise[open] button >> nth=2")
    assert who.page.url == card, "one stays at the card"
    assert "promised for" in who.text()
    who.page.reload()
    who.click("details.promise summary")
    with who.page.expect_navigation():
        who.click("details.promise[open] button:has-text('Take back')")
    assert "promised for" not in who.text()
    assert who.errors == []
