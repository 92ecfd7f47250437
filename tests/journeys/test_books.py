"""Money put right in a browser: refund, correction, sale, edit, money between desks, books closed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from daftar.courses.rules import PlanKind
from daftar.finance.models import Desk, Payment
from daftar.finance.services import take_payment
from daftar.ledger.queries import balances, books, drift, separate_accounts
from daftar.lib.tenancy import tenant_transaction
from daftar.tuition.tariffs import Binding, TariffTerms, add_tariff, bind_tariff
from tests.cast import a_group, a_student, enrolled, owner_of
from tests.journeys.conftest import DESK, PHONE

PAID = 50_000_000  # 500 000 soum


@pytest.fixture
def paid(centre):
    """A student who paid today at the first desk; the student's id."""
    with tenant_transaction(centre.org_id):
        student = a_student(centre, "Aziz Karimov")
        desk = Desk.objects.visible_to(centre).order_by("id")[0]
        take_payment(
            owner_of(centre), student_id=student.pk, desk_id=desk.pk, amount=PAID, paid_on=centre.today, key="paid"
        )
    return student.pk


def balance(centre, student_id: int) -> int:
    with tenant_transaction(centre.org_id):
        assert drift(centre) == []
        return balances(centre, [student_id])[student_id]


def money_tab(who, student_id: int, word: str) -> None:
    who.open(f"/lingua/students/{student_id}/?tab=money")
    who.click(f"[data-testid=money-actions] a:has-text('{word}')")


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_a_refund_is_recorded_from_the_card_and_never_above_what_was_paid(visit, centre, paid, size):
    who = visit("aziza@lingua.example", viewport=size)
    money_tab(who, paid, "Refund")
    assert "UZS\xa0500,000" in who.text(), "what can be refunded is said"
    who.fill(amount="500 001")
    who.save()
    assert "at most" in who.page.inner_text("#id_amount_error")
    assert who.page.input_value("[name=amount]") == "500 001", "what was typed stays"
    who.fill(amount="200 000")
    who.page.keyboard.press("Control+Enter")
    who.page.wait_for_url("**/payments/*/")
    assert "Refund, receipt No 2" in who.text()
    assert balance(centre, paid) == 30_000_000
    with who.page.expect_navigation():
        who.click("[data-testid=toast-undo]")
    assert balance(centre, paid) == PAID
    assert who.errors == ["Failed to load resource: the server responded with a status of 422 (Unprocessable Entity)"]


def test_a_correction_and_a_sale_from_the_card(visit, centre, paid):
    who = visit("aziza@lingua.example")
    money_tab(who, paid, "Correction")
    who.fill(direction="down", amount="1 000", note="counted twice")
    who.save()
    assert "Correction" in who.text()
    assert balance(centre, paid) == PAID - 100_000
    money_tab(who, paid, "Sell")
    who.fill(thing="Textbook", quantity="2", price="35 000")
    who.save()
    receipt = who.page.inner_text("[data-testid=pay-receipt]")
    assert "Textbook" in receipt and "UZS\xa070,000" in receipt
    assert balance(centre, paid) == PAID - 100_000, "AT-22"
    who.open("/lingua/payments/")
    totals = who.page.inner_text("[data-testid=totals]")
    assert "Correction down" in totals and "Sale" in totals
    who.page.select_option("#kind", "sale")
    with who.page.expect_navigation():
        who.click("form.filters button")
    assert "Textbook" in who.text() and "counted twice" not in who.text()
    assert who.errors == []


def test_a_payment_is_edited_and_its_page_tells_the_whole_history(visit, centre, paid):
    who = visit("aziza@lingua.example")
    with tenant_transaction(centre.org_id):
        a_student(centre, "Barno Saidova")
    who.open("/lingua/payments/")
    who.click("main table a.row-link")
    who.click("main a:has-text('Edit')")
    who.fill(amount="450 000", reason="typed wrong")
    who.save()
    receipt = who.page.inner_text("[data-testid=pay-receipt]")
    assert "Replaces receipt" in receipt and "No 1" in receipt
    history = who.page.inner_text("[data-testid=payment-history]")
    assert "Receipt No 1" in history and "typed wrong" in history
    assert balance(centre, paid) == 45_000_000
    who.click("main a:has-text('Edit')")
    who.click("main a:has-text('Another')")
    who.type("[data-testid=pay-student]", "barno")
    who.click("#found a:has-text('Barno')")
    who.fill(reason="another student")
    who.save()
    assert "Barno Saidova" in who.page.inner_text("[data-testid=pay-receipt]")
    assert balance(centre, paid) == 0
    with who.page.expect_navigation():
        who.press("z")
    assert balance(centre, paid) == 45_000_000, "undo of an edit"
    who.open("/lingua/payments/")
    assert who.page.locator("main tbody a.row-link").count() == 1, "the list shows the net line"
    who.click("text=Show also what was reversed")
    assert who.page.locator("main tbody a.row-link").count() == 4
    assert who.errors == []


