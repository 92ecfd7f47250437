"""An administrator lets students leave with reasons, counts them apart, and takes one leaving back."""

from __future__ import annotations

from datetime import timedelta

from daftar.lib.tenancy import tenant_transaction
from daftar.tuition.services import enrol_active
from tests.cast import a_course, a_group, a_member, a_student, enrolled
from tests.journeys.conftest import PHONE

DAILY = (1, 2, 3, 4, 5, 6, 7)


def a_class(by) -> dict[str, int]:
    """One who is charged and one on trial, by name the address of each card; an administrator."""
    with tenant_transaction(by.org_id):
        begins = by.today - timedelta(days=70)
        ends = by.today + timedelta(days=90)
        group = a_group(by, a_course(by), weekdays=DAILY, starts_on=str(begins), last_on=str(ends))
        active = a_student(by, "Aziz Active", phone="+998901112233")
        enrol_active(by, student_id=active.pk, group_id=group.pk, starts_on=begins)
        trial = a_student(by, "Nodira Trial")
        enrolled(by, trial, group, str(by.today))
        a_member(by, "Dilnoza", "administrator")
        return {"active": active.pk, "trial": trial.pk, "group": group.pk}


def let_leave(who, student_id: int, reason: str, words: str) -> None:
    who.open(f"/lingua/students/{student_id}/")
    who.click("main button[aria-label^='More about']")
    who.click("main a:has-text('End the membership')")
    who.fill(reason_id=reason, reason=words)
    who.save()


def figure(who, label: str) -> str:
    who.open("/lingua/")
    return who.page.inner_text(f"a.tile:has-text('{label}') .tile-figure")


def test_who_leaves_is_counted_apart_listed_taken_along_and_brought_back(visit, centre):
    ids = a_class(centre)
    who = visit("dilnoza@lingua.example")
    assert [figure(who, label) for label in ("Left an active group", "Left after trial")] == ["0", "0"]
    let_leave(who, ids["active"], "The price", "too much for two children")
    let_leave(who, ids["trial"], "No time", "")
    assert [figure(who, label) for label in ("Left an active group", "Left after trial")] == ["1", "1"]
    who.click("a.tile:has-text('Left an active group')")
    assert "Aziz Active" in who.text()
    assert "too much for two children" in who.text()
    assert "2 months" in who.text()
    assert "Dilnoza" in who.text()
    assert "Nodira Trial" not in who.text()
    who.fill(kind="all", reason_id="No time")
    with who.page.expect_navigation():
        who.click("main form button:has-text('Show')")
    assert "Nodira Trial" in who.text()
    assert "Aziz Active" not in who.text()
    who.fill(reason_id="all")
    with who.page.expect_navigation():
        who.click("main form button:has-text('Show')")
    with who.page.expect_download() as file:
        who.click("text=Download as a file")
    lines = file.value.path().read_text().splitlines()
    assert len(lines) == 3
    assert "Nodira Trial;IELTS-3" in lines[1] + lines[2]
    assert "The price;too much for two children;Dilnoza" in lines[1] + lines[2]
    with who.page.expect_navigation():
        who.click("tr:has-text('Aziz Active') button:has-text('Undo')")
    assert "Aziz Active" not in who.text()
    assert "Nodira Trial" in who.text()
    assert [figure(who, label) for label in ("Left an active group", "Left after trial")] == ["0", "1"]
    assert who.errors == []


def test_several_leave_for_one_reason_and_nobody_left_is_said_so(visit, centre):
    ids = a_class(centre)
    who = visit("dilnoza@lingua.example", viewport=PHONE)
    who.open("/lingua/reports/left/")
    assert "Nobody left in this time" in who.text()
    who.open(f"/lingua/groups/{ids['group']}/several/")
    for box in who.page.locator("main label:has([name=enrolment_ids])").all():
        box.click()
    who.fill(reason_id="Moved to another place")
    who.save()
    who.open("/lingua/reports/left/")
    assert "Aziz Active" in who.text()
    assert "Nodira Trial" in who.text()
    assert who.page.inner_text("[data-testid=left-counts] a:has-text('Moved to another place')").split()[-1] == "2"
    assert who.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert who.errors == []


def test_a_reason_is_added_renamed_put_away_and_brought_back(visit, centre):
    ids = a_class(centre)
    who = visit("aziza@lingua.example")
    who.open("/lingua/settings/leaving/")
    assert "Went to another centre" in who.text()
    who.click("text=Add reason")
    who.fill(name="The price")
    who.save()
    assert "with this name already" in who.text()
    who.fill(name="Illness")
    who.save()
    who.click("main a.row-link:has-text('Illness')")
    who.fill(name="Long illness")
    who.save()
    who.click("main a[aria-label*='Long illness']")
    who.save()
    who.open(f"/lingua/groups/{ids['group']}/several/")
    assert "Long illness" not in who.page.inner_html("main [name=reason_id]")
    who.open("/lingua/settings/leaving/")
    with who.page.expect_navigation():
        who.click("main li:has-text('Long illness') button:has-text('Bring back')")
    who.open(f"/lingua/groups/{ids['group']}/several/")
    assert "Long illness" in who.page.inner_html("main [name=reason_id]")
