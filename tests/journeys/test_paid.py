"""An owner asks who brings in most, what payments were for, and what was agreed on paper."""

from __future__ import annotations

from datetime import timedelta

from daftar.finance.models import Desk
from daftar.finance.services import take_payment
from daftar.lib.tenancy import tenant_transaction
from daftar.tuition.services import enrol_active
from tests.cast import a_course, a_group, a_student


def a_payer(by, name: str, *groups, amount: int) -> int:
    student = a_student(by, name)
    for group in groups:
        enrol_active(by, student_id=student.pk, group_id=group.pk, starts_on=by.today)
    desk = Desk.objects.visible_to(by).order_by("id")[0]
    take_payment(by, student_id=student.pk, desk_id=desk.pk, amount=amount, paid_on=by.today, key=name)
    return student.pk


def a_month(by) -> int:
    """Two who paid, one of them for two groups; answers whose card is looked at."""
    with tenant_transaction(by.org_id):
        first, last = str(by.today.replace(day=1)), str(by.today + timedelta(days=90))
        groups = [
            a_group(
                by, a_course(by, name, price=price), name, weekdays=(1, 2, 3, 4, 5, 6, 7), starts_on=first, last_on=last
            )
            for name, price in (("G1", 30_000_000), ("G2", 10_000_000))
        ]
        a_payer(by, "Bobur Small", groups[1], amount=1_000_000)
        return a_payer(by, "Aziz Large", *groups, amount=90_000_000)


def test_an_owner_sees_who_brings_in_most_and_takes_the_figures_along(visit, centre):
    a_month(centre)
    who = visit("aziza@lingua.example")
    who.open("/lingua/reports/")
    who.click("text=Lifetime value")
    assert "above average" in who.page.inner_text("tr:has-text('Aziz Large')")
    assert "not above average" in who.page.inner_text("tr:has-text('Bobur Small')")
    who.fill(above="9 999")
    with who.page.expect_navigation():
        who.click("main form button:has-text('Show')")
    assert "Bobur Small" in who.text()
    who.fill(above="10 000")
    with who.page.expect_navigation():
        who.click("main form button:has-text('Show')")
    assert "Bobur Small" not in who.text()
    with who.page.expect_download() as file:
        who.click("text=Download as a file")
    assert "Aziz Large;" in file.value.path().read_text()
    who.fill(above="plenty")
    with who.page.expect_navigation():
        who.click("main form button:has-text('Show')")
    assert "not an amount" in who.text()
    who.open("/lingua/reports/lifetime/?since=2001-01-01&until=2001-02-01&kinds=income&most=100")
    assert "Nobody paid in this time" in who.text()


def test_an_owner_sees_what_payments_were_for_each_counted_once(visit, centre):
    a_month(centre)
    who = visit("aziza@lingua.example")
    who.open("/lingua/reports/")
    who.click("text=Income by group")
    text = who.text()
    assert "G1" in text
    assert "G2" in text
    assert "Not yet used" in text
    assert "910,000" in who.page.inner_text("li:has-text('Together')")
    with who.page.expect_download() as file:
        who.click("text=Download as a file")
    lines = file.value.path().read_text().splitlines()[1:]
    assert sum(int(line.split(";")[1].split(".")[0]) for line in lines) == 910_000
    who.fill(since="2025-01-01", until="2026-01-01")
    with who.page.expect_navigation():
        who.click("main form button:has-text('Show')")
    assert "at most a year" in who.text()
    assert [each for each in who.errors if "422" not in each] == []


def test_a_contract_is_written_counted_paid_deleted_and_brought_back(visit, centre):
    student = a_month(centre)
    who = visit("aziza@lingua.example")
    who.open(f"/lingua/students/{student}/")
    assert "No contract yet" in who.text()
    who.click("main a:has-text('Write contract')")
    with who.page.expect_navigation():
        who.click("button:has-text('Count for me')")
    assert "Please correct this" in who.text()
    who.fill(starts_on=str(centre.today), last_on=str(centre.today + timedelta(days=6)), number="2026/A")
    with who.page.expect_navigation():
        who.click("button:has-text('Count for me')")
    counted = [who.page.input_value(f"[name={name}]") for name in ("visits", "amount", "number")]
    assert counted[0] == "14"
    assert counted[2] == "2026/A"
    with who.page.expect_navigation():
        who.click("button:has-text('Count for me')")
    assert [who.page.input_value(f"[name={name}]") for name in ("visits", "amount", "number")] == counted
    who.fill(amount="1 000 000")
    who.save()
    assert "still to be paid" in who.text()
    assert "No 1" in who.text()
    who.click("main a.row-link:has-text('No 1')")
    who.fill(amount="900 000")
    who.save()
    assert "still to be paid" not in who.text()
    who.open("/lingua/reports/contracts/")
    assert "900,000" in who.text()
    who.click("main a.row-link:has-text('Aziz Large')")
    who.click("main a.row-link:has-text('No 1')")
    who.click("main a:has-text('Delete')")
    who.save()
    assert "No contract yet" in who.text()
    with who.page.expect_navigation():
        who.click("[data-testid=toast-undo]")
    assert "No 1" in who.text()
    assert [each for each in who.errors if "422" not in each] == []
