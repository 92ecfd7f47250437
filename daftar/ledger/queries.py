"""Questions about money that say where it is, not why. They are asked by verbs and questions that permit them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import connection
from django.db.models import Case, Exists, F, OuterRef, Q, Sum, When, Window
from django.db.models.functions import Coalesce

from daftar.ledger.models import OF_TUITION, OWNED, Account, AccountKind, Books, Transfer, TransferKind
from daftar.lib.compiled import compiled
from daftar.orgs.access import Actor, question

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date, datetime

    from daftar.lib.tenancy import Asker


# The kinds of accounts that may be below zero, as SQL.
OWING = "('" + "', '".join(OF_TUITION) + "')"
# Of the accounts in `debtors(account_id)`: the last day at whose end the balance was below zero and before it was not.
SINCE = """
    moves AS (
        SELECT d.account_id, t.effective_on AS day, t.amount
        FROM debtors d JOIN daftar_transfer t ON t.org_id = %(org)s AND t.credit_id = d.account_id
        UNION ALL
        SELECT d.account_id, t.effective_on, -t.amount
        FROM debtors d JOIN daftar_transfer t ON t.org_id = %(org)s AND t.debit_id = d.account_id
    ), days AS (
        SELECT account_id, day, sum(sum(amount)) OVER (PARTITION BY account_id ORDER BY day) AS balance
        FROM moves GROUP BY account_id, day
    ), turns AS (
        SELECT account_id, day, balance, lag(balance, 1, 0) OVER (PARTITION BY account_id ORDER BY day) AS before
        FROM days
    ), since AS (
        SELECT account_id, max(day) AS day FROM turns WHERE balance < 0 AND before >= 0 GROUP BY account_id
    )
"""


@dataclass(frozen=True)
class Line:
    """One line of a statement: amounts in minor units, `balance` after it; `why` of a charge, else None."""

    transfer_id: int
    on: date
    posted_at: datetime
    kind: str
    amount: int
    balance: int
    note: str
    why: Any
    charge_key: str | None
    member: str
    is_reversed: bool
    reverses_id: int | None
    corrects_on: date | None = None


@dataclass(frozen=True)
class Held:
    """What is on the accounts of one student, in minor units: those of single subscriptions are by subscription.

    `owed` is on all accounts below zero together, since `owes_since` on the first of them (None: nothing is owed).
    """

    base: int = 0
    separate: dict[int, int] = field(default_factory=dict)
    bonus: int = 0
    owes_since: date | None = None
    owed: int = 0

    @property
    def balance(self) -> int:
        """As `balances` says it: without bonuses."""
        return self.base + sum(self.separate.values())


@dataclass(frozen=True)
class Drift:
    """An account whose kept balance is not the sum of its transfers."""

    account_id: int
    kept: int
    summed: int


@question("tuition.view")
def balances(by: Actor, student_ids: Collection[int]) -> dict[int, int]:
    """Balance of each student in minor units, subscriptions' own accounts included; one without an account has 0."""
    rows = Account.objects.visible_to(by).filter(kind__in=OF_TUITION, student_id__in=student_ids)
    found = dict.fromkeys(student_ids, 0)
    for student_id, balance in rows.values_list("student_id", "balance"):
        found[student_id] += balance
    return found


@question("tuition.view")
def base_balances(by: Actor, student_ids: Collection[int]) -> dict[int, int]:
    """What each student has beside the accounts that belong to one subscription, in minor units."""
    rows = Account.objects.visible_to(by).filter(kind=AccountKind.STUDENT, student_id__in=student_ids)
    return dict.fromkeys(student_ids, 0) | dict(rows.values_list("student_id", "balance"))


@question("tuition.view")
def held_by(by: Actor, student_ids: Collection[int]) -> dict[int, Held]:
    """All that is on the accounts of each student, in one statement."""
    rows = Account.objects.visible_to(by).filter(kind__in=OWNED, student_id__in=student_ids)
    found: dict[int, list[tuple[Any, ...]]] = {student_id: [] for student_id in student_ids}
    for student_id, *account in rows.values_list("student_id", "kind", "subscription_id", "balance", "owes_since"):
        found[student_id].append(tuple(account))
    return {student_id: _held(accounts) for student_id, accounts in found.items()}


