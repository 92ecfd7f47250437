"""What is done with a membership from the list of its group, on a phone."""

from __future__ import annotations

from datetime import timedelta

from daftar.courses.models import Suspension
from daftar.lib.tenancy import tenant_transaction
from daftar.tuition.services import enrol_active
from tests.cast import a_group, a_student
from tests.journeys.conftest import PHONE


def test_a_student_pauses_and_comes_again_from_the_list_of_the_group_by_touch(visit, centre):
    with tenant_transaction(centre.org_id):
        first = centre.today - timedelta(days=20)
        group = a_group(centre, starts_on=str(first), last_on=str(first + timedelta(days=90)))
        student = a_student(centre, "Aziz Karimov")
        joined = enrol_active(centre, student_id=student.pk, group_id=group.pk, starts_on=first)
    who = visit("aziza@lingua.example", viewport=PHONE, has_touch=True)
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
