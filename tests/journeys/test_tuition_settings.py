"""What an owner sets about tuition, in a browser: ways of charging, prices from a day on, days off, decisions."""

from __future__ import annotations

from datetime import timedelta

import pytest

from daftar.courses.models import Course, Group, Holiday, Lesson
from daftar.ledger.queries import balances
from daftar.lib.tenancy import tenant_transaction
from daftar.office import previews
from daftar.orgs.models import Organization
from daftar.tuition.models import Tariff
from daftar.tuition.services import enrol_active
from tests.cast import a_course, a_group, a_student

LOGIN = "aziza@lingua.example"


@pytest.fixture
def someone(centre):
    """A student active since the first of the month in a group that meets every day, charged per calendar month."""
    today = centre.today
    with tenant_transaction(centre.org_id):
        group = a_group(
            centre, a_course(centre, subject="English"), weekdays=(1, 2, 3, 4, 5, 6, 7),
            starts_on=str(today.replace(day=1)), last_on=str(today + timedelta(days=200)),
        )  # fmt: skip
        student = a_student(centre)
        enrol_active(centre, student_id=student.pk, group_id=group.pk, starts_on=group.starts_on)
    return student, group


def balance(centre, student) -> int:
    with tenant_transaction(centre.org_id):
        return balances(centre, [student.pk])[student.pk] // 100


def test_a_course_is_charged_per_module_and_a_group_in_a_way_of_its_own(visit, centre):
    who = visit(LOGIN)
    who.open("/lingua/courses/new/")
    assert who.page.is_hidden("[name=module_lessons]"), "no way is chosen yet"
    who.fill(name="Modules", plan="module", price="240 000")
    assert who.page.is_hidden("[name=lessons_count]")
    who.save()
    assert "Lessons of a module" in who.page.inner_text("[role=alert]")
    who.fill(module_lessons="8")
    who.save()
    assert "per module of 8 lessons" in who.text()
    who.open("/lingua/groups/new/")
    who.fill(
        name="Own way", course_id="Modules", starts_on=str(centre.today), day_pattern="none", plan="per_lesson",
        last_on=str(centre.today + timedelta(days=90)), lessons_count="4",
    )  # fmt: skip
    who.save()
    assert "needs a price of its own" in who.page.inner_text("[role=alert]")
    who.fill(price="100 000")
    who.save()
    assert "per 4 lessons" in who.text()
    assert len(who.errors) == 2, "the browser notes each 422"
    with tenant_transaction(centre.org_id):
        assert Course.objects.visible_to(centre).get().module_lessons == 8
        assert Group.objects.visible_to(centre).get().plan == "per_lesson"


def test_a_price_from_a_day_on_says_whom_it_concerns(visit, centre, someone):
    student, group = someone
    who = visit(LOGIN)
    who.open(f"/lingua/courses/{group.course_id}/edit/")
    who.click("text=New price")
    assert who.page.locator("[name=bound_follow]:checked").count() == 0, "nobody decides it for the owner"
    ahead = (centre.today.replace(day=1) + timedelta(days=63)).replace(day=1)
    who.fill(price="350 000", from_on=str(ahead))
    who.save()
    assert "Who studies already" in who.page.inner_text("[role=alert]")
    who.fill(bound_follow="yes")
    who.page.wait_for_selector("#preview >> text=No money moves now")
    assert "1 student" in who.text()
    who.save()
    who.open(f"/lingua/courses/{group.course_id}/price/")
    assert "350,000" in who.text()
    assert "Ahead" in who.text()
    who.open(f"/lingua/students/{student.pk}/?tab=prices")
    assert "350,000 from" in who.text().replace("\u00a0", " ")


def test_a_tariff_is_offered_repriced_and_archived(visit, centre):
    who = visit(LOGIN)
    who.open("/lingua/tariffs/")
    who.click("[data-testid=empty-action]")
    who.fill(name="Eight lessons", plan="per_lesson", lessons_count="8", price="400 000", valid_days="30")
    who.save()
    assert "valid for 30 days" in who.text()
    who.click("text=New price")
    who.fill(price="450 000", from_on=str(centre.today + timedelta(days=10)), bound_follow="no")
    who.save()
    assert "450,000 from" in who.text().replace("\u00a0", " ")
    who.click("text=Eight lessons")
    who.page.check("[name=is_archived]")
    who.save()
    assert "Archived" in who.text()
    with tenant_transaction(centre.org_id):
        assert Tariff.objects.visible_to(centre).get().is_archived


def test_days_off_are_added_and_taken_back_together(visit, centre):
    who = visit(LOGIN)
    who.open("/lingua/days-off/")
    who.click("[data-testid=empty-action]")
    first = centre.today.replace(month=1, day=10)
    who.fill(name="Winter", starts_on=str(first), last_on=str(first - timedelta(days=1)))
    who.save()
    assert "before the first" in who.page.inner_text("[role=alert]")
    who.fill(last_on=str(first + timedelta(days=4)), is_credited="yes")
    who.save()
    assert "One lesson's share comes back" in who.text()
    with tenant_transaction(centre.org_id):
        assert Holiday.objects.visible_to(centre).filter(is_credited=True).count() == 5
    with who.page.expect_navigation():
        who.click("[data-testid=toast-undo]")
    assert "No days off this year" in who.text()
    with tenant_transaction(centre.org_id):
        assert not Holiday.objects.visible_to(centre).exists()


