"""An owner asks why a number is what it is."""

from __future__ import annotations

from daftar.lib.tenancy import tenant_transaction
from daftar.tuition.forecasts import keep_forecast
from tests.cast import a_branch
from tests.journeys.test_desk import a_debtor


def test_an_owner_reads_what_was_charged_why_and_what_is_expected(visit, centre):
    with tenant_transaction(centre.org_id):
        a_debtor(centre)
        keep_forecast(centre, branch_id=a_branch(centre).pk)
    who = visit("aziza@lingua.example")
    who.open("/lingua/reports/")
    assert "Together" in who.text()
    who.click("details.why-more summary")
    assert "Per calendar month" in who.text()
    who.click("text=Must pay today")
    assert "Aziz Karimov" in who.text()
    who.click("text=Forecast")
    assert "Whole month" in who.text()
    who.open("/lingua/students/")
    who.click("a.row-link:has-text('Aziz Karimov')")
    who.click("a:has-text('Money')")
    who.click("a:has-text('Forecast')")
    assert "charges to come" in who.text().lower()
    assert who.errors == []
