"""Each wall between organizations holds alone: row-level security, the guarded queryset, the composite keys."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import ForeignKey

from daftar.config.postgres.base import WITHOUT_ROW_SECURITY
from daftar.config.walls import refuse_unsafe_role
from daftar.ledger.models import Transfer
from daftar.lib.tenancy import UnscopedQuery, tenant_transaction
from daftar.orgs.models import AuditEntry, Branch, Organization
from daftar.people.models import Payer, Student
from tests.probe import a_probe

pytestmark = pytest.mark.django_db

TENANTS = [
    model
    for model in apps.get_app_config("daftar").get_models()
    if any(field.column == "org_id" for field in model._meta.local_fields)
]
WALLED = [model for model in TENANTS if model._meta.db_table not in WITHOUT_ROW_SECURITY]


@pytest.fixture
def centres(db):
    return a_probe("lingua"), a_probe("other")


@pytest.fixture
def as_owner(centres):
    """Both centres, seen by the tables' owner, whom row-level security does not hold."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
        yield centres
        cursor.execute("SET LOCAL ROLE daftar_app")


def catalogue(sql: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


# --- row-level security alone -----------------------------------------------------------------------------------


def test_without_an_organization_the_database_shows_nothing(centres):
    for model in WALLED:
        assert not model.unguarded.exists(), model.__name__


def test_the_database_shows_one_organization_even_when_nobody_asks_politely(centres):
    ours, _other = centres
    with tenant_transaction(ours.by.org_id):
        for model in WALLED:
            orgs = set(model.unguarded.values_list("org_id", flat=True))
            assert orgs <= {ours.by.org_id}, model.__name__
            assert orgs, f"{model.__name__}: no row, nothing shown"


def test_the_database_refuses_rows_of_another_organization(centres):
    ours, other = centres
    with tenant_transaction(ours.by.org_id):
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            Payer.objects.create(org_id=other.by.org_id, name="smuggled")
        assert Student.unguarded.filter(pk=other.ids["student_id"]).update(note="x") == 0


def test_every_tenant_table_is_walled():
    walled = {name for (name,) in catalogue("SELECT relname FROM pg_class WHERE relrowsecurity")}
    assert walled == {model._meta.db_table for model in WALLED}
    policies = catalogue("SELECT tablename, qual IS NOT NULL, with_check IS NOT NULL FROM pg_policies")
    assert {name for name, reads, writes in policies if reads and writes} == walled


def test_a_table_without_its_policy_would_leak(centres):
    """The twin: with the policy gone in this transaction, the neighbour's rows show, so the tests above can fail."""
    ours, _other = centres
    with connection.cursor() as cursor:
        cursor.execute(
            "SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL ROLE NONE;"
            "ALTER TABLE daftar_payer DISABLE ROW LEVEL SECURITY; SET LOCAL ROLE daftar_app"
        )
    with tenant_transaction(ours.by.org_id):
        assert Payer.unguarded.exclude(org_id=ours.by.org_id).exists()


def test_serving_is_refused_to_a_role_above_the_wall():
    refuse_unsafe_role()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
        with pytest.raises(SystemExit, match="above row-level security"):
            refuse_unsafe_role()
        cursor.execute("SET LOCAL ROLE daftar_app")


# --- the guarded queryset alone ---------------------------------------------------------------------------------


def test_the_queryset_shows_one_organization_even_to_the_owner_of_the_tables(as_owner):
    ours, other = as_owner
    for model in TENANTS:
        assert model.unguarded.filter(org_id=other.by.org_id).exists(), model.__name__
        assert set(model.objects.visible_to(ours.by).values_list("org_id", flat=True)) <= {ours.by.org_id}, (
            model.__name__
        )


@pytest.mark.parametrize("ask", ["all", "filter", "get", "count", "first", "values"])
def test_asking_without_saying_who_raises(ask):
    with pytest.raises(UnscopedQuery):
        getattr(Student.objects, ask)()


# --- composite keys alone ---------------------------------------------------------------------------------------


def test_every_key_between_tenants_carries_the_organization():
    keys = catalogue("""
        SELECT conrelid::regclass::text || '.' || conname FROM pg_constraint c
        WHERE contype = 'f' AND pg_get_constraintdef(oid) NOT LIKE 'FOREIGN KEY (org_id, %'
        AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.conrelid AND attname = 'org_id')
        AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.confrelid AND attname = 'org_id')
    """)
    assert keys == []


def test_mandatory_keys_lead_every_row_to_its_organization():
    """A table has a key to the organization, or one that may not be empty to a table that is led to it."""
    led, tables = {"daftar_organization"}, {model._meta.db_table for model in TENANTS}
    keys = catalogue("""
        SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint
        WHERE contype = 'f' AND conrelid <> confrelid AND conkey[1] = (
            SELECT attnum FROM pg_attribute WHERE attrelid = conrelid AND attname = 'org_id'
        ) AND NOT EXISTS (
            SELECT FROM pg_attribute WHERE attrelid = conrelid AND attnum = ANY(conkey) AND NOT attnotnull
        )
    """)
    while more := {table for table, target in keys if target in led} - led:
        led |= more
    assert tables - led == set()


def test_no_index_is_the_beginning_of_another():
    """It would be written with every row and read by nobody, as one of the organization alone beside (org, id)."""
    twice = catalogue("""
        SELECT a.indexrelid::regclass::text || ' of ' || b.indexrelid::regclass::text
        FROM pg_index a JOIN pg_index b ON b.indrelid = a.indrelid AND b.indexrelid <> a.indexrelid
        JOIN pg_class AS table_of ON table_of.oid = a.indrelid AND table_of.relname LIKE 'daftar%'
        WHERE NOT a.indisunique AND a.indpred IS NULL AND b.indpred IS NULL AND a.indexprs IS NULL
        AND a.indkey[0:a.indnkeyatts - 1] = b.indkey[0:a.indnkeyatts - 1]
        AND a.indoption[0:a.indnkeyatts - 1] = b.indoption[0:a.indnkeyatts - 1] AND a.indnatts = a.indnkeyatts
        AND a.indclass[0:a.indnkeyatts - 1] = b.indclass[0:a.indnkeyatts - 1]
    """)
    assert twice == [], twice


def test_the_keys_refuse_a_row_that_points_at_a_neighbours(as_owner):
    """For every foreign key of every tenant table, with row-level security out of the way."""
    ours, other = as_owner
    checked = 0
    for model in TENANTS:
        for field in model._meta.local_fields:
            if not isinstance(field, ForeignKey) or field.name == "org" or field.related_model not in TENANTS:
                continue
            row = model.unguarded.filter(org_id=ours.by.org_id, **{f"{field.name}__isnull": False}).first()
            target = field.related_model.unguarded.filter(org_id=other.by.org_id).first()
            if row is None or target is None:
                continue
            with pytest.raises((IntegrityError, DatabaseError)), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f'ALTER TABLE "{model._meta.db_table}" DISABLE TRIGGER USER')
                cursor.execute(
                    f'UPDATE "{model._meta.db_table}" SET "{field.column}" = %s WHERE id = %s', [target.pk, row.pk]
                )
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            checked += 1
    assert checked >= 25


