"""A centre of any size, loaded set by set through the real tables with every constraint on.

The rows are what the verbs would have written: the checker of the ledger and the rules of pricing agree with them.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection, connections

from daftar.bench import plan, sql
from daftar.courses.catalogue import add_course
from daftar.courses.rules import PlanKind
from daftar.finance.models import Desk, Method
from daftar.ledger.models import AccountKind
from daftar.ledger.services import purpose_account
from daftar.lib.period import add_months
from daftar.lib.tenancy import tenant_transaction
from daftar.lib.text import search_key, sort_key
from daftar.orgs.founding import found
from daftar.orgs.models import Branch
from daftar.orgs.services import add_branch

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from daftar.orgs.access import Actor

PASSWORD = "bench-password"  # noqa: S105 - of a database that is thrown away
BRANCHES = ("Chilonzor", "Yunusobod", "Sergeli", "Olmazor")
GIVEN = (
    "Aziz", "Malika", "Sardor", "Nilufar", "Jasur", "Dildora", "Otabek", "Shahnoza", "Bekzod", "Zilola", "Rustam",
    "Kamola", "Sherzod", "Feruza", "Timur", "Madina", "Doniyor", "Lola", "Anvar", "Sevara",
)  # fmt: skip
STEMS = ("Karim", "Rahim", "Yusup", "Toshmat", "Said", "Nazar", "Olim", "Qodir", "Umar", "Zokir", "Hamid", "Jalil")
MIDDLES = ("", "jon", "bek", "xon", "boy", "ull", "dor", "nur", "sher", "gul", "mir", "ali", "tosh", "sulton", "dil")
ENDINGS = ("ov", "ova", "zoda")
TABLES = (
    "member", "room", "group", "recurrence", "lesson", "payer", "student", "contact", "enrolment", "subscription",
    "pricestep", "attendance", "account", "transfer", "payment",
)  # fmt: skip


@dataclass(frozen=True)
class Centre:
    """A loaded centre: who owns it, and the last id of each table before it was there."""

    by: Actor
    email: str
    students: int
    before: dict[str, int]
    rows: dict[str, int]
    seconds: float


def load(students: int, attendance: int, *, now: datetime, say: Callable[[str], None]) -> Centre:
    """Founds a centre and fills it."""
    began = time.monotonic()
    by = found(
        slug=f"bench-{students}", name=f"Bench {students}", currency="UZS", timezone="Asia/Tashkent", language="en",
        branch=BRANCHES[0], owner="Owner Bench", email=f"owner@bench-{students}.invalid", password=PASSWORD, at=now,
        is_demo=True,
    )  # fmt: skip
    with tenant_transaction(by.org_id):
        values = _frame(by)
    before = _last_ids()
    values |= {f"before_{name}": number for name, number in before.items()} | {
        "org": by.org_id, "today": by.today, "at": now,
        "ends_on": add_months(by.today.replace(day=1), plan.AHEAD_MONTHS),
        "month_price": plan.MONTH_PRICE, "lesson_price": plan.LESSON_PRICE, "a_month": plan.LESSONS_A_MONTH,
        "open_lessons": plan.OPEN_LESSONS,
    }  # fmt: skip
    rows: dict[str, int] = {}
    with tenant_transaction(by.org_id):
        _plans(by, students, attendance)
    for name, statement in sql.STEPS.items():
        since = time.monotonic()
        if name in sql.AFTER_STATISTICS:
            _as_owner("ANALYZE")
        with tenant_transaction(by.org_id), connection.cursor() as cursor:
            # Each row is checked at the end of its statement and not all of them at the commit.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(statement, values)
            rows[name] = cursor.rowcount
        if rows[name] > 0:
            spent = time.monotonic() - since
            say(f"  {name}: {rows[name]:,} rows in {spent:.1f} s, {rows[name] / spent:,.0f}/s")
    _settle()
    return Centre(by, f"owner@bench-{students}.invalid", students, before, rows, time.monotonic() - began)


def _frame(by: Actor) -> dict[str, Any]:
    """What a few verbs make: branches with desks, courses, the income account; as values of the statements."""
    for name in BRANCHES[1:]:
        add_branch(by, name=name, timezone="Asia/Tashkent", currency="UZS", language="en")
    prices = {PlanKind.CALENDAR_MONTH: plan.MONTH_PRICE, PlanKind.PER_LESSON: plan.LESSON_PRICE}
    courses = {
        kind: add_course(by, name=kind.value, plan=kind, currency="UZS", price=price).pk
        for kind, price in prices.items()
    }
    branches = list(Branch.objects.visible_to(by).order_by("id").values_list("id", flat=True))
    tills = Desk.objects.visible_to(by).filter(method=Method.CASH).order_by("branch_id")
    return {
        "branches": branches,
        "desks": [desk.pk for desk in tills],
        "desk_accounts": [desk.account_id for desk in tills],
        "month_course": courses[PlanKind.CALENDAR_MONTH],
        "lesson_course": courses[PlanKind.PER_LESSON],
        "income": purpose_account(by.trusted(), kind=AccountKind.INCOME, currency="UZS").pk,
    }


def _plans(by: Actor, students: int, attendance: int) -> None:
    """The groups and names as temporary tables."""
    groups = plan.groups_for(students, attendance, by.today)
    names = [
        f"{given} {stem}{middle}{end}" for stem in STEMS for middle in MIDDLES for end in ENDINGS for given in GIVEN
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql.PLANS)
        cursor.executemany(
            "INSERT INTO plan_group VALUES (%s, %s, %s, %s, %s, %s)",
            [
                (each.number, each.kind, each.plan.value, each.size, each.starts_on, list(each.weekdays))
                for each in groups
            ],
        )
        cursor.executemany(
            "INSERT INTO plan_name VALUES (%s, %s, %s, %s)",
            [(number, name, sort_key(name), search_key(name)) for number, name in enumerate(names)],
        )
        cursor.execute("ANALYZE plan_group, plan_name")


def _last_ids() -> dict[str, int]:
    """The last id of each table, over all centres."""
    with connections["owner"].cursor() as cursor:
        found = {}
        for name in TABLES:
            cursor.execute(f"SELECT coalesce(max(id), 0) FROM daftar_{name}")  # noqa: S608 - names of the list above
            found[name] = int(cursor.fetchone()[0])
        return found


def _settle() -> None:
    """Sequences after the ids that were given, statistics as autovacuum would leave them, nothing left to write."""
    with connections["owner"].cursor() as cursor:
        for name in TABLES:
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('daftar_{name}', 'id'), max(id)) FROM daftar_{name}"  # noqa: S608 - names of the list above
            )
        cursor.execute("VACUUM (ANALYZE)")


def _as_owner(statement: str) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(statement)
