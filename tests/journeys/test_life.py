"""A group from recruiting to its end, at a desk: full, waiting, begun, conducted, corrected, and over."""

from __future__ import annotations

from datetime import timedelta

import pytest

from daftar.courses.models import Course, Enrolment, Lesson
from daftar.courses.rules import PlanKind
from daftar.ledger.queries import balances, drift
from daftar.lib.tenancy import tenant_transaction
from tests.cast import a_course, a_student
from tests.journeys.conftest import Visit

NAMES = ("Aziz Karimov", "Bek Saidov", "Lola Nazarova")
PRICE = 5_000_000


@pytest.fixture
def students(centre):
    with tenant_transaction(centre.org_id):
        a_course(centre, plan=PlanKind.PER_LESSON, price=PRICE)
        return [a_student(centre, name).pk for name in NAMES]


def test_the_life_of_a_group_from_recruiting_to_its_end(visit, centre, students):
    who = visit("aziza@lingua.example")
    group = recruit(who, centre)
    add(who, group, students[0], "active")
    add(who, group, students[1], "trial")
    wait(who, group, students[2])
    make_room(who, group, students[2])
    conduct(who, centre, group)
    correct(who, group)
    activate_the_rest(who, group)
    end(who, group)
    assert who.errors == []
    with tenant_transaction(centre.org_id):
        found = balances(centre, students)
        # Conducted once with all three there: only the active one is charged for it; the others begin today too.
        assert {pk: found.get(pk, 0) for pk in students} == dict.fromkeys(students, -PRICE)
        assert set(Enrolment.objects.visible_to(centre).values_list("ends_on", flat=True)) == {
            centre.today + timedelta(days=1)
        }
        assert drift(centre) == []


def test_one_waits_for_a_group_with_free_places_until_the_day_is_known(visit, centre, students):
    who = visit("aziza@lingua.example")
    group = recruit(who, centre)
    who.page.goto(f"{group}?tab=students")
    with who.page.expect_navigation():
        who.click("[data-testid=wait]")
    who.type("#student-q", "Lola")
    with who.page.expect_navigation():
        who.click("#found a:has-text('Lola')")
    who.type("main [name=note]", "from the spring on")
    who.save()
    assert "from the spring on" in who.text()
    who.page.goto(f"{group}add/?student={students[0]}")
    with who.page.expect_navigation():
        who.click("#full a:has-text('Put on the waiting list')")
    who.save()
    assert "Aziz Karimov" in who.text()
    assert who.errors == []


def recruit(who: Visit, centre) -> str:
    """A group of two places that meets today; its address."""
    with tenant_transaction(centre.org_id):
        course = Course.objects.visible_to(centre).get().name
    who.open("/lingua/groups/new/")
    who.fill(
        name="B1 mornings", course_id=course, starts_on=str(centre.today), capacity="2",
        last_on=str(centre.today + timedelta(days=90)), day_pattern="custom",
    )  # fmt: skip
    who.page.locator(f"[name=weekdays][value='{centre.today.isoweekday()}'] + .form-selectgroup-label").click()
    who.fill(starts_time="09:00")
    who.save()
    return who.page.url.split("?")[0]


def add(who: Visit, group: str, student: int, start: str) -> None:
    who.page.goto(f"{group}add/?student={student}")
    who.fill(start=start)
    who.save()


def wait(who: Visit, group: str, student: int) -> None:
    who.page.goto(f"{group}add/?student={student}")
    assert "All places are taken: 2 of 2" in who.text()
    who.click("main a:has-text('Put on the waiting list')")
    who.type("main [name=note]", "mornings only")
    who.save()
    assert "mornings only" in who.text()
    # Taken off by mistake, and put back from the toast.
    who.click("main a[aria-label^='Take Lola']")
    who.save()
    who.page.click("[data-testid=toast] >> text=Undo")
    who.page.wait_for_selector("main >> text=mornings only")


def make_room(who: Visit, group: str, student: int) -> None:
    """The group gets a third place; Today tells that somebody waits for it."""
    who.page.goto(f"{group}edit/")
    who.fill(capacity="3")
    who.save()
    who.open("/lingua/")
    who.click("main a:has-text('has a free place')")
    who.click("main li:has-text('Lola') a:has-text('Add')")
    who.fill(start="trial")
    who.save()
    who.page.goto(f"{group}?tab=students")
    assert "Waiting list" not in who.text()


def conduct(who: Visit, centre, group: str) -> None:
    who.open("/lingua/")
    who.click("[data-testid^=lesson-card] a")
    who.click("[data-testid^=att-row] >> nth=1")
    who.save()
    assert "2 present, 1 absent" in who.page.inner_text("[data-testid=toast]")
    with tenant_transaction(centre.org_id):
        assert Lesson.objects.visible_to(centre).filter(status="conducted").count() == 1


def correct(who: Visit, group: str) -> None:
    """The one marked absent came after all: put right in the journal by keys."""
    who.page.goto(group)
    who.page.locator("td.j-away").first.click()
    who.press("+")
    who.page.wait_for_selector("td.j-saved")
    assert who.page.locator("td.j-here").count() == len(NAMES)


def activate_the_rest(who: Visit, group: str) -> None:
    """Taken back once from the toast, and done again."""
    for is_last in (False, True):
        who.page.goto(f"{group}several/")
        for name in NAMES[1:]:
            who.page.locator(f"label:has-text('{name}')").click()
        who.fill(deed="activate")
        who.page.wait_for_selector("#preview >> text=Will be charged")
        who.save()
        assert "Done for 2 students" in who.page.inner_text("[data-testid=toast]")
        if not is_last:
            who.page.click("[data-testid=toast] >> text=Undo")
            who.page.wait_for_selector("[data-testid=toast]:has-text('Undone for 2')")


def end(who: Visit, group: str) -> None:
    """All leave with today as their last day; taken back once from the toast, and done again."""
    for is_last in (False, True):
        who.page.goto(f"{group}several/")
        for name in NAMES:
            who.page.locator(f"label:has-text('{name}')").click()
        who.fill(deed="leave")
        who.save()
        assert "Done for 3 students" in who.page.inner_text("[data-testid=toast]")
        if not is_last:
            who.page.click("[data-testid=toast] >> text=Undo")
            who.page.wait_for_selector("[data-testid=toast]:has-text('Undone for 3')")
