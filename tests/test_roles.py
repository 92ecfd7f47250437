"""The matrix of rights in the browser: what the page showed is what is saved."""

from __future__ import annotations

import re

from django.test import Client

from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.models import Role
from daftar.orgs.services import change_rights
from tests.cast import PASSWORD
from tests.probe import a_probe


def test_what_was_given_while_the_page_of_changes_stood_open_is_not_taken(db):
    ours = a_probe("lingua")
    with tenant_transaction(ours.by.org_id):
        rows = {row.pk: row.rights for row in Role.objects.visible_to(ours.by).exclude(code="owner")}
        pk = Role.objects.visible_to(ours.by).get(code="cashier").pk
    client, had = Client(), rows[pk]
    client.post("/login/", {"login": ours.logins["owner"], "password": PASSWORD})
    ticks = {f"role_{each}": list(rights) for each, rights in rows.items()}
    ticks[f"role_{pk}"] = [*(had - {"finance.promise"}), "people.edit"]
    page = client.post("/lingua/team/roles/", ticks).content.decode()
    sent = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page[page.index('<form class="card') :]))
    sent.pop("csrfmiddlewaretoken", None)
    assert sent == {"confirmed": "1", f"given_{pk}": "people.edit", f"taken_{pk}": "finance.promise"}
    with tenant_transaction(ours.by.org_id):
        change_rights(ours.by, given={pk: ["courses.edit"]}, taken={})
    assert client.post("/lingua/team/roles/", sent).status_code == 302
    with tenant_transaction(ours.by.org_id):
        now = Role.objects.visible_to(ours.by).get(pk=pk).rights
    assert now == (had - {"finance.promise"}) | {"people.edit", "courses.edit"}
