"""The one way money moves: `post` writes transfers and the kept balances in the same transaction.

Called by verbs of packages above with `by.trusted()`; nobody is permitted to move money without a reason.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import connection
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from daftar.ledger.models import OF_TUITION, Account, AccountKind, Books, Transfer, TransferKind
from daftar.ledger.queries import OWING, SINCE
from daftar.ledger.rules import first_open_day, is_closed
from daftar.lib.among import array_of
from daftar.lib.compiled import compiled
from daftar.lib.errors import Refusal
from daftar.orgs.access import Actor, add, change, verb
from daftar.people.queries import learners

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date

    from daftar.lib.tenancy import Asker
    from daftar.people.models import Student
    from daftar.people.queries import Learner


class CurrenciesDiffer(Refusal):
    """Money of one currency cannot become money of another by being moved."""

    text = _("These two are kept in different currencies.")


class BooksAreClosed(Refusal):
    """What was reported is not changed afterwards: corrections are dated the first open day."""

    field = "paid_on"
    text = _("The books are closed up to %(day)s.")


class BooksWereClosed(Refusal):
    """The same, said by the database."""

    constraints = ("books_are_closed",)
    field = "paid_on"
    text = _("The books of this day are closed.")


# The transfers are in already, so the days a debtor's balance fell can be read from them. A day is judged by its end.
# Where money only went, the day often tells itself: who owed before owes since the same day, and who did not owes since
# the day it went, if nothing came on that day or later.
MOVE_BALANCES = f"""
    WITH new AS (
        SELECT account.id, account.kind, delta.amount AS delta, delta.charged_until,
            account.balance + delta.amount AS balance,
            CASE WHEN account.owes_since <= delta.gone_on THEN account.owes_since
                WHEN account.owes_since IS NULL AND account.kind IN {OWING}
                    AND NOT EXISTS (SELECT FROM daftar_transfer
                        WHERE org_id = %(org)s AND debit_id = account.id AND effective_on > delta.gone_on)
                    AND NOT EXISTS (SELECT FROM daftar_transfer
                        WHERE org_id = %(org)s AND credit_id = account.id AND effective_on >= delta.gone_on)
                THEN delta.gone_on END AS told
        FROM daftar_account AS account
        JOIN unnest(%(ids)s::bigint[], %(amounts)s::bigint[], %(gone)s::date[], %(charged)s::date[])
            AS delta(account_id, amount, gone_on, charged_until) ON delta.account_id = account.id
        WHERE account.org_id = %(org)s AND account.balance IS NOT NULL
    ), debtors AS (
        SELECT id AS account_id FROM new WHERE kind IN {OWING} AND balance < 0 AND told IS NULL
    ), {SINCE}
    UPDATE daftar_account AS account SET balance = account.balance + new.delta, charged_until = new.charged_until,
        owes_since = CASE WHEN new.kind IN {OWING} AND new.balance < 0
            THEN coalesce(new.told, since.day) END
    FROM new LEFT JOIN since ON since.account_id = new.id
    WHERE account.id = new.id AND account.org_id = %(org)s
"""  # noqa: S608 - made of constants


# The same where nobody owes afterwards: most payments; there are no days to be read then.
MOVE_BALANCES_ABOVE_ZERO = """
    UPDATE daftar_account AS account SET balance = account.balance + delta.amount, owes_since = NULL,
        charged_until = delta.charged_until
    FROM unnest(%(ids)s::bigint[], %(amounts)s::bigint[], %(charged)s::date[])
        AS delta(account_id, amount, charged_until)
    WHERE account.id = delta.account_id AND account.org_id = %(org)s AND account.balance IS NOT NULL
"""


_NOTHING: Mapping[int, date | None] = MappingProxyType({})

# Many post at once and none of them waits for another, only for whoever closes the books or opens them.
CLOSED_BOOKS = """
    SELECT branch_id, closed_until FROM daftar_books
    WHERE org_id = %(org)s AND branch_id = ANY(%(branches)s::bigint[]) ORDER BY id FOR SHARE
