"""The tabs of a group in a browser: what it brings in, what the team remembers, and who changed what."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from daftar.attendance.exams import Entry, add_exam, enter_results
from daftar.attendance.rules import Measure
from daftar.attendance.scales import add_scale
from daftar.finance.models import Desk
from daftar.finance.services import take_payment
from daftar.lib.tenancy import tenant_transaction
from daftar.tuition.services import enrol_active
from tests.cast import a_course, a_group, a_student, owner_of
from tests.journeys.conftest import PHONE


@pytest.fixture
def taught(centre) -> dict[str, int]:
    """A group of the month with one who paid and one who owes, and an exam."""
    with tenant_transaction(centre.org_id):
        owner, today = owner_of(centre), centre.today
        first = today.replace(day=1)
        life = {"starts_on": str(first), "last_on": str(today + timedelta(days=60))}
        group = a_group(owner, a_course(owner), "Mornings", weekdays=(1, 2, 3, 4, 5, 6, 7), **life)
        ids = {"group": group.pk}
        for name in ("Aziz", "Barno"):
            student = a_student(owner, name)
            enrol_active(owner, student_id=student.pk, group_id=group.pk, starts_on=first)
            ids[name] = student.pk
        desk = Desk.objects.visible_to(owner).order_by("id")[0]
        take_payment(owner, student_id=ids["Aziz"], desk_id=desk.pk, amount=30_000_000, paid_on=today, key="k")
        scale = add_scale(owner, name="Hundred", measure=Measure(Decimal(0), Decimal(100)), pass_mark=Decimal(60))
        exam = add_exam(owner, group_id=group.pk, name="Midterm", held_on=today, scale_id=scale.pk)
        entries = {ids["Aziz"]: Entry(Decimal(81)), ids["Barno"]: Entry(Decimal(40))}
        enter_results(owner, exam_id=exam.pk, entries=entries)
    return ids


def open_tab(who, name: str) -> None:
    with who.page.expect_navigation():
        who.page.locator(".card-header").get_by_role("link", name=name, exact=True).click()


def test_money_comments_and_changes_of_a_group(centre, taught, visit):
    who = visit("aziza@lingua.example")
    who.open(f"/lingua/groups/{taught['group']}/")
    open_tab(who, "Money")
    check_money(who, taught)
    open_tab(who, "Comments")
    check_comments(who)
    open_tab(who, "Changes")
    assert "commented on the group" in who.text()
    assert "enrolled and activated" in who.text()
    with who.page.expect_navigation():
        who.page.get_by_role("link", name="Comments", exact=True).last.click()
    assert "took away a comment on the group" in who.text()
    assert "enrolled and activated" not in who.text()
    assert [error for error in who.errors if "422" not in error] == []


def check_money(who, taught: dict[str, int]) -> None:
    """Both members with their sums; a sum leads to its list and back; a month is stepped by a key."""
    table = who.page.locator("[data-testid=group-money]")
    owes = table.locator(f"[data-testid=money-{taught['Barno']}]").inner_text()
    assert "owes since" in owes
    assert "−UZS" in owes
    assert "300" in who.page.inner_text("[data-testid=paid-sum]")
    with who.page.expect_navigation():
        table.locator(f"[data-testid=money-{taught['Aziz']}] [data-testid=charged] a").click()
    assert "Aziz" in who.page.inner_text("[data-testid=whose]")
    assert who.page.locator("ul.rows > li").count() == 1
    with who.page.expect_navigation():
        who.page.locator("[data-testid=whose]").get_by_role("link", name="Mornings").click()
    with who.page.expect_navigation():
        who.press("BracketLeft")
    assert "Nobody was in the group in this month" in who.text()
    with who.page.expect_navigation():
        who.press("BracketRight")
    assert table.is_visible()


def check_comments(who) -> None:
    """Too much is refused and stays; what fits is written, taken away, and brought back by Undo."""
    long = "x" * 2001
    who.type("[name=text]", long)
    who.save()
    assert "at most 2000 characters" in who.page.inner_text("#id_text_error")
    assert who.page.input_value("[name=text]") == long
    who.type("[name=text]", "They want Saturdays.")
    with who.page.expect_navigation():
        who.page.keyboard.press("Control+Enter")
    assert "They want Saturdays." in who.page.inner_text("ul.rows")
    with who.page.expect_navigation():
        who.page.get_by_role("button", name="Take away the comment").click()
    assert "No comments yet" in who.text()
    with who.page.expect_navigation():
        who.press("z")
    assert "They want Saturdays." in who.page.inner_text("ul.rows")


def test_on_a_phone_money_and_results_stand_one_student_after_another(centre, taught, visit):
    who = visit("aziza@lingua.example", viewport=PHONE, has_touch=True)
    for path in ("money/", "exams/results/", "comments/", "changes/"):
        who.open(f"/lingua/groups/{taught['group']}/{path}")
        assert not who.page.evaluate("document.scrollingElement.scrollWidth > innerWidth"), path
    who.open(f"/lingua/groups/{taught['group']}/exams/results/")
    assert not who.page.locator("[data-testid=results]").is_visible()
    said = who.page.locator(f"section[aria-labelledby=results-of-{taught['Barno']}]").inner_text()
    assert "40" in said
    assert "Not passed" in said
    assert who.errors == []
