"""What a group does every week in a browser: its days from a later day on, and regular lessons beside them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from daftar.courses.catalogue import add_lesson_type, add_room
from daftar.courses.kinds import LessonKind
from daftar.courses.models import Lesson
from daftar.lib.tenancy import tenant_transaction
from daftar.tuition.services import enrol_active
from tests.cast import a_branch, a_course, a_group, a_student
from tests.journeys.conftest import DESK, PHONE


@pytest.fixture
def group(centre) -> int:
    """IELTS-3 on odd days for three months, with a student who is charged; a type Speaking club and a room Hall."""
    with tenant_transaction(centre.org_id):
        add_room(centre, branch_id=a_branch(centre).pk, name="Hall")
        add_lesson_type(centre, name="Speaking club", kind=LessonKind.GROUP, icon="star", colour="teal", minutes=45)
        last = str(centre.today + timedelta(days=90))
        made = a_group(centre, a_course(centre), "IELTS-3", starts_on=str(centre.today), last_on=last)
        enrol_active(centre, student_id=a_student(centre).pk, group_id=made.pk, starts_on=centre.today)
    return made.pk


def days(centre, group: int, weekday: int) -> list[date]:
    with tenant_transaction(centre.org_id):
        rows = Lesson.objects.visible_to(centre).filter(group_id=group, held_on__iso_week_day=weekday)
        return list(rows.order_by("held_on").values_list("held_on", flat=True))


@pytest.mark.parametrize("screen", [DESK, PHONE], ids=["desk", "phone"])
def test_a_club_is_held_every_saturday_beside_the_days_and_ends(centre, group, visit, screen):
    who = visit("aziza@lingua.example", viewport=screen)
    who.open(f"/lingua/groups/{group}/?tab=lessons")
    with who.page.expect_navigation():
        who.click("main .card a:has-text('Regular lessons')")
    with who.page.expect_navigation():
        who.click("main a:has-text('Plan')")
    who.fill(type_id="Speaking club", starts_time="11:00", room_id="Hall")
    who.page.locator("main label:has([name=weekdays][value='6'])").click()
    who.save()
    assert len(days(centre, group, 6)) in {12, 13, 14}
    assert "Sat" in who.text()
    assert "Speaking club" in who.text()
    assert "45 minutes" in who.text()
    with who.page.expect_navigation():
        who.click("main li:has-text('Speaking club') a:has-text('Last day')")
    who.fill(last_on=str(centre.today + timedelta(days=20)))
    who.save()
    assert len(days(centre, group, 6)) in {2, 3}
    with who.page.expect_navigation():
        who.click("[role=status] button:has-text('Undo'), [role=alert] button:has-text('Undo')")
    assert len(days(centre, group, 6)) in {12, 13, 14}
    assert len(days(centre, group, 1)) in {12, 13, 14}
    assert who.errors == []


def test_the_days_change_from_a_later_day_and_the_group_shows_those_of_today(centre, group, visit):
    who = visit("aziza@lingua.example", viewport=DESK)
    who.open(f"/lingua/groups/{group}/edit/")
    later = centre.today + timedelta(days=40)
    who.page.locator("main label:has([name=day_pattern][value='even'])").click()
    who.fill(from_on=str(centre.today - timedelta(days=1)))
    who.page.locator("main button[type=submit]").last.click()
    who.page.wait_for_selector("[name=from_on].is-invalid")
    who.fill(from_on=str(later))
    who.save()
    assert "odd days" in who.text()
    assert max(days(centre, group, 1)) < later <= min(days(centre, group, 2))
    who.open(f"/lingua/groups/{group}/regular/")
    assert who.page.locator("main .rows > li").count() == 6
