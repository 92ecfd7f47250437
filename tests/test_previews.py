"""What a form shows of the money before it is saved: every line with its why, however many students it concerns."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client

from daftar.courses.days import add_holiday
from daftar.courses.models import Holiday
from daftar.courses.rules import PlanKind
from daftar.ledger.queries import balances
from daftar.lib.money import Money
from daftar.lib.tenancy import tenant_transaction
from daftar.office import previews
from daftar.orgs.services import add_branch
from daftar.tuition.jobs import reconcile_all
from daftar.tuition.lists import charged_around
from daftar.tuition.rehearsal import Rehearsal, rehearse_at_once
from daftar.tuition.services import enrol_active
from tests.cast import a_course, a_group, a_student, at
from tests.test_pages import statements
from tests.test_tuition_pages import url

EVERY_DAY = range(1, 8)


@pytest.fixture
def group(ours):
    """Meets daily, 300 000 for a month of one's own; Aziz and Bobur have been in it for five weeks: two charges."""
    begun = ours.by.today - timedelta(days=35)
    with tenant_transaction(ours.by.org_id):
        course = a_course(ours.by, "Months of one's own", plan=PlanKind.STUDENT_MONTH)
        days = {"starts_on": str(begun), "last_on": str(begun + timedelta(days=150))}
        row = a_group(ours.by, course, "Daily", weekdays=EVERY_DAY, **days)
    join(ours, row, "Aziz", "Bobur")
    return row


def join(ours, group, *names: str) -> list[int]:
    with tenant_transaction(ours.by.org_id):
        students = [a_student(ours.by, name) for name in names]
        for student in students:
            enrol_active(ours.by, student_id=student.pk, group_id=group.pk, starts_on=group.starts_on)
    return [student.pk for student in students]


