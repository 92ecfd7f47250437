"""Rights, invitations, the second step and sessions in real browsers."""

from __future__ import annotations

import re
import time

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.models import Role
from tests.cast import PASSWORD, a_member
from tests.journeys.conftest import PHONE
from tests.journeys.test_every_page import violations
from tests.letters import link_in
from tests.working import work

OWNER, CASHIER = "aziza@lingua.example", "kamola@lingua.example"


@pytest.fixture
def cashier(swept, centre):
    with tenant_transaction(centre.org_id):
        a_member(centre, "Kamola", "cashier")
        return Role.objects.visible_to(centre).get(code="cashier").pk


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_a_right_is_taken_in_the_matrix_and_the_page_is_gone_at_once(visit, cashier, size):
    till = visit(CASHIER)
    till.open("/lingua/payments/")
    assert "Payments" in till.text()
    who = visit(OWNER, **({"viewport": PHONE} if size == "phone" else {}))
    who.open("/lingua/team/")
    who.click("main a:has-text('Roles')")
    if size == "phone":
        who.click("main nav a:has-text('Cashier')")
        assert who.page.locator("thead th:visible").count() == 2
    box = who.page.locator(f"[name=role_{cashier}][value='finance.view']")
    box.uncheck()
    with who.page.expect_navigation():
        who.click("main [data-save]")
    assert re.search(r"Cashier 1 person\s+May no longer: See payments", who.text()), who.text()
    who.save()
    till.open("/lingua/payments/")
    assert "You may not do this" in till.text()
    who.open("/lingua/history/")
    assert "May no longer" in who.text()
    assert who.errors == []


def test_the_matrix_is_used_without_a_script_and_by_keyboard(visit, cashier):
    who = visit(OWNER, java_script_enabled=False)
    who.open(f"/lingua/team/roles/?role={cashier}")
    who.page.focus(f"[name=role_{cashier}][value='people.edit']")
    who.press("Space")
    who.page.locator("main [data-save]").press("Enter")
    who.page.locator("main [data-save]").press("Enter")
    who.open("/lingua/team/roles/")
    assert who.page.locator(f"[name=role_{cashier}][value='people.edit']").is_checked()


def test_from_invitation_to_signed_in(visit, swept, centre, post_office, live_server):
    owner = visit(OWNER)
    owner.open("/lingua/team/invite/")
    owner.fill(email="dilnoza@x.example", name="Dilnoza")
    owner.save()
    assert "dilnoza@x.example" in owner.text()
    work()
    guest = visit()
    guest.open(link_in(post_office.letters[0]))
    assert guest.page.url == live_server.url + "/invitation/"
    guest.fill(name="Dilnoza Rahimova", password="a-password-of-dilnoza")
    guest.save()
    assert guest.page.url == live_server.url + "/lingua/"
    guest.page.click("header .avatar")
    guest.page.click("header a:has-text('Account')")
    assert "Dilnoza Rahimova" in guest.text()
    guest.open(link_in(post_office.letters[0]))
    assert "used already" in guest.text()


def code(secret: str, turn: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + turn))


def test_setting_up_the_second_step_and_signing_in_with_it(visit, cashier):
    who = visit(CASHIER)
    who.open("/account/")
    who.click("text=Set up a second step")
    who.fill(password=PASSWORD)
    who.save()
    assert who.page.locator(".qr").evaluate("image => image.naturalWidth") > 0
    secret = who.page.inner_text("[data-testid=totp-key]")
    who.fill(code=code(secret))
    who.save()
    assert who.page.locator("[data-testid=recovery-codes] code").count() == 10
    recovery = who.page.locator("[data-testid=recovery-codes] code").first.inner_text()
    for typed in (code(secret, 1), recovery):
        again = visit(CASHIER)
        assert "Second step" in again.text()
        again.fill(code=typed)
        again.save()
        assert "lingua" in again.page.url
    assert who.errors == []


def test_a_session_is_ended_from_another_browser(visit, cashier):
    lost = visit(CASHIER, user_agent="Mozilla/5.0 (iPhone) Safari/604")
    who = visit(CASHIER)
    who.open("/account/")
    assert "Safari, iPhone" in who.text()
    who.click("main button[aria-label='Sign out Safari, iPhone']")
    who.page.wait_for_selector("text=That device is signed out")
    lost.open("/lingua/")
    assert "/login/" in lost.page.url
    who.open("/lingua/")
    assert "Today" in who.page.title() or "Today" in who.text()


def pages_of_a_login(who) -> list[str]:
    return [
        "/account/", "/account/password/", "/account/two-steps/", "/account/codes/", "/account/codes/new/",
        "/account/two-steps/off/", "/account/confirm/",
    ]  # fmt: skip


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_axe_finds_nothing_on_the_pages_of_a_login(visit, cashier, post_office, size):
    who = visit(CASHIER, bypass_csp=True, **({"viewport": PHONE} if size == "phone" else {}))
    wrong = looked_at(who, ["/account/", "/account/password/", "/account/two-steps/"])
    who.fill(password=PASSWORD)
    who.save()
    wrong += looked_at(who, ["/account/two-steps/"])
    who.fill(code=code(who.page.inner_text("[data-testid=totp-key]")))
    who.save()
    wrong += looked_at(who, pages_of_a_login(who))
    half = visit(CASHIER, bypass_csp=True, **({"viewport": PHONE} if size == "phone" else {}))
    wrong += looked_at(half, ["/login/code/", "/login/", "/login/forgotten/", "/login/forgotten/sent/"])
    wrong += looked_at(half, ["/login/new/1-wrong/", "/invitation/"])
    assert wrong == []


def looked_at(who, paths: list[str]) -> list[str]:
    wrong = []
    for path in paths:
        who.open(path)
        who.page.add_style_tag(content="*,*::before,*::after{transition:none!important}")
        for theme in ("light", "dark"):
            who.page.evaluate("theme => document.documentElement.dataset.bsTheme = theme", theme)
            wrong += [f"{path} {theme}: {each}" for each in violations(who.page)]
        if who.page.evaluate("document.scrollingElement.scrollWidth > innerWidth"):
            wrong.append(f"{path}: scrolls sideways")
    return wrong