def _held(accounts: list[tuple[Any, ...]]) -> Held:
    """From the kind, subscription, balance and first day of the debt of each account."""
    sums = {kind: balance for kind, _subscription, balance, _since in accounts}
    owing = [(since, balance) for _kind, _subscription, balance, since in accounts if since is not None]
    return Held(
        sums.get(AccountKind.STUDENT, 0),
        {subscription: balance for kind, subscription, balance, _since in accounts if kind == AccountKind.SEPARATE},
        sums.get(AccountKind.BONUS, 0), min((since for since, _balance in owing), default=None),
        -sum(balance for _since, balance in owing),
    )  # fmt: skip


@question("tuition.view")
def bonus_of(by: Actor, student_id: int) -> int:
    """What is left of a student's bonuses, in minor units."""
    rows = Account.objects.visible_to(by).filter(kind=AccountKind.BONUS, student_id=student_id)
    return rows.values_list("balance", flat=True).first() or 0


@question("tuition.view")
def separate_accounts(by: Actor, student_ids: Collection[int]) -> dict[int, Account]:
    """The accounts of these students' subscriptions that have their own, by subscription."""
    rows = Account.objects.visible_to(by).filter(kind=AccountKind.SEPARATE, student_id__in=student_ids)
    return {row.subscription_id: row for row in rows if row.subscription_id is not None}


@question("tuition.view")
def statement(by: Actor, student_id: int, *, with_reversed: bool = False) -> list[Line]:
    """Everything that moved a student's balance, oldest first, with the balance after each line.

    A transfer and its reversal on the same day cancel out; they are left out together unless asked for. What was
    reversed on a later day, because the books of its own were closed, stays where it was reported.
    """
    owned = Account.objects.visible_to(by).filter(kind__in=OF_TUITION, student_id=student_id)
    accounts = list(owned.values_list("pk", flat=True))
    if not accounts:
        return []
    undone = Transfer.unguarded.filter(org_id=by.org_id, reverses_id=OuterRef("pk"))
    signed = Case(When(credit_id__in=accounts, then=F("amount")), default=-F("amount"))
    rows: Any = (
        Transfer.objects.visible_to(by)
        .filter(Q(debit_id__in=accounts) | Q(credit_id__in=accounts))
        .annotate(is_undone=Exists(undone.filter(corrects_on=None)), signed=signed)
    )
    if not with_reversed:
        rows = rows.filter(is_undone=False).exclude(reverses__isnull=False, corrects_on=None)
    rows = rows.annotate(after=Window(Sum("signed"), order_by=[F("effective_on").asc(), F("id").asc()])).select_related(
        "member"
    )
    return [
        Line(
            row.pk, row.effective_on, row.posted_at, row.kind, row.signed, row.after, row.note, row.why,
            row.charge_key, row.member.name if row.member else "", row.is_undone, row.reverses_id,
            row.corrects_on,
        )
        for row in rows.order_by("effective_on", "id")
    ]  # fmt: skip


@question("tuition.view")
def balance_after(by: Actor, transfer: Transfer, student_id: int) -> int:
    """A student's balance right after a transfer was posted, in minor units; what came later is not in it."""
    until = Transfer.objects.visible_to(by).filter(pk__lte=transfer.pk)
    plus = until.filter(credit__student_id=student_id).aggregate(total=Coalesce(Sum("amount"), 0))["total"]
    minus = until.filter(debit__student_id=student_id).aggregate(total=Coalesce(Sum("amount"), 0))["total"]
    return int(plus - minus)


class LiveCharge(NamedTuple):
    """A charge, or below zero a credit, that was posted and not reversed; `on` is the day it was due."""

    id: int
    on: date
    amount: int
    charge_key: str