def test_a_reversal_is_undone_with_one_key(visit, centre, paid):
    who = visit("aziza@lingua.example")
    with tenant_transaction(centre.org_id):
        payment = Payment.objects.visible_to(centre).get().pk
    who.open(f"/lingua/payments/{payment}/reverse/")
    who.fill(reason="mistake")
    who.save()
    assert balance(centre, paid) == 0
    with who.page.expect_navigation():
        who.press("z")
    assert balance(centre, paid) == PAID
    assert who.errors == []


def test_money_goes_to_another_desk(visit, centre, paid):
    who = visit("aziza@lingua.example", viewport=PHONE)
    who.open("/lingua/payments/")
    who.click("main a:has-text('Between desks')")
    who.page.select_option("[name=to_desk_id]", index=1)
    who.fill(amount="100 000")
    who.save()
    assert "→" in who.page.inner_text("[data-testid=pay-receipt]")
    assert who.errors == []


def test_books_are_closed_refuse_a_payment_beside_its_date_and_are_opened_again(visit, centre, paid):
    yesterday = centre.today - timedelta(days=1)
    who = visit("aziza@lingua.example")
    who.open("/lingua/books/")
    who.click("main a:has-text('Close the books')")
    who.fill(closed_until=str(yesterday))
    who.save()
    with tenant_transaction(centre.org_id):
        assert [row.closed_until for row in books(centre)] == [yesterday]
    who.open(f"/lingua/payments/new/?student={paid}")
    who.fill(amount="100", paid_on=str(yesterday))
    who.save()
    assert "books are closed" in who.page.inner_text("#id_paid_on_error")
    who.open("/lingua/books/")
    who.click("main a:has-text('Open again')")
    who.fill(reason="a lost receipt")
    who.save()
    with tenant_transaction(centre.org_id):
        assert [row.closed_until for row in books(centre)] == [None]
    with who.page.expect_download() as download:
        who.open("/lingua/books/")
        who.click("main a:has-text('beancount')")
    assert "Liabilities:Students:" in download.value.path().read_text()


def test_the_statement_of_a_period_is_read_and_printed(visit, centre, paid):
    who = visit("aziza@lingua.example")
    earlier = replace(centre, at=centre.at - timedelta(days=40))
    with tenant_transaction(centre.org_id):
        desk = Desk.objects.visible_to(centre).order_by("id")[0]
        take_payment(centre, student_id=paid, desk_id=desk.pk, amount=100, paid_on=earlier.today, key="earlier")
    money_tab(who, paid, "Statement")
    assert who.page.inner_text("[data-testid=incoming]") == "UZS\xa01"
    assert who.page.inner_text("[data-testid=outgoing]") == "UZS\xa0500,001"
    who.page.emulate_media(media="print")
    assert not who.page.is_visible("form.filters")
    assert who.page.is_visible("[data-testid=period-statement]")
    assert who.errors == []


def test_a_debt_on_a_subscriptions_own_account_is_found_and_paid_into_it(centre, visit):
    with tenant_transaction(centre.org_id):
        group = a_group(centre, starts_on=str(centre.today), last_on=str(centre.today + timedelta(days=60)))
        pupil = a_student(centre, "Guli Apart")
        enrolled(centre, pupil, group, str(centre.today))
        terms = TariffTerms("Exam", PlanKind.WHOLE_COURSE, "UZS", months=1)
        tariff = add_tariff(centre, terms=terms, price=90_000_000, from_on=centre.today)
        binding = Binding(centre.today, is_separate=True)
        bound = bind_tariff(centre, student_id=pupil.pk, tariff_id=tariff.pk, binding=binding)
    who = visit("aziza@lingua.example")

    who.open("/lingua/debtors/")
    assert "Guli Apart" in who.text() and "on the account of Exam" in who.text()
    with who.page.expect_navigation():
        who.click("a.btn:has-text('Pay'):visible >> nth=-1")
    assert who.page.input_value("[name=subscription_id]") == str(bound.pk)
    assert "balance UZS\xa00" in who.page.inner_text("#after")
    who.save()

    who.open("/lingua/debtors/")
    assert "No one owes" in who.text()
    with tenant_transaction(centre.org_id):
        assert separate_accounts(centre, [pupil.pk])[bound.pk].balance == 0

    # It should have gone to the student's balance, and the account is put right by hand.
    who.open(f"/lingua/students/{pupil.pk}/")
    assert "Lessons left" in who.page.inner_text("dd:has-text('Paid until')")
    with tenant_transaction(centre.org_id):
        paid = Payment.objects.visible_to(centre).latest("id")
    who.open(f"/lingua/payments/{paid.pk}/edit/")
    who.page.select_option("[name=subscription_id]", index=0)
    who.fill(reason="Not for the exam")
    who.save()
    who.open(f"/lingua/students/{pupil.pk}/correction/")
    who.page.select_option("[name=subscription_id]", str(bound.pk))
    who.fill(amount="900 000", note="A gift")
    who.save()
    with tenant_transaction(centre.org_id):
        assert separate_accounts(centre, [pupil.pk])[bound.pk].balance == 0
        assert balances(centre, [pupil.pk])[pupil.pk] == 90_000_000
    assert who.errors == []
