"""A large meeting: nobody is marked at first, and those who came are tapped, on a phone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from daftar.attendance.queries import marks_in
from daftar.courses.models import Lesson
from daftar.courses.services import enrol_student
from daftar.lib.tenancy import tenant_transaction
from tests.cast import a_group, a_student
from tests.journeys.conftest import PHONE
from tests.journeys.test_every_page import violations

NAMES = ("Aziz", "Bek", "Lola", "Zafar")


@pytest.fixture
def lesson(centre) -> Lesson:
    with tenant_transaction(centre.org_id):
        group = a_group(
            centre, weekdays=(1, 2, 3, 4, 5, 6, 7), starts_on=str(centre.today),
            last_on=str(centre.today + timedelta(days=30)),
        )  # fmt: skip
        for name in NAMES:
            enrol_student(centre, student_id=a_student(centre, name).pk, group_id=group.pk, starts_on=centre.today)
        return Lesson.objects.visible_to(centre).get(group=group, held_on=centre.today)


def test_a_group_whose_marks_begin_with_nobody(visit, centre, lesson):
    who = visit("aziza@lingua.example", viewport=PHONE, has_touch=True, bypass_csp=True)
    who.open(f"/lingua/groups/{lesson.group_id}/?tab=lessons")
    with who.page.expect_navigation():
        who.click("main a:has-text('Marking')")
    who.fill(marks_begin="unmarked")
    who.save()
    who.open(f"/lingua/lessons/{lesson.pk}/")
    save, rows = who.page.locator("[data-testid=att-save]"), who.page.locator("[data-testid^=att-row]")
    assert "0 present, 0 absent, 4 not marked" in save.inner_text()
    # Colours in the middle of a change are nobody's colours.
    who.page.add_style_tag(content="*,*::before,*::after{transition:none!important}")
    for theme in ("light", "dark"):
        who.page.evaluate("theme => { document.documentElement.dataset.bsTheme = theme }", theme)
        assert violations(who.page) == []
    rows.nth(0).tap()
    rows.nth(1).tap()
    rows.nth(1).tap()  # tapped by mistake: as before
    assert "1 present, 0 absent, 3 not marked" in save.inner_text()
    who.page.locator("li.att-row").nth(2).locator("label:has-text('Excused · free')").tap()
    assert "1 present, 1 absent, 2 not marked" in save.inner_text()
    with who.page.expect_navigation():
        who.click("[data-testid=att-save]")
    assert "1 present, 1 absent, 2 not marked" in who.page.inner_text("[data-testid=toast]")
    with tenant_transaction(centre.org_id):
        assert sorted(mark.is_present for mark in marks_in(centre, lesson.pk).values()) == [False, True]
    who.open(f"/lingua/lessons/{lesson.pk}/")
    assert "1 present, 1 absent, 2 not marked" in save.inner_text()
    assert who.errors == []
