"""What is agreed with a student, from the card: the money is seen before it moves, and then in the statement."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from daftar.attendance.services import conduct_lesson
from daftar.courses.models import Enrolment, Lesson, Suspension
from daftar.courses.rules import PlanKind
from daftar.ledger.queries import balances
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.models import Organization
from daftar.tuition.models import Discount, Subscription
from daftar.tuition.pauses import suspend
from daftar.tuition.services import enrol_active
from daftar.tuition.tariffs import Binding, TariffTerms, add_tariff, bind_tariff
from tests.cast import a_course, a_group, a_student
from tests.journeys.conftest import PHONE

EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)


@pytest.fixture
def pupil(centre) -> int:
    """Active for ten days in a group that meets daily, charged 300 000 for a month of her own; and another group."""
    begun = replace(centre, at=centre.at - timedelta(days=10))
    with tenant_transaction(centre.org_id):
        life = {"starts_on": str(begun.today), "last_on": str(centre.today + timedelta(days=90))}
        course = a_course(centre, plan=PlanKind.STUDENT_MONTH)
        group = a_group(centre, course, "Mornings", weekdays=EVERY_DAY, **life)
        a_group(centre, course, "Evenings", weekdays=EVERY_DAY, **life)
        student = a_student(centre, "Lola Azizova")
        enrol_active(centre, student_id=student.pk, group_id=group.pk, starts_on=begun.today)
        terms = TariffTerms(name="Standard", plan=PlanKind.CALENDAR_MONTH, currency="UZS")
        add_tariff(centre, terms=terms, price=50_000_000, from_on=begun.today.replace(day=1))
    return student.pk


def soums(centre, student: int) -> int:
    with tenant_transaction(centre.org_id):
        return balances(centre, [student])[student] // 100


def told(who) -> str:
    return who.page.inner_text("[data-testid=toast]")


def previewed(who) -> int:
    """What the preview says comes back, or (below zero) will be charged, in soums."""
    title = who.page.inner_text("#preview .alert-title")
    figures = re.sub(r"[^0-9]", "", title)
    return int(figures or 0) * (-1 if "charged" in title else 1)


def open_prices(who, student: int) -> None:
    who.open(f"/lingua/students/{student}/?tab=prices")


def more(who, words: str) -> None:
    """From the menu beside the group on the card."""
    who.click("main [aria-label='More about Mornings']")
    with who.page.expect_navigation():
        who.click(f"main .dropdown-menu.show a:has-text('{words}')")


def test_a_pause_shows_its_credit_before_saving_and_the_statement_says_why(visit, centre, pupil):
    who = visit("aziza@lingua.example")
    open_prices(who, pupil)
    with who.page.expect_navigation():
        who.click("#pauses-title + a")
    first = previewed(who)
    last_on = (centre.today + timedelta(days=4)).isoformat()
    who.page.fill("[name=last_on]", last_on)
    who.page.keyboard.press("Tab")
    who.page.wait_for_function("was => !document.querySelector('#preview').innerText.includes(was)", arg=f"{first:,}")
    credit = previewed(who)
    assert 0 < credit < first, "five days instead of all that are left"
    who.save()
    assert "Lola Azizova pauses." in told(who)
    assert soums(centre, pupil) == credit - 300_000
    who.open(f"/lingua/students/{pupil}/?tab=money")
    assert f"{credit:,}" in who.text().replace("\xa0", ",").replace(" ", ",")
    who.page.click("main summary:has-text('Credit')")
    assert "5 of" in who.text(), "so many lessons of the month"
    assert who.errors == []


def test_a_pause_made_by_mistake_is_taken_back_from_the_toast(visit, centre, pupil):
    who = visit("aziza@lingua.example")
    who.open(f"/lingua/students/{pupil}/pause/")
    who.save()
    assert soums(centre, pupil) > -300_000
    with who.page.expect_navigation():
        who.click("[data-testid=toast-undo]")
    assert "is taken back" in told(who)
    assert soums(centre, pupil) == -300_000
    with tenant_transaction(centre.org_id):
        assert not Suspension.objects.visible_to(centre).exists()
    assert who.errors == []


def test_a_pause_goes_on_longer_and_what_that_adds_stays_charged(visit, centre, pupil):
    begun, last = centre.today - timedelta(days=6), centre.today - timedelta(days=4)
    with tenant_transaction(centre.org_id):
        suspend(centre, student_ids=[pupil], starts_on=begun, last_on=last)
    credited, who = soums(centre, pupil), visit("aziza@lingua.example")
    assert credited > -300_000
    open_prices(who, pupil)
    with who.page.expect_navigation():
        who.click("section[aria-labelledby=pauses-title] .row-link")
    who.page.fill("[name=last_on]", (centre.today - timedelta(days=1)).isoformat())
    who.page.keyboard.press("Tab")
    who.page.wait_for_selector("#preview .alert-title:has-text('Will come back')")
    who.page.uncheck("[name=gives_credit]")
    who.page.fill("[name=decline_reason]", "told too late")
    who.page.keyboard.press("Tab")
    who.page.wait_for_selector("#preview:has-text('No money moves now')")
    who.save()
    assert soums(centre, pupil) == credited
    assert who.page.locator("section[aria-labelledby=pauses-title] li").count() == 2
    assert who.errors == []


def test_what_pays_for_a_lesson_is_chosen_from_the_card(visit, centre, pupil):
    with tenant_transaction(centre.org_id):
        terms = TariffTerms(name="By the lesson", plan=PlanKind.PER_LESSON, currency="UZS")
        tariff = add_tariff(centre, terms=terms, price=2_000_000, from_on=centre.today - timedelta(days=10))
        binding = Binding(centre.today - timedelta(days=3))
        bind_tariff(centre, student_id=pupil, tariff_id=tariff.pk, binding=binding)
        days = [centre.today - timedelta(days=back) for back in (5, 2)]
        for lesson in Lesson.objects.visible_to(centre).filter(held_on__in=days, group__name="Mornings"):
            conduct_lesson(centre, lesson_id=lesson.pk, absent={}, because="typed later")
    who = visit("aziza@lingua.example")
    for place, offered in ((1, 2), (0, 3)):
        who.open(f"/lingua/students/{pupil}/")
        link = who.page.locator("main .rows a:has-text('What pays')")
        with who.page.expect_navigation():
            link.nth(place).click()
        assert who.page.locator("[name=subscription_id]").count() == offered, "the tariff does not run before its day"
    assert soums(centre, pupil) == -300_000
    who.click("label:has-text('By the lesson')")
    who.page.wait_for_selector("#preview .alert-title:has-text('20')")
    who.save()
    assert soums(centre, pupil) == -320_000
    assert who.errors == []


def test_a_tariff_bound_by_mistake_is_taken_back_from_the_toast_and_from_the_card(visit, centre, pupil):
    who = visit("aziza@lingua.example")
    for way in ("toast", "card"):
        who.open(f"/lingua/students/{pupil}/tariff/")
        who.save()
        assert soums(centre, pupil) < -300_000
        if way == "card":
            open_prices(who, pupil)
            with who.page.expect_navigation():
                who.click("main a:has-text('Take back')")
            assert previewed(who) > 0
            who.save()
        else:
            with who.page.expect_navigation():
                who.click("[data-testid=toast-undo]")
        assert "is taken back" in told(who)
        assert soums(centre, pupil) == -300_000
    with tenant_transaction(centre.org_id):
        assert not Subscription.objects.visible_to(centre).filter(tariff__isnull=False).exists()
    assert who.errors == []


def test_a_discount_changes_what_was_charged_by_keyboard_alone(visit, centre, pupil):
    who = visit("aziza@lingua.example")
    open_prices(who, pupil)
    tab_to(who, "#discounts-title + a")
    with who.page.expect_navigation():
        who.press("Enter")
    tab_to(who, "[name=percent]")
    who.page.keyboard.type("50")
    tab_to(who, "[name=starts_on]")
    begun = centre.today - timedelta(days=10)
    who.page.keyboard.type(begun.strftime("%m%d%Y"))
    assert who.page.input_value("[name=starts_on]") == begun.isoformat()
    who.press("Tab")
    who.page.wait_for_selector("#preview .alert-title:has-text('150')")
    assert previewed(who) == 150_000
    with who.page.expect_navigation():
        who.press("Control+Enter")
    assert soums(centre, pupil) == -150_000
    assert "50" in who.text()
    with who.page.expect_navigation():
        who.press("z")
    assert soums(centre, pupil) == -300_000
    with tenant_transaction(centre.org_id):
        assert not Discount.objects.visible_to(centre).exists()
    assert who.errors == []


def tab_to(who, selector: str) -> None:
    """Nothing but the Tab key."""
    for _press in range(90):
        if who.page.evaluate("s => document.activeElement.matches(s)", selector):
            return
        who.page.keyboard.press("Tab")
    raise AssertionError(f"Tab never comes to {selector}")


def test_whoever_leaves_is_credited_and_stays_after_all_on_a_phone(visit, centre, pupil):
    who = visit("aziza@lingua.example", viewport=PHONE, has_touch=True)
    who.open(f"/lingua/students/{pupil}/")
    more(who, "End the membership")
    credit = previewed(who)
    assert credit > 0
    assert not who.page.evaluate("document.scrollingElement.scrollWidth > innerWidth")
    who.save()
    assert soums(centre, pupil) == credit - 300_000
    with who.page.expect_navigation():
        who.click("[data-testid=toast-undo]")
    assert "Lola Azizova stays in Mornings." in told(who)
    assert soums(centre, pupil) == -300_000
    assert who.errors == []


def test_what_the_centre_keeps_is_shown_and_given_back_with_a_reason(visit, centre, pupil):
    with tenant_transaction(centre.org_id):
        Organization.objects.filter(pk=centre.org_id).update(unserved_lessons="kept")
    who = visit("aziza@lingua.example")
    who.open(f"/lingua/students/{pupil}/")
    more(who, "End the membership")
    assert "stays charged for lessons that will not take place" in who.page.inner_text("#preview")
    who.page.check("main [name=gives_credit]")
    who.fill(give_reason="Her mother is ill")
    who.press("Tab")
    who.page.wait_for_selector("#preview .alert-title:has-text('come back')")
    back = previewed(who)
    assert back > 0
    who.save()
    assert soums(centre, pupil) == back - 300_000
    assert who.errors == []


def test_a_move_credits_the_one_group_and_charges_the_other(visit, centre, pupil):
    who = visit("aziza@lingua.example")
    who.open(f"/lingua/students/{pupil}/")
    more(who, "Move to another group")
    assert "required" not in who.text(), "nothing is complained of before it is sent"
    who.page.select_option("[name=group_id]", label="Evenings")
    who.page.wait_for_selector("#preview .alert-title:has-text('charged')")
    moved = previewed(who)
    who.save()
    assert soums(centre, pupil) == moved - 300_000
    with tenant_transaction(centre.org_id):
        rows = Enrolment.objects.visible_to(centre).filter(student_id=pupil).order_by("id")
        assert [(row.group.name, row.ends_on is None) for row in rows] == [("Mornings", False), ("Evenings", True)]
    assert who.errors == []


def test_back_to_trial_costs_nothing_from_that_day(visit, centre, pupil):
    who = visit("aziza@lingua.example")
    who.open(f"/lingua/students/{pupil}/")
    more(who, "Back to trial")
    credit = previewed(who)
    assert credit > 0
    who.save()
    assert "is on trial" in told(who)
    assert soums(centre, pupil) == credit - 300_000
    assert who.errors == []


def test_a_tariff_is_bound_and_ended(visit, centre, pupil):
    who = visit("aziza@lingua.example")
    open_prices(who, pupil)
    with who.page.expect_navigation():
        who.click("#subscriptions-title + a")
    who.page.select_option("[name=tariff_id]", label="Standard")
    who.page.wait_for_selector("#preview .alert-title:has-text('charged')")
    charge = previewed(who)
    who.save()
    assert "Standard" in who.text()
    assert soums(centre, pupil) == charge - 300_000
    with tenant_transaction(centre.org_id):
        bound = Subscription.objects.visible_to(centre).exclude(tariff=None).get()
    with who.page.expect_navigation():
        who.click(f"main a[href$='/subscriptions/{bound.pk}/end/']")
    who.save()
    after = soums(centre, pupil)
    assert charge - 300_000 <= after <= -300_000, "only to its last day"
    assert who.errors == []


def test_a_price_of_ones_own_written_by_mistake_ends_from_the_toast_or_the_card(visit, centre, pupil):
    who, first = visit("aziza@lingua.example"), (centre.today - timedelta(days=10)).isoformat()
    for way in ("toast", "card"):
        open_prices(who, pupil)
        with who.page.expect_navigation():
            who.click("main a[href$='/price/']")
        who.page.fill("[name=price]", "200 000")
        who.page.fill("[name=from_on]", first)
        who.page.keyboard.press("Tab")
        who.page.wait_for_function("() => document.querySelector('#preview').innerText.includes('100')")
        who.save()
        assert soums(centre, pupil) == -200_000
        with who.page.expect_navigation():
            who.click("[data-testid=toast-undo]" if way == "toast" else "main a:has-text('As the course again')")
        assert "Lola Azizova as the course again" in who.text()
        if way == "card":
            who.page.fill("[name=from_on]", first)
            who.page.keyboard.press("Tab")
        assert who.page.input_value("[name=from_on]") == first
        who.page.wait_for_function("() => document.querySelector('#preview').innerText.includes('100')")
        assert previewed(who) == -100_000
        who.save()
        assert soums(centre, pupil) == -300_000
    assert "As the course again" not in who.text()
    assert who.errors == []


def test_a_whole_group_pauses(visit, centre, pupil):
    with tenant_transaction(centre.org_id):
        group = Enrolment.objects.visible_to(centre).get(student_id=pupil).group_id
        other = a_student(centre, "Bek Tosh")
        enrol_active(centre, student_id=other.pk, group_id=group, starts_on=centre.today - timedelta(days=3))
    who = visit("aziza@lingua.example")
    who.open(f"/lingua/groups/{group}/")
    with who.page.expect_navigation():
        who.click("a:has-text('Pause all')")
    assert "It concerns 2 students." in who.text()
    credit = previewed(who)
    who.save()
    assert soums(centre, pupil) + soums(centre, other.pk) == credit - 600_000
    with tenant_transaction(centre.org_id):
        assert Suspension.objects.visible_to(centre).count() == 2
    assert who.errors == []


def test_a_pause_begins_in_the_list_of_all_and_is_found_there_by_name_on_a_phone(visit, centre, pupil):
    who = visit("aziza@lingua.example", viewport=PHONE)
    who.open("/lingua/pauses/?state=all")
    with who.page.expect_navigation():
        who.click("a:has-text('Pause a student')")
    who.page.fill("#student-q", "azizova")
    with who.page.expect_navigation():
        who.click("#found a:has-text('Lola Azizova')")
    who.save()
    who.open("/lingua/pauses/")
    who.page.fill("#list-q", "nobody")
    who.page.wait_for_selector("#list:has-text('No one matches')")
    who.page.fill("#list-q", "lola")
    who.page.wait_for_selector("#list .badge:has-text('Frozen')")
    assert "moves the end of the subscription" in who.text()
    assert who.errors == []