# --- what is written once ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [Transfer, AuditEntry])
@pytest.mark.parametrize("role", ["daftar_app", "NONE"])
def test_the_database_refuses_to_alter_or_delete_what_is_written_once(centres, model, role):
    ours, _other = centres
    with tenant_transaction(ours.by.org_id), connection.cursor() as cursor:
        row = model.unguarded.first()
        for sql in (
            f"UPDATE {model._meta.db_table} SET org_id = org_id WHERE id = %s",
            f"DELETE FROM {model._meta.db_table} WHERE id = %s",
        ):
            with pytest.raises(DatabaseError, match="append-only|permission denied"), transaction.atomic():
                cursor.execute(f"SET LOCAL ROLE {role}")
                cursor.execute(sql, [row.pk])


def test_a_reversal_must_turn_its_original_round(centres):
    ours, _other = centres
    with tenant_transaction(ours.by.org_id):
        row = Transfer.unguarded.filter(kind="payment")[0]
        with pytest.raises(DatabaseError, match="does not reverse"), transaction.atomic():
            Transfer.objects.create(
                org_id=row.org_id, debit_id=row.credit_id, credit_id=row.debit_id, amount=row.amount - 1,
                kind="reversal", effective_on=row.effective_on, posted_at=row.posted_at, reverses=row,
            )  # fmt: skip


def test_branches_narrow_what_a_member_sees(centres):
    from dataclasses import replace

    ours, _other = centres
    with tenant_transaction(ours.by.org_id):
        elsewhere = replace(ours.by, branch_ids=frozenset({ours.ids["branch_id"] + 10**6}))
        assert Student.objects.visible_to(ours.by).exists()
        for model in (Student, Branch):
            assert not model.objects.visible_to(elsewhere).exists(), model.__name__
    assert Organization.objects.count() == 2
