"""A centre that was there before a release lives on after it."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connections

from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.models import Member
from daftar.orgs.roles import PERMISSIONS, BuiltIn
from tests.cast import a_centre, a_member, acting

BEFORE = "0006_undo_imports"


def migrate(*name: str) -> None:
    """To a migration by name, or to the last."""
    call_command("migrate", "daftar", *name, database="owner", interactive=False, verbosity=0)


@pytest.mark.release
@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_members_keep_the_role_they_had_when_roles_become_rows():
    by = a_centre()
    with tenant_transaction(by.org_id):
        for code in (BuiltIn.ADMINISTRATOR, BuiltIn.CASHIER, BuiltIn.TEACHER):
            a_member(by, code.value.title(), code.value)
    try:
        migrate(BEFORE)
        with connections["owner"].cursor() as cursor:
            cursor.execute("SELECT name, role FROM daftar_member ORDER BY id")
            was = dict(cursor.fetchall())
    finally:
        migrate()
        with connections["owner"].cursor() as cursor:
            cursor.execute("GRANT TRUNCATE ON ALL TABLES IN SCHEMA public TO daftar_app")  # as for every test
    assert was == {"Aziza": "owner", **{code.title(): code for code in ("administrator", "cashier", "teacher")}}
    with tenant_transaction(by.org_id):
        members = list(Member.objects.visible_to(by).select_related("role"))
        assert {row.name: row.role.code for row in members} == was
        for row in members:
            assert acting(by, row).permissions == PERMISSIONS[BuiltIn(row.role.code)]
