"""The twin that must fail: the same installation, but payments are taken as people naively do it.

`python -m tests.crash.naive up …` runs it; the test takes the rules that would refuse it out of its database.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg

from daftar.config import cli

if TYPE_CHECKING:
    from datetime import date

    from daftar.orgs.access import Actor

# Whoever checks before inserting thinks that these are not needed.
RULES = {
    "daftar_payment": ("payment_once", "receipt_number_once"),
    "daftar_transfer": ("transfer_key_once",),
    "daftar_account": ("account_owes_since",),
}


@dataclass(frozen=True)
class Paid:
    """What the page asks of a payment."""

    pk: int


def take_payment(
    by: Actor, *, student_id: int, desk_id: int, amount: int, paid_on: date, key: str, note: str = ""
) -> Paid:
    """Looks whether the key is there, reads the balances, adds, saves; each statement is a transaction of its own."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as db:
        made = _one(db, "SELECT id FROM daftar_payment WHERE idempotency_key = %s", key)
        if made:
            return Paid(made[0])
        till = _one(
            db,
            "SELECT a.id, a.balance, d.branch_id FROM daftar_account a JOIN daftar_desk d ON d.account_id = a.id"
            " WHERE d.id = %s",
            desk_id,
        )
        pupil = _one(db, "SELECT id, balance FROM daftar_account WHERE student_id = %s", student_id)
        transfer = _one(
            db,
            "INSERT INTO daftar_transfer"
            " (org_id, debit_id, credit_id, amount, kind, effective_on, posted_at, member_id, idempotency_key, note)"
            " VALUES (%s, %s, %s, %s, 'payment', %s, %s, %s, %s, %s) RETURNING id",
            by.org_id, till[0], pupil[0], amount, paid_on, by.at, by.member_id, f"payment:{key}", note,
        )  # fmt: skip
        number = _one(db, "SELECT coalesce(max(number), 0) + 1 FROM daftar_payment WHERE branch_id = %s", till[2])
        payment = _one(
            db,
            "INSERT INTO daftar_payment (org_id, branch_id, student_id, desk_id, transfer_id, number, amount, paid_on,"
            " payer_name, note, member_id, recorded_at, idempotency_key)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, '', %s, %s, %s, %s) RETURNING id",
            by.org_id, till[2], student_id, desk_id, transfer[0], number[0], amount, paid_on, note, by.member_id,
            by.at, key,
        )  # fmt: skip
        db.execute("UPDATE daftar_account SET balance = %s WHERE id = %s", [till[1] - amount, till[0]])
        db.execute("UPDATE daftar_account SET balance = %s WHERE id = %s", [pupil[1] + amount, pupil[0]])
        return Paid(payment[0])


def _one(db: psycopg.Connection[Any], sql: str, *values: Any) -> Any:
    return db.execute(sql, values).fetchone()


def drop_rules(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as db:
        for table, names in RULES.items():
            for name in names:
                db.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}")


def load() -> Any:
    """The product's own application with this one verb in the place of its own."""
    from daftar.config.wsgi import application
    from daftar.finance import services

    services.take_payment = take_payment
    return application


def main() -> int:
    children = cli._children

    def ours(port: int, **more: bool) -> dict[str, list[str]]:
        web = children(port, **more)["web"]
        return {"web": [*web[:-1], "--factory", "tests.crash.naive:load"]}

    cli._children = ours
    return cli.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