"""


class Told(NamedTuple):
    """Why: lines of its own, ready for json.dumps, and after them lines that others share, as JSON, sent once."""

    own: list[dict[str, object]]
    shared: str


@dataclass(slots=True)  # thousands are made: frozen, each would take Python three times as long
class Move:
    """A transfer to be posted: `amount` > 0 minor units."""

    debit_id: int
    credit_id: int
    amount: int
    kind: TransferKind
    on: date
    corrects_on: date | None = None
    charge_key: str | None = None
    turn: int | None = None
    why: Any = None
    reverses_id: int | None = None
    idempotency_key: str | None = None
    note: str = ""


@verb("ledger.post")
def student_accounts(by: Actor, *, students: Collection[Student]) -> dict[int, Account]:
    """The locked account of each student, opened where there is none; locks are taken in the order of ids.

    From here to the end of the transaction nobody else posts to these students, not to the accounts of their
    subscriptions either. Students need their branch loaded.
    """
    found = _locked_of(by, students)
    missing = [student for student in students if student.id not in found]
    if not missing:
        return found
    _open(by, missing)
    return found | _locked_of(by, missing)


def _locked_of(by: Actor, students: Collection[Student]) -> dict[int, Account]:
    locked = _locked(by, [student.id for student in students])
    return {row.student_id: row for row in locked if row.kind == AccountKind.STUDENT}


class Held(NamedTuple):
    """A student's locked account, the branch where the student is, and whether there are accounts of subscriptions."""

    id: int
    student_id: int
    kind: str
    currency: str
    balance: int
    charged_until: date | None
    branch_id: int
    has_separate: bool = False

    @property
    def pk(self) -> int:
        """As a model has it."""
        return self.id


@verb("ledger.post")
def hold_accounts(by: Actor, *, student_ids: Collection[int]) -> dict[int, Held]:
    """The same for very many students that the actor sees: what of their accounts charging asks for."""
    found = _held(by, student_ids)
    missing = set(student_ids) - found.keys()
    unopened = learners(by, missing) if missing else []
    if not unopened:
        return found
    _open(by, unopened)
    return found | _held(by, [student.id for student in unopened])


def _held(by: Actor, student_ids: Collection[int]) -> dict[int, Held]:
    rows = _held_rows(by, student_ids=student_ids)
    apart = {row[1] for row in rows if row[2] == AccountKind.SEPARATE}
    return {row[1]: Held._make((*row, row[1] in apart)) for row in rows if row[2] == AccountKind.STUDENT}


@compiled
def _held_rows(by: Asker, *, student_ids: Collection[int]) -> Any:
    rows = _locked(by, student_ids)
    if by.branch_ids is not None:
        rows = rows.filter(student__branch__among=by.branch_ids)
    return rows.values_list(*Held._fields[:-2], "student__branch_id")


def _open(by: Actor, students: Collection[Student | Learner]) -> None:
    Account.objects.bulk_create(
        [
            Account(
                org_id=by.org_id, kind=AccountKind.STUDENT, student_id=student.pk, currency=student.branch.currency,
                balance=0,
            )
            for student in sorted(students, key=lambda student: student.pk)
        ],
        ignore_conflicts=True,
        batch_size=2000,
    )  # fmt: skip


def _locked(by: Asker, student_ids: Collection[int]) -> Any:
    """All their accounts, whatever they are for."""
    owned = Account.objects.visible_to(by).filter(student_id__among=student_ids)
    return owned.select_for_update(of=("self",), no_key=True).order_by("id")


@verb("ledger.post")
def open_separate_account(by: Actor, *, student: Student, subscription_id: int) -> Account:
    """An empty account for the money of one subscription; the student needs the branch loaded."""
    return add(
        by, Account, kind=AccountKind.SEPARATE, student=student, subscription_id=subscription_id,
        currency=student.branch.currency, balance=0,
    )  # fmt: skip


@verb("ledger.post")
def lock_accounts(by: Actor, *, account_ids: Collection[int]) -> None:
    """From here to the end of the transaction nobody else posts to these accounts, whose balances are kept."""
    rows = Account.objects.visible_to(by).filter(pk__in=account_ids)
    list(rows.select_for_update(no_key=True).order_by("id").values_list("id"))


