"""A centre whose rows are committed, so that every thread sees them; and the walls that a twin does without."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection

from daftar.ledger import services as ledger
from daftar.ledger.models import Account
from daftar.ledger.services import Held
from tests.cast import a_centre
from tests.races.together import CROWD, PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def by(transactional_db):
    return a_centre()


@pytest.fixture
def without_rule(transactional_db) -> Iterator[Callable[[str, str], None]]:
    """Takes a unique rule out of a table until the test is over: `without_rule("daftar_payment", "payment_once")`."""
    taken: list[tuple[str, str, str]] = []

    def take(table: str, name: str) -> None:
        (definition,) = as_owner("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", name)
        as_owner(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        taken.append((table, name, definition))

    yield take
    for table, name, definition in taken:
        as_owner(f"TRUNCATE {table} CASCADE")  # what the twin wrote would not fit the rule
        as_owner(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")


@pytest.fixture
def everybody_looked() -> threading.Barrier:
    """Where a twin waits between looking and writing until all the others have looked."""
    return threading.Barrier(CROWD, timeout=PATIENCE)


@pytest.fixture
def without_lock(monkeypatch, everybody_looked) -> None:
    """Students' accounts are looked at and not locked, and nobody posts before everybody has looked."""

    def unlocked(by: Any, *, students: Any) -> dict[int, Account]:
        return {row.student_id: row for row in Account.objects.visible_to(by).filter(student__in=students)}

    def unheld(by: Any, *, student_ids: Any) -> dict[int, Held]:
        columns = (*Held._fields[:-2], "student__branch_id")
        rows = Account.objects.visible_to(by).filter(student_id__in=student_ids).values_list(*columns)
        return {row[1]: Held(*row) for row in rows}

    def patient(post: Any) -> Any:
        def patiently(by: Any, **values: Any) -> Any:
            everybody_looked.wait()
            return post(by, **values)

        return patiently

    monkeypatch.setattr(ledger, "student_accounts", unlocked)
    monkeypatch.setattr(ledger, "hold_accounts", unheld)
    for name in ("post", "post_all"):
        monkeypatch.setattr(ledger, name, patient(getattr(ledger, name)))


def as_owner(sql: str, *values: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        cursor.execute(sql, values or None)
        row = cursor.fetchone() if cursor.description else None
        cursor.execute("SET ROLE daftar_app")
    return row