def previewed(client: Client, path: str, **values: str) -> str:
    """The preview for these values of the form, as text with its marks."""
    answer = client.get(path, values, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    text = re.sub(r"</?(?:span|bdi)[^>]*>", "", unescape(answer.content.decode()).replace("\u00a0", " "))
    return re.search(r'<div id="preview".*?</form>', text, re.DOTALL)[0]


def test_every_line_of_a_preview_of_one_student_says_why(ours, owner, group):
    (student_id,) = join(ours, group, "Davron")
    there = url("discount-new", ours, ours.ids | {"student_id": student_id})
    shown = previewed(owner, there, kind="percent", percent="50", starts_on=str(group.starts_on))
    assert "Will come back: UZS 300,000" in shown
    lines = re.findall(r"<details.*?</details>", shown, re.DOTALL)
    assert len(lines) == 4, "two charges are taken back and made anew"
    assert [line.count("taken back") for line in lines] == [1, 1, 0, 0]
    for line in lines:
        assert "<dt>Price</dt><dd>UZS 300,000" in line, line
    assert ["50%" in line for line in lines] == [False, False, True, True], "what is taken back says its own why"


def test_a_single_line_stands_unfolded(ours, owner, group):
    (student_id,) = join(ours, group, "Davron")
    there = url("student-pause", ours, ours.ids | {"student_id": student_id})
    shown = previewed(owner, there, starts_on=str(ours.by.today), gives_credit="on")
    assert re.findall(r"<details[^>]*>", shown) == ["<details open>"]
    assert "<dt>Credit</dt>" in shown


def test_of_many_every_student_says_why_without_a_statement_for_each(ours, owner, group):
    there = url("group-pause", ours, ours.ids | {"group_id": group.pk})
    asked = f"{there}?starts_on={ours.by.today}&gives_credit=on"
    statements(owner, asked)
    few = statements(owner, asked)
    join(ours, group, *(f"Student {place}" for place in range(10)))
    assert statements(owner, asked) == few
    shown = previewed(owner, there, starts_on=str(ours.by.today), gives_credit="on")
    assert shown.count("<dt>Credit</dt>") == 12
    assert "and 4 more" in shown
    assert "It concerns 12 students." in shown


def test_of_very_many_the_sums_are_of_all_and_the_first_stand_by_name(ours, owner, group, monkeypatch):
    monkeypatch.setattr(previews, "BY_NAME", 3)
    monkeypatch.setattr(previews, "AT_ONCE", 4)
    join(ours, group, "Davron", "Eldor")
    there = url("group-price", ours, ours.ids | {"group_id": group.pk})
    values = {"price": "400 000", "from_on": str(group.starts_on), "bound_follow": "yes"}
    assert "Will be charged: UZS 800,000" in previewed(owner, there, **values)
    assert "By name, the first 3." in previewed(owner, there, **values)
    join(ours, group, "Farhod")
    waits = previewed(owner, there, **values)
    assert "It concerns 5 students." in waits
    assert "Will be charged" not in waits
    assert 'data-testid="sums"' in waits
    asked = previewed(owner, there, **values, sums="on")
    assert "Will be charged: UZS 1,000,000" in asked
    assert [name in asked for name in ("Aziz", "Davron", "Eldor", "Farhod")] == [True, True, False, False]


def test_sums_of_several_currencies_stand_side_by_side(ours):
    found = [
        Rehearsal(1, "Aziz", (None,), Money(0, "UZS"), Money(-5_00, "UZS"), None),
        Rehearsal(2, "Anna", (None,), Money(0, "PLN"), Money(-7_00, "PLN"), None),
        Rehearsal(3, "Adam", (None,), Money(0, "PLN"), Money(-1_00, "PLN"), None),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(previews, "_lines", lambda _found: [])
        told = previews._of_many(found)
    assert told["charged"] == [Money(5_00, "UZS"), Money(8_00, "PLN")]


def test_days_off_show_the_money_they_move_before_they_are_saved(ours, owner, group):
    join(ours, group, "Davron")
    first = ours.by.today + timedelta(days=2)
    values = {"name": "Flood", "starts_on": str(first), "last_on": str(first + timedelta(days=1))}
    values |= {"affects_payment": "yes", "is_credited": "yes"}
    new = url("days-off-new", ours)
    assert "No money moves now" in previewed(owner, new, **values | {"affects_payment": "no"})
    past = {"starts_on": str(ours.by.today - timedelta(days=2)), "last_on": str(ours.by.today - timedelta(days=2))}
    shown = previewed(owner, new, **values | past)
    assert "Will come back" in shown
    assert all(name in shown for name in ("Aziz", "Bobur", "Davron"))
    assert shown.count("<dt>Credit</dt>") >= 3
    with tenant_transaction(ours.by.org_id):
        assert not Holiday.objects.visible_to(ours.by).filter(name="Flood").exists(), "it was looked at only"
    assert owner.post(new, values | past).status_code == 302
    with tenant_transaction(ours.by.org_id):
        reconcile_all(ours.by)
        row = Holiday.objects.visible_to(ours.by).get(name="Flood")
    back = owner.get(url("days-off-remove", ours, ours.ids | {"holiday_id": row.pk})).content.decode()
    assert "Will be charged" in back


def test_a_preview_of_days_off_is_what_the_background_then_posts(ours, group):
    by = ours.by
    join(ours, group, "Davron")
    days = {"name": "Flood", "starts_on": by.today - timedelta(days=20), "last_on": by.today - timedelta(days=3)}
    for answer in (True, False):
        with tenant_transaction(by.org_id):
            ids = charged_around(by, days["starts_on"], days["last_on"], None)
            told = rehearse_at_once(by, ids, lambda answer=answer: add_holiday(by, **days, is_credited=answer))
            everyone = list(balances(by, everybody(by)).items())
            add_holiday(by, **days, is_credited=answer)
            reconcile_all(by)
            moved = {pk: now - dict(everyone)[pk] for pk, now in balances(by, everybody(by)).items()}
            told_of = {each.student_id: each.moved.amount for each in told}
            assert told_of == {pk: amount for pk, amount in moved.items() if amount}
            assert len(told) >= 3
            Holiday.objects.visible_to(by).filter(name="Flood").delete()
            reconcile_all(by)


def everybody(by) -> list[int]:
    return charged_around(by, by.today, by.today, None)


def test_days_off_concern_only_their_branch_and_who_learns_around_them(ours, group):
    by = ours.by
    with tenant_transaction(by.org_id):
        elsewhere = add_branch(by, name="Elsewhere", timezone="Asia/Tashkent", currency="UZS", language="en")
        day = group.starts_on
        assert charged_around(by, day, day, elsewhere.pk) == []
        assert len(charged_around(by, day, day, group.branch_id)) >= 2
        long_ago = at(by, day - timedelta(days=2000)).today
        assert set(charged_around(by, long_ago, long_ago, None)) >= set(charged_around(by, day, day, None))
