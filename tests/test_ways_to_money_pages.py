"""What leads to a page of money is shown to whoever may open that page, and to nobody else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client

from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.models import Member, Role
from daftar.orgs.services import change_rights
from tests.cast import a_centre, a_member, a_student, owner_of

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