@question("tuition.view")
def live_charges(by: Actor, account_ids: Collection[int], since: date | None = None) -> dict[int, list[LiveCharge]]:
    """Charges and credits that were posted and not reversed, by the account they were charged to; due from a day on."""
    found: dict[int, list[LiveCharge]] = {account_id: [] for account_id in account_ids}
    for account_id, *values in _live(by, account_ids=account_ids, since=since):
        row = LiveCharge._make(values)
        if since is None or row.on >= since:
            found[account_id].append(row)
    return found


@compiled
def _live(by: Asker, *, account_ids: Collection[int], since: date | None) -> Any:
    undone = Transfer.unguarded.filter(org_id=by.org_id, reverses_id=OuterRef("pk"))
    rows = Transfer.objects.visible_to(by).exclude(Exists(undone)).annotate(due=Coalesce("corrects_on", "effective_on"))
    if since is not None:  # nothing is dated before it is due
        rows = rows.filter(effective_on__gte=since)
    # Each kind by the index of its own side.
    charges = rows.filter(kind=TransferKind.CHARGE, debit__among=account_ids).annotate(signed=F("amount"))
    given = rows.filter(kind=TransferKind.CREDIT, credit__among=account_ids).annotate(signed=-F("amount"))
    columns = ("id", "due", "signed", "charge_key")
    return charges.values_list("debit_id", *columns).union(given.values_list("credit_id", *columns), all=True)


@question("tuition.view")
def students_charged(by: Actor, until: date) -> Any:
    """The ids of students to whom all has been charged that was due up to a day, as rows of one column."""
    rows = Account.objects.visible_to(by).filter(kind=AccountKind.STUDENT, charged_until__gte=until)
    return rows.values("student_id")


class Moved(NamedTuple):
    """Money that came to a student (below zero: left), to a subscription's own account or, None, to the base one."""

    student_id: int
    subscription_id: int | None
    on: date
    amount: int


@question("tuition.view")
def money_moved(by: Actor, student_ids: Collection[int]) -> list[Moved]:
    """All money of these students but what was charged and credited for lessons, and the reversals of it."""
    rows = Transfer.objects.visible_to(by).filter(charge_key=None)
    kinds = [AccountKind.STUDENT, AccountKind.SEPARATE]
    found = []
    for side, sign in (("credit", 1), ("debit", -1)):
        mine = rows.filter(**{f"{side}__student_id__in": student_ids, f"{side}__kind__in": kinds})
        columns = mine.values_list(
            f"{side}__student_id", f"{side}__subscription_id", Coalesce("corrects_on", "effective_on"), "amount"
        )
        found += [Moved(student_id, own, on, sign * amount) for student_id, own, on, amount in columns]
    return found


@dataclass(frozen=True)
class AccountMove:
    """One transfer as one student's accounts see it; `amount` above zero came to the student."""

    on: date
    kind: str
    amount: int
    why: Any
    reverses_id: int | None


@question("tuition.view")
def last_transfer_id(by: Actor) -> int:
    """The newest transfer's id; 0 where there is none."""
    return Transfer.objects.visible_to(by).order_by("-id").values_list("id", flat=True).first() or 0


@question("tuition.view")
def moves_since(by: Actor, student_ids: Collection[int], transfer_id: int) -> dict[int, list[AccountMove]]:
    """What moved on these students' accounts after a transfer, by student, in the order it was posted.

    What takes something back says why that had been.
    """
    found: dict[int, list[AccountMove]] = {student_id: [] for student_id in student_ids}
    rows = Transfer.objects.visible_to(by).filter(pk__gt=transfer_id).order_by("id")
    for row in rows.select_related("debit", "credit", "reverses"):
        why = row.why if row.reverses is None else row.reverses.why
        for account, sign in ((row.debit, -1), (row.credit, 1)):
            if account.student_id in found and account.kind in OF_TUITION:
                move = AccountMove(row.effective_on, row.kind, sign * row.amount, why, row.reverses_id)
                found[account.student_id].append(move)
    return found