def test_days_off_show_whose_money_they_move_and_why_by_keyboard(visit, centre, someone, monkeypatch):
    student, group = someone
    with tenant_transaction(centre.org_id):
        other = a_student(centre, "Zarina Aliyeva")
        enrol_active(centre, student_id=other.pk, group_id=group.pk, starts_on=group.starts_on)
    monkeypatch.setattr(previews, "AT_ONCE", 1)
    who = visit(LOGIN)
    who.open("/lingua/days-off/new/")
    who.fill(name="Flood", starts_on=str(centre.today), is_credited="yes")
    who.page.wait_for_selector("#preview >> text=It concerns 2 students")
    who.page.wait_for_load_state("networkidle")
    who.page.focus("[data-testid=sums]")
    who.press("Enter")
    who.page.wait_for_selector("#preview .alert-title:has-text('Will come back')")
    summary = who.page.locator("#preview summary:has-text('Zarina Aliyeva')")
    assert not who.page.is_visible("#preview .why")
    summary.focus()
    who.press("Enter")
    assert "1 of the" in who.page.inner_text("#preview .why:visible")
    full = balance(centre, student)
    who.save()
    assert "Flood is off" in who.page.inner_text("[data-testid=toast]")
    assert balance(centre, student) == full, "charges follow in the background"
    assert who.errors == []


def test_a_cancelled_lesson_shows_its_credit_first_and_comes_back(visit, centre, someone):
    student, group = someone
    full = balance(centre, student)
    with tenant_transaction(centre.org_id):
        rows = Lesson.objects.visible_to(centre).filter(group=group, held_on__gte=centre.today)
        lesson = rows.order_by("held_on")[0]
    who = visit(LOGIN)
    who.open(f"/lingua/lessons/{lesson.pk}/")
    who.click("main a:has-text('Cancel')")
    assert "Will come back" in who.page.inner_text("#preview")
    who.fill(reason="No heating")
    who.save()
    assert "No heating" in who.page.inner_text("body")
    assert balance(centre, student) > full
    who.open("/lingua/")
    assert "Cancelled" in who.text()
    who.open(f"/lingua/lessons/{lesson.pk}/")
    who.click("text=Restore")
    assert "Will be charged" in who.page.inner_text("#preview")
    who.save()
    assert balance(centre, student) == full
    who.click("text=Move")
    who.fill(held_on=str(lesson.held_on + timedelta(days=1)), starts_time="18:30")
    who.save()
    assert "moved from" in who.text()
    assert balance(centre, student) == full


def test_a_decision_shows_its_example_while_it_is_chosen(visit, centre):
    from playwright.sync_api import expect

    who = visit(LOGIN)
    who.open("/lingua/settings/")
    who.page.click("section[aria-labelledby=charging-title] a")
    assert "230,769" in who.page.inner_text("#example-activation_day_counts")
    who.fill(activation_day_counts="no")
    expect(who.page.locator("#example-activation_day_counts")).to_contain_text("207,692")
    who.fill(rounding_step="UZS\u00a01,000")
    expect(who.page.locator("#example-rounding_step")).to_contain_text("231,000")
    who.fill(sibling_percent="150")
    who.save()
    assert "at most 100" in who.page.inner_text("[role=alert]")
    who.fill(sibling_percent="15")
    expect(who.page.locator("#example-sibling_percent")).to_contain_text("255,000")
    who.save()
    org = Organization.objects.get(pk=centre.org_id)
    assert (org.activation_day_counts, org.rounding_step, org.sibling_percent) == (False, 100_000, 15)
    who.click("section[aria-labelledby=branches-title] a:has-text('Main')")
    who.fill(activation_day_counts="yes")
    who.save()
    assert "1 decision of its own" in who.text()


def test_a_reason_of_absence_shows_what_a_missed_lesson_costs_while_it_is_ticked(visit, centre):
    who = visit(LOGIN)
    who.open("/lingua/settings/reasons/new/")
    assert "25,000 is charged" in who.page.inner_text("#example").replace("\u00a0", " ")
    who.page.uncheck("[name=charges]")
    who.page.wait_for_selector("#example:has-text('0 is charged'):not(:has-text('25,000'))")
    who.page.check("[name=charges]")
    who.page.wait_for_selector("#example:has-text('25,000')")
    assert who.errors == []
    who.open("/lingua/settings/charging/")
    assert "25,000 without a reason" in who.page.inner_text("#rule-D3").replace("\u00a0", " ")
    assert "330,000 for June if that was said" in who.page.inner_text("#rule-D11").replace("\u00a0", " ")


def test_all_this_works_without_script(visit, centre):
    who = visit(LOGIN, java_script_enabled=False)
    who.open("/lingua/courses/new/")
    assert who.page.is_visible("[name=module_lessons]")
    who.page.fill("main [name=name]", "Plain")
    who.page.check("[name=plan][value=calendar_month]")
    who.page.fill("[name=module_lessons]", "0")
    who.page.fill("[name=price]", "300000")
    who.page.click("main form[method=post] [data-save]")
    assert "The course Plain is added" in who.page.inner_text("body"), "what belongs to another way is not asked"
