"""The branch switch: lists show one branch, links into the others still open, and nobody sees more than before."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.models import Branch
from daftar.orgs.services import add_branch, add_member
from daftar.people.services import add_student
from tests.cast import PASSWORD
from tests.probe import a_probe


@pytest.fixture
def two(db):
    """A centre of two branches with a student in each, and the ids of the second branch and its student."""
    ours = a_probe("lingua")
    by = ours.by
    with tenant_transaction(by.org_id):
        where = add_branch(by, name="Second", timezone="Europe/Warsaw", currency="UZS", language="en").pk
        who = add_student(by, full_name="Zuhra Second", branch_id=where).pk
        add_member(by, name="Only", role="administrator", branch_ids=[where], email="only@x.example", password=PASSWORD)
    return ours, where, who


def signed_in(login: str) -> Client:
    client = Client()
    client.post("/login/", {"login": login, "password": PASSWORD})
    return client


def shown(client: Client, path: str = "students/") -> str:
    return client.get(f"/lingua/{path}").content.decode()


def test_lists_show_the_chosen_branch_until_all_are_chosen_again(two):
    ours, where, _who = two
    client = signed_in(ours.logins["owner"])
    assert {"Zuhra Second" in shown(client), "Farhod" in shown(client)} == {True}
    answer = client.post("/lingua/branch/", {"branch_id": where, "next": "/lingua/groups/"})
    assert answer["Location"] == "/lingua/groups/"
    assert "Zuhra Second" in shown(client)
    assert "Farhod" not in shown(client)
    assert "Farhod" in shown(client, "students/?branch=all"), "the address says otherwise"
    client.post("/lingua/branch/", {"branch_id": ""})
    assert "Farhod" in shown(client)


def test_what_lies_in_another_branch_opens_by_its_address_and_is_found_by_the_palette(two):
    ours, where, who = two
    client = signed_in(ours.logins["owner"])
    client.post("/lingua/branch/", {"branch_id": where})
    assert client.get(f"/lingua/students/{ours.ids['student_id']}/").status_code == 200
    assert "Farhod" in shown(client, "find/?q=farhod")
    assert client.get(f"/lingua/students/{who}/").status_code == 200
    body = {"student": ours.ids["free_student"], "amount": "5", "desk_id": ours.ids["desk_id"], "key": "k"}
    answer = client.post("/lingua/payments/new/", body | {"paid_on": str(ours.by.today)})
    assert answer.status_code == 302, "a payment for someone of the other branch"


def test_a_switch_never_shows_more_than_the_member_may_see(two):
    ours, where, _who = two
    first = ours.ids["branch_id"]
    client = signed_in("only@x.example")
    assert client.post("/lingua/branch/", {"branch_id": first}).status_code == 422
    for path in ("students/", f"students/?branch={first}", "students/?branch=all"):
        assert "Farhod" not in shown(client, path)
    assert client.get(f"/lingua/students/{ours.ids['student_id']}/?branch={first}").status_code == 404
    assert client.post("/lingua/branch/", {"branch_id": where}).status_code == 302
    assert client.get(f"/lingua/students/{ours.ids['student_id']}/").status_code == 404


def test_management_sees_every_branch_whatever_is_chosen(two):
    ours, where, _who = two
    client = signed_in(ours.logins["owner"])
    client.post("/lingua/branch/", {"branch_id": where})
    with tenant_transaction(ours.by.org_id):
        names = list(Branch.objects.visible_to(ours.by).values_list("name", flat=True))
    assert all(name in shown(client, "settings/") for name in names)
    body = {"name": "Everywhere", "role": ours.ids["role"], "is_active": "on"}
    answer = client.post(f"/lingua/team/{ours.ids['member_id']}/edit/", body)
    assert answer.status_code == 302, answer.content.decode()


def test_the_least_debt_is_asked_in_the_currency_of_the_chosen_branch(two):
    ours, _where, _who = two
    with tenant_transaction(ours.by.org_id):
        other = add_branch(ours.by, name="Third", timezone="Europe/Warsaw", currency="PLN", language="pl").pk
    client = signed_in(ours.logins["owner"])
    assert 'id="id_at_least_helptext">UZS' in shown(client, "debtors/")
    client.post("/lingua/branch/", {"branch_id": other})
    assert 'id="id_at_least_helptext">PLN' in shown(client, "debtors/")


def test_a_student_of_the_chosen_branch_can_be_moved_to_another(two):
    ours, where, who = two
    client = signed_in(ours.logins["owner"])
    client.post("/lingua/branch/", {"branch_id": where})
    body = {"full_name": "Zuhra Moved", "branch_id": ours.ids["branch_id"]}
    assert client.post(f"/lingua/students/{who}/edit/", body).status_code == 302


def test_the_switch_says_what_lists_show_on_pages_about_every_branch_too(two):
    ours, where, _who = two
    client = signed_in(ours.logins["owner"])
    client.post("/lingua/branch/", {"branch_id": where})
    for path in ("students/", "settings/", "payments/new/", f"students/{ours.ids['student_id']}/"):
        [said] = re.findall(r'data-testid="branch-switch".*?</svg>([^<]*)</button>', shown(client, path))
        assert said == "Second", path