@question("tuition.view")
def live_openings(by: Actor, student_ids: Collection[int]) -> list[Transfer]:
    """Opening balances of these students that were not reversed."""
    rows = Transfer.objects.visible_to(by).filter(kind=TransferKind.OPENING)
    mine = rows.filter(Q(debit__student_id__in=student_ids) | Q(credit__student_id__in=student_ids))
    return list(mine.exclude(Exists(Transfer.unguarded.filter(org_id=by.org_id, reverses_id=OuterRef("pk")))))


@question("tuition.view")
def transfers(by: Actor, transfer_ids: Collection[int]) -> dict[int, Transfer]:
    """These transfers, by id."""
    if not transfer_ids:
        return {}
    return {row.pk: row for row in Transfer.objects.visible_to(by).filter(pk__in=transfer_ids)}


@question("tuition.view")
def charge_turns(by: Actor, charge_keys: Collection[str]) -> dict[str, int]:
    """The next free turn of each charge key."""
    turns = dict.fromkeys(charge_keys, 0)
    for key, turn in _turns(by, charge_keys=charge_keys):
        turns[key] = max(turns[key], turn + 1)
    return turns


@compiled
def _turns(by: Asker, *, charge_keys: Collection[str]) -> Any:
    return Transfer.objects.visible_to(by).filter(charge_key__among=charge_keys).values_list("charge_key", "turn")


@question("finance.view")
def books(by: Actor) -> list[Books]:
    """The books of each branch, the oldest branch first."""
    return list(Books.objects.visible_to(by).select_related("branch").order_by("branch_id"))


@question("finance.view")
def desk_balances(by: Actor, account_ids: Collection[int]) -> dict[int, int]:
    """What lies in each desk, in minor units."""
    rows = Account.objects.visible_to(by).filter(pk__in=account_ids)
    return {pk: -balance for pk, balance in rows.values_list("pk", "balance")}


@question("tuition.view")
def drift(by: Actor) -> list[Drift]:
    """Accounts whose kept balance is not the sum of their transfers: must be none, ever (law 5)."""
    sql = """
        SELECT a.id, a.balance, coalesce(s.total, 0)
        FROM daftar_account a
        LEFT JOIN (
            SELECT account_id, sum(amount)::bigint AS total FROM (
                SELECT credit_id AS account_id, amount FROM daftar_transfer WHERE org_id = %(org)s
                UNION ALL
                SELECT debit_id, -amount FROM daftar_transfer WHERE org_id = %(org)s
            ) moves GROUP BY account_id
        ) s ON s.account_id = a.id
        WHERE a.org_id = %(org)s AND a.balance IS NOT NULL AND a.balance <> coalesce(s.total, 0)
        ORDER BY a.id
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, {"org": by.org_id})
        return [Drift(*row) for row in cursor.fetchall()]


@question("tuition.view")
def wrong_debt_days(by: Actor) -> int:
    """How many accounts below zero have another day kept than their transfers give: must be 0."""
    sql = f"""
        WITH debtors AS (
            SELECT id AS account_id FROM daftar_account WHERE org_id = %(org)s AND kind IN {OWING} AND balance < 0
        ), {SINCE}
        SELECT count(*) FROM daftar_account a LEFT JOIN since ON since.account_id = a.id
        WHERE a.org_id = %(org)s AND a.owes_since IS DISTINCT FROM since.day
    """  # noqa: S608 - made of constants
    with connection.cursor() as cursor:
        cursor.execute(sql, {"org": by.org_id})
        return int(cursor.fetchone()[0])


@question("tuition.view")
def broken_transfers(by: Actor) -> dict[str, int]:
    """How many transfers break a rule that no single row can show; every figure must be 0."""
    rows = Transfer.objects.visible_to(by)
    reversals = rows.exclude(reverses=None)
    return {
        "mixed currencies": rows.exclude(debit__currency=F("credit__currency")).count(),
        "reversal unlike its original": reversals.exclude(
            amount=F("reverses__amount"), debit_id=F("reverses__credit_id"), credit_id=F("reverses__debit_id")
        ).count(),
        "reversal of a reversal": reversals.exclude(reverses__reverses=None).count(),
        "debt since another day": wrong_debt_days(by),
    }
