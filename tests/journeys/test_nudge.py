"""From the letter to the marked lesson, and Undo for one and for several, in real browsers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from daftar.attendance.jobs import nudge_teachers
from daftar.ledger.queries import balances
from daftar.lib.tenancy import tenant_transaction
from daftar.tuition.pauses import suspend
from daftar.tuition.services import enrol_active
from tests.cast import PASSWORD, a_branch, a_centre, a_group, a_member, a_student
from tests.journeys.conftest import PHONE
from tests.letters import link_in
from tests.test_nudges import a_lesson, zone_where_it_is
from tests.working import work

OWNER, TEACHER = "aziza@lingua.example", "jasur@lingua.example"


@pytest.fixture
def evening(swept):
    """A centre in which it is the late afternoon now, with a teacher and a lesson that began two hours ago."""
    now = datetime.now(UTC)
    by = a_centre(at=now, timezone=zone_where_it_is(16, now))
    with tenant_transaction(by.org_id):
        jasur = a_member(by, "Jasur", "teacher")
    a_lesson(by, jasur.member_id, "Lola")
    return by


def test_from_the_letter_to_the_marked_lesson_on_a_phone(visit, evening, post_office, live_server):
    owner = visit(OWNER)
    with tenant_transaction(evening.org_id):
        branch_id = a_branch(evening).pk
    owner.open(f"/lingua/settings/hours/{branch_id}/")
    owner.fill(nudge_hour="15:00")
    owner.save()
    nudge_teachers(org_id=evening.org_id)
    work()
    (letter,) = post_office.letters
    before = visit(TEACHER, viewport=PHONE)
    count = before.page.locator("[data-testid=to-mark-phone]")
    assert (count.inner_text(), count.get_attribute("aria-label")) == ("1", "1 lesson is not marked")
    assert f"{live_server.url}/lingua/lessons/" in letter.get_body(("plain",)).get_content()
    teacher = visit(viewport=PHONE)
    teacher.open(link_in(letter))
    teacher.page.fill("[name=login]", TEACHER)
    teacher.page.fill("[name=password]", PASSWORD)
    with teacher.page.expect_navigation():
        teacher.page.press("[name=password]", "Enter")
    assert teacher.page.url == live_server.url + link_in(letter)
    teacher.save()
    assert "1 present" in teacher.page.inner_text("[data-testid=toast]")
    assert teacher.page.locator("[data-testid=to-mark-phone]").count() == 0
    assert owner.errors == teacher.errors == []


def test_the_count_beside_today_leads_to_just_these_lessons_by_keyboard(visit, evening):
    who = visit(TEACHER)
    who.open("/lingua/groups/")
    count = who.page.locator("[data-testid=to-mark]")
    assert (count.inner_text(), count.get_attribute("aria-label")) == ("1", "1 lesson is not marked")
    count.focus()
    with who.page.expect_navigation():
        who.press("Enter")
    assert who.page.locator("main tbody tr").count() == 1
    assert "Lola" in who.text()
    who.page.click("main tbody a")
    who.save()
    who.open("/lingua/groups/")
    assert who.page.locator("[data-testid=to-mark]").count() == 0
    assert who.errors == []


@pytest.mark.parametrize("deed", ["trial", "transfer", "pause", "end_pause", "leave"])
def test_what_is_done_to_several_is_undone_from_the_toast(visit, centre, deed):
    with tenant_transaction(centre.org_id):
        first = centre.today - timedelta(days=20)
        group = a_group(centre, starts_on=first.isoformat(), last_on=(first + timedelta(days=90)).isoformat())
        a_group(centre, group.course, "Other", starts_on=first.isoformat(), last_on=str(first + timedelta(days=90)))
        students = [a_student(centre, name).pk for name in ("Aziz", "Barno")]
        for pk in students:
            enrol_active(centre, student_id=pk, group_id=group.pk, starts_on=first)
        if deed == "end_pause":
            suspend(centre, student_ids=students, starts_on=centre.today - timedelta(days=5), group_id=group.pk)
        before = balances(centre, students)
    who = visit(OWNER)
    who.open(f"/lingua/groups/{group.pk}/several/")
    for name in ("Aziz", "Barno"):
        who.page.locator(f"label:has-text('{name}')").click()
    who.fill(deed=deed)
    if deed == "transfer":
        who.fill(group_id="Other")
    who.save()
    assert "Done for 2 students" in who.page.inner_text("[data-testid=toast]")
    with who.page.expect_navigation():
        who.press("z")
    assert "Undone for 2 students" in who.page.inner_text("[data-testid=toast]")
    with tenant_transaction(centre.org_id):
        assert balances(centre, students) == before
    assert who.errors == []