@verb("ledger.post")
def bonus_account(by: Actor, *, student: Student) -> Account:
    """The account of a student's bonuses, opened where there is none; the student needs the branch loaded."""
    rows = Account.objects.visible_to(by).filter(kind=AccountKind.BONUS, student=student)
    Account.objects.bulk_create(
        [
            Account(
                org_id=by.org_id, kind=AccountKind.BONUS, student=student, currency=student.branch.currency, balance=0
            )
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    return rows.get()


@verb("ledger.post")
def set_charged_until(by: Actor, *, account_ids: Collection[int], on: date | None) -> None:
    """Notes up to which day everything due to these students, whose accounts are locked, has been charged."""
    rows = Account.objects.visible_to(by).filter(pk__among=account_ids)
    rows.update(charged_until=on)


@verb("ledger.post")
def purpose_account(by: Actor, *, kind: AccountKind, currency: str) -> Account:
    """The organization's account for a purpose in a currency; its sum is not kept, so it is not locked."""
    found = _for_purpose(by, kind=kind.value, currency=currency)
    if not found:
        Account.objects.bulk_create(
            [Account(org_id=by.org_id, kind=kind, currency=currency, balance=None)], ignore_conflicts=True
        )
        found = _for_purpose(by, kind=kind.value, currency=currency)
    account: Account = found[0]
    return account


@compiled
def _for_purpose(by: Asker, *, kind: str, currency: str) -> Any:
    return Account.objects.visible_to(by).filter(kind=kind, currency=currency).order_by("id")


@verb("ledger.post")
def open_desk_account(by: Actor, *, branch_id: int, currency: str, name: str) -> Account:
    """An empty account for a desk of a branch."""
    return add(by, Account, kind=AccountKind.DESK, branch_id=branch_id, currency=currency, name=name, balance=0)


@verb("ledger.post")
def post(by: Actor, *, moves: Sequence[Move]) -> list[Transfer]:
    """Writes transfers and moves the kept balances, all or nothing, in a number of statements that does not grow.

    Raises CurrenciesDiffer or BooksAreClosed before anything is written. A charge key and turn, a reversal or an
    idempotency key that exists already is refused by the database.
    """
    if not moves:
        return []
    accounts = _accounts_of(by, moves)
    if any(accounts[move.debit_id].currency != accounts[move.credit_id].currency for move in moves):
        raise CurrenciesDiffer
    _check_books(by, accounts, moves)
    rows = Transfer.objects.bulk_create(
        [
            Transfer(
                org_id=by.org_id, debit_id=move.debit_id, credit_id=move.credit_id, amount=move.amount, kind=move.kind,
                effective_on=move.on, corrects_on=move.corrects_on, posted_at=by.at, member_id=by.member_id,
                charge_key=move.charge_key, turn=move.turn, why=move.why, reverses_id=move.reverses_id,
                idempotency_key=move.idempotency_key, note=move.note,
            )
            for move in moves
        ],
        batch_size=2000,
    )  # fmt: skip
    _move_balances(by, accounts, moves)
    return rows


# Columns side by side: an object for each row would be taken apart name by name. Texts as JSON, since the driver would
# escape each value of an array; numbers and days as arrays written by hand.
WRITE = """
    INSERT INTO daftar_transfer (
        org_id, debit_id, credit_id, amount, kind, effective_on, corrects_on, posted_at, member_id, charge_key, turn,
        why, reverses_id, idempotency_key, note
    )
    SELECT %(org)s, debit_id, credit_id, amount, kind, effective_on, corrects_on, %(at)s, %(member)s, charge_key, turn,
        nullif(own::text, 'null')::jsonb || (%(shared)s::jsonb -> place), reverses_id, idempotency_key, note
    FROM ROWS FROM (
        unnest(%(debits)s::bigint[]), unnest(%(credits)s::bigint[]), unnest(%(amounts)s::bigint[]),
        unnest(%(days)s::date[]), unnest(%(corrected)s::date[]), unnest(%(turns)s::int[]),
        unnest(%(reversed)s::bigint[]), unnest(%(places)s::int[]), json_array_elements(%(own)s::json),
        json_array_elements_text(%(kinds)s::json), json_array_elements_text(%(charge_keys)s::json),
        json_array_elements_text(%(keys)s::json), json_array_elements_text(%(notes)s::json)
    ) AS row (
        debit_id, credit_id, amount, effective_on, corrects_on, turn, reverses_id, place, own, kind, charge_key,
        idempotency_key, note
    )
"""


@verb("ledger.post")
def post_all(
    by: Actor, *, moves: Sequence[Move], accounts: Mapping[int, Account | Held], charged: Mapping[int, date | None]
) -> None:
    """The same as `post` for very many, in two statements: whoever asks holds all these accounts locked already.

    `charged`: up to which day all that was due is charged now, of those of these accounts of which that is to be noted.
    The database refuses what is dated in closed books.
    """
    if not moves:
        return
    if any(accounts[move.debit_id].currency != accounts[move.credit_id].currency for move in moves):
        raise CurrenciesDiffer
    with connection.cursor() as cursor:
        cursor.execute(WRITE, {"org": by.org_id, "at": by.at, "member": by.member_id, **_columns(moves)})
    _move_balances(by, accounts, moves, charged)


def _columns(moves: Sequence[Move]) -> dict[str, str]:
    """The moves column by column, as WRITE takes them."""
    shared: dict[str, int] = {}
    told = [_told(move.why) for move in moves]
    places = [None if each is None else shared.setdefault(each.shared, len(shared)) for each in told]
    return {
        "debits": array_of([move.debit_id for move in moves]),
        "credits": array_of([move.credit_id for move in moves]),
        "amounts": array_of([move.amount for move in moves]),
        "days": array_of([move.on for move in moves]),
        "corrected": array_of([move.corrects_on for move in moves]),
        "turns": array_of([move.turn for move in moves]),
        "reversed": array_of([move.reverses_id for move in moves]),
        "places": array_of(places),
        "own": json.dumps([None if each is None else each.own for each in told]),
        "shared": f"[{','.join(shared)}]",
        "kinds": json.dumps([move.kind for move in moves]),
        "charge_keys": json.dumps([move.charge_key for move in moves]),
        "keys": json.dumps([move.idempotency_key for move in moves]),
        "notes": json.dumps([move.note for move in moves]),
    }


def _told(why: Any) -> Told | None:
    if why is None or isinstance(why, Told):
        return why
    return Told(why, "[]")


def reversal_of(transfer: Transfer, *, closed_until: date | None, turn: int | None = None, note: str = "") -> Move:
    """The move that undoes a transfer: on its own day, or, where the books of that are closed, the first open one."""
    on = first_open_day(transfer.effective_on, closed_until)
    return Move(
        debit_id=transfer.credit_id, credit_id=transfer.debit_id, amount=transfer.amount, kind=TransferKind.REVERSAL,
        on=on, corrects_on=None if on == transfer.effective_on else transfer.effective_on,
        charge_key=transfer.charge_key, turn=turn, reverses_id=transfer.pk, note=note,
    )  # fmt: skip


@verb("ledger.post")
def open_books(by: Actor, *, branch_id: int) -> Books:
    """The books of a new branch, all of them open."""
    return add(by, Books, branch_id=branch_id)


@verb("ledger.post")
def lock_books(by: Actor, *, branch_id: int) -> Books:
    """The books of a branch, locked once whatever is being posted there is done; nothing is posted meanwhile."""
    rows = Books.objects.visible_to(by).select_related("branch")
    books: Books = rows.select_for_update(of=("self",), no_key=True).one(branch_id=branch_id)
    return books


@verb("ledger.post")
def set_books(by: Actor, *, books: Books, closed_until: date | None) -> None:
    """Closes the locked books of a branch up to a day, or opens them again."""
    change(by, books, closed_until=closed_until)


@verb("ledger.post")
def closed_books(by: Actor, *, branch_ids: Collection[int]) -> dict[int, date]:
    """Up to which day the books are closed, of those branches where they are.

    From here to the end of the transaction nobody closes or opens books of these branches.
    """
    with connection.cursor() as cursor:
        cursor.execute(CLOSED_BOOKS, {"org": by.org_id, "branches": sorted(branch_ids)})
        return {branch_id: until for branch_id, until in cursor.fetchall() if until}


def _accounts_of(by: Actor, moves: Sequence[Move]) -> dict[int, Account]:
    """The accounts of these moves with the branch each stands in, if any; those whose balance is kept are locked."""
    ids = {move.debit_id for move in moves} | {move.credit_id for move in moves}
    rows: Any = Account.objects.visible_to(by).annotate(place=Coalesce("branch_id", "student__branch_id"))
    kept = rows.filter(pk__in=ids, balance__isnull=False).select_for_update(of=("self",), no_key=True).order_by("id")
    accounts = {row.pk: row for row in kept}
    if others := ids - accounts.keys():
        accounts |= {row.pk: row for row in rows.filter(pk__in=others, balance=None)}
    return accounts


def _check_books(by: Actor, accounts: Mapping[int, Any], moves: Sequence[Move]) -> None:
    places = {account.place for account in accounts.values() if account.place}
    closed = closed_books(by, branch_ids=places)
    if not closed:
        return
    for move in moves:
        for account_id in (move.debit_id, move.credit_id):
            until = closed.get(accounts[account_id].place)
            if is_closed(move.on, until):
                raise BooksAreClosed(day=until)


def _move_balances(
    by: Actor,
    accounts: Mapping[int, Account | Held],
    moves: Sequence[Move],
    charged: Mapping[int, date | None] = _NOTHING,
) -> None:
    deltas: dict[int, int] = defaultdict(int)
    gone: dict[int, date | None] = {}
    for move in moves:
        deltas[move.debit_id] -= move.amount
        deltas[move.credit_id] += move.amount
        # The day of what went, where all went on one day and nothing came.
        gone[move.debit_id] = move.on if gone.get(move.debit_id, move.on) == move.on else None
        gone[move.credit_id] = None
    # The accounts are locked, so what was read of them is what they hold.
    owed = any(
        accounts[pk].kind in OF_TUITION and (accounts[pk].balance or 0) + delta < 0 for pk, delta in deltas.items()
    )
    # One statement however many accounts: an expression per account would be planned account by account.
    with connection.cursor() as cursor:
        cursor.execute(
            MOVE_BALANCES if owed else MOVE_BALANCES_ABOVE_ZERO,
            {
                "ids": array_of(deltas),
                "amounts": array_of(deltas.values()),
                "gone": array_of([gone[pk] for pk in deltas]),
                "charged": array_of([charged.get(pk, accounts[pk].charged_until) for pk in deltas]),
                "org": by.org_id,
            },
        )
