"""Into a group and through it: several at once, and one from the row in the group's list, in a real browser."""

from __future__ import annotations

from datetime import timedelta

import pytest

from daftar.courses.models import Enrolment, Suspension
from daftar.lib.tenancy import tenant_transaction
from daftar.tuition.services import enrol_active
from tests.cast import a_group, a_student
from tests.journeys.conftest import PHONE

OWNER = "aziza@lingua.example"


@pytest.fixture
def group(centre):
    """A group that began three weeks ago and goes on."""
    with tenant_transaction(centre.org_id):
        first = centre.today - timedelta(days=20)
        return a_group(centre, starts_on=str(first), last_on=str(first + timedelta(days=90)))


def names_in(centre, group) -> list[str]:
    with tenant_transaction(centre.org_id):
        rows = Enrolment.objects.visible_to(centre).filter(group=group).select_related("student")
        return sorted(row.student.full_name for row in rows)


def test_several_are_found_ticked_and_added_at_once_and_taken_out_by_undo(visit, centre, group):
    with tenant_transaction(centre.org_id):
        for name in ("Aziz Karimov", "Barno Karimova", "Davron Aliyev"):
            a_student(centre, name)
    who = visit(OWNER)
    who.open(f"/lingua/groups/{group.pk}/add/")
    page = who.page
    for typed, name in (("karim", "Aziz Karimov"), ("karim", "Barno Karimova"), ("davr", "Davron Aliyev")):
        page.fill("#student-q", typed)
        page.locator("ul.rows li", has_text=name).locator("label").click()
        page.locator("fieldset label", has_text=name).wait_for()
    page.locator("fieldset label", has_text="Davron").click()
    page.get_by_role("button", name="Go on with 2 students").click()
    assert page.locator("[data-testid=chosen]").inner_text().split() == ["Aziz", "Karimov", "Barno", "Karimova"]
    page.get_by_text("Active: charged from this day").click()
    page.get_by_text("Will be charged").wait_for()
    assert "It concerns 2 students" in page.inner_text("#preview")
    who.save()
    assert "2 students are added" in page.inner_text("[data-testid=toast]")
    assert names_in(centre, group) == ["Aziz Karimov", "Barno Karimova"]
    with page.expect_navigation():
        who.press("z")
    assert "Undone for 2 students" in page.inner_text("[data-testid=toast]")
    assert names_in(centre, group) == []
    assert who.errors == []


def test_one_who_is_in_the_group_already_is_named_and_the_others_stay_chosen(visit, centre, group):
    with tenant_transaction(centre.org_id):
        ids = [a_student(centre, name).pk for name in ("Aziz", "Barno")]
        Enrolment.objects.create(org_id=centre.org_id, student_id=ids[1], group=group, starts_on=centre.today)
    who = visit(OWNER)
    who.open(f"/lingua/groups/{group.pk}/add/?student={ids[0]}&student={ids[1]}")
    assert "Barno: The student is in this group" in who.page.inner_text("#preview")
    who.page.click("main form[method=post] [data-save]")
    assert "Barno: The student is in this group" in who.page.inner_text("[role=alert]")
    assert "Aziz" in who.page.inner_text("[data-testid=chosen]")
    assert names_in(centre, group) == ["Barno"]


def test_a_student_pauses_and_comes_again_from_the_list_of_the_group_by_touch(visit, centre):
    with tenant_transaction(centre.org_id):
        first = centre.today - timedelta(days=20)
        group = a_group(centre, starts_on=str(first), last_on=str(first + timedelta(days=90)))
        student = a_student(centre, "Aziz Karimov")
        joined = enrol_active(centre, student_id=student.pk, group_id=group.pk, starts_on=first)
    who = visit(OWNER, viewport=PHONE, has_touch=True)
    home = f"/lingua/groups/{group.pk}/?tab=students"
    who.open(home)
    for way, done in (("Pause", "pauses"), ("End the pause", "comes to IELTS-3 again")):
        button = who.page.locator(f"[data-testid=more-{joined.pk}]")
        assert min(button.bounding_box()["width"], button.bounding_box()["height"]) >= 24
        button.tap()
        with who.page.expect_navigation():
            who.page.locator(".dropdown-menu.show a", has_text=way).tap()
        if way == "End the pause":
            who.fill(from_on=str(centre.today + timedelta(days=3)))
        who.save()
        assert done in who.page.inner_text("[data-testid=toast]")
        assert who.page.url.endswith(home)
        assert not who.page.evaluate("document.scrollingElement.scrollWidth > innerWidth")
    with tenant_transaction(centre.org_id):
        pause = Suspension.objects.visible_to(centre).get()
        assert (pause.starts_on, pause.ends_on) == (centre.today, centre.today + timedelta(days=3))
    with who.page.expect_navigation():
        who.page.locator("[data-testid=toast-undo]").tap()
    assert who.page.url.endswith(home)
    with tenant_transaction(centre.org_id):
        assert Suspension.objects.visible_to(centre).get().ends_on is None
    assert who.errors == []
