"""What leads to a page of money is shown to whoever may open that page, and to nobody else."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from django.test import Client

from daftar.lib.period import Month
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.models import Member, Role
from daftar.orgs.services import change_rights
from daftar.tuition.models import ForecastDay
from tests.cast import a_branch, a_centre, a_member, a_student, owner_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def by():
    return a_centre(at=datetime.now(UTC))


def comes(by, role: str, *, given=(), taken=()) -> Client:
    """A browser of somebody whose role was given or lost some rights."""
    with tenant_transaction(by.org_id):
        pk = Role.objects.visible_to(by).get(code=role).pk
        change_rights(owner_of(by), given={pk: list(given)}, taken={pk: list(taken)})
        user = Member.objects.visible_to(by).get(pk=a_member(by, "Dilnoza", role).member_id).user
    browser = Client()
    browser.force_login(user)
    return browser


def test_forecast_and_statement_stand_where_their_pages_open(by):
    browser = comes(by, "teacher", given=["people.view", "tuition.view"])
    with tenant_transaction(by.org_id):
        student = a_student(by).pk
    card = f"/{by.org_slug}/students/{student}/"
    text = browser.get(f"{card}?tab=money").content.decode()
    for there in (f"{card}forecast/", f"{card}statement/"):
        assert f'href="{there}"' in text
        assert browser.get(there).status_code == 200
    assert f'href="{card}refund/"' not in text


@pytest.mark.parametrize(("role", "opens"), [("cashier", True), ("administrator", True), ("teacher", False)])
def test_books_stand_in_the_menu_of_whoever_may_read_them(by, role, opens):
    browser, there = comes(by, role), f"/{by.org_slug}/books/"
    assert (f'href="{there}"' in browser.get(f"/{by.org_slug}/groups/").content.decode()) is opens
    assert (browser.get(there).status_code == 200) is opens


def test_what_was_expected_of_a_month_that_is_over_is_read_day_by_day(by):
    browser, there = comes(by, "administrator"), f"/{by.org_slug}/reports/forecast/"
    this = Month.of(by.today)
    with tenant_transaction(by.org_id):
        branch = a_branch(by)
        for day, sums in ((20, (100_00, 900_00)), (31, (700_00, 100_00))):
            ForecastDay.objects.create(
                org_id=by.org_id, branch=branch, made_on=date(2025, 5, day), month=date(2025, 5, 1),
                charged=sums[0], to_come=sums[1], students=3,
            )  # fmt: skip
    text = browser.get(f"{there}?month=2025-05").content.decode().replace("\xa0", " ")
    assert re.findall(r'rows-main">([^<]+)<', text) == ["Sat 31 May", "Tue 20 May"]
    assert 'href="?month=2025-04"' in text
    assert 'href="?month=2025-06"' in text
    assert "Nothing is kept" not in text
    for month in ("2025-04", "2024-02", "2098-01"):
        assert "Nothing is kept of this month" in browser.get(f"{there}?month={month}").content.decode(), month
    for asked in ("", "?month=soon", "?month=0000-00", f"?month={this}"):
        text = browser.get(f"{there}{asked}").content.decode()
        assert "Nothing is kept yet" in text, asked
        assert f'href="{there}?month={this.next}"' in text, asked
    text = browser.get(f"{there}?month=next").content.decode()
    assert f'href="?month={this}"' in text, "as it was linked before"
