"""Verbs of tuition: `reconcile` is the only door between what is due and what is posted."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from django.utils.translation import gettext_lazy as _

from daftar.courses.events import TuitionFactsChanged
from daftar.courses.services import activate_enrolment, place_student
from daftar.ledger import queries as ledger_queries
from daftar.ledger import services as ledger
from daftar.ledger.models import AccountKind, Transfer, TransferKind
from daftar.ledger.rules import first_open_day
from daftar.lib.errors import Refusal
from daftar.orgs.access import Actor, add, change, publish, verb
from daftar.people.queries import learners_in
from daftar.tuition import rules
from daftar.tuition.asked import to_charge
from daftar.tuition.listed import prices_from, terms_of
from daftar.tuition.models import PriceStep, Subscription

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date

    from daftar.courses.models import Enrolment
    from daftar.ledger.models import Account
    from daftar.ledger.services import Held
    from daftar.people.models import Student as StudentRow
    from daftar.tuition.asked import ToCharge
    from daftar.tuition.rules import PlanKind

CREDITED_ON = "@"


class PriceMissing(Refusal):
    """Neither the group nor its course has a price."""

    text = _("Neither the group nor its course has a price. Set one first.")


@verb("tuition.activate")
def activate(by: Actor, *, enrolment_id: int, activated_on: date) -> Enrolment:
    """Ends a trial: from `activated_on` the student is charged as the group or its course says, at that day's price.

    Who comes back into the group goes on with the subscription there was, unless the way of charging has changed.
    """
    enrolment = activate_enrolment(by.trusted(), enrolment_id=enrolment_id, activated_on=activated_on)
    terms, prices = terms_of(enrolment.group), prices_from(by, enrolment.group, activated_on)
    if not prices:
        raise PriceMissing
    rows = Subscription.objects.visible_to(by).filter(student_id=enrolment.student_id, group_id=enrolment.group_id)
    earlier = rows.filter(ends_on=None, tariff=None).order_by("-starts_on", "-id").first()
    if earlier is not None and all(getattr(earlier, name) == value for name, value in terms.items()):
        _go_on(by, earlier, prices, activated_on)
    else:
        if earlier is not None and earlier.starts_on < activated_on:
            change(by, earlier, ends_on=activated_on)
        row = add(
            by, Subscription, student=enrolment.student, group=enrolment.group, enrolment=enrolment,
            starts_on=activated_on, **terms,
        )  # fmt: skip
        PriceStep.objects.bulk_create(
            [PriceStep(org_id=by.org_id, subscription=row, from_on=day, amount=price) for day, price in prices]
        )
    publish(by, TuitionFactsChanged((enrolment.student_id,)))
    return enrolment


def _go_on(by: Actor, earlier: Subscription, prices: Sequence[tuple[date, int]], since: date) -> None:
    """The subscription of an earlier time in the group holds again, at that day's price unless it is one's own."""
    change(by, earlier, starts_on=min(earlier.starts_on, since))
    if earlier.has_own_price:
        return
    last = earlier.price_steps.filter(from_on__lte=since).order_by("-from_on").first()
    for day, price in prices:
        if day > since or last is None or last.amount != price:
            PriceStep.objects.visible_to(by).update_or_create(
                org_id=by.org_id, subscription=earlier, from_on=day, defaults={"amount": price}
            )


@verb("tuition.activate")
def enrol_active(
    by: Actor, *, student_id: int, group_id: int, starts_on: date, last_on: date | None = None
) -> Enrolment:
    """Puts a student into a group and activates at once, from the same day, up to `last_on` (None: without an end)."""
    enrolment = place_student(
        by.trusted(), student_id=student_id, group_id=group_id, starts_on=starts_on, last_on=last_on
    )
    return activate(by.trusted(), enrolment_id=enrolment.pk, activated_on=starts_on)


@verb("tuition.manage")
def bind_lesson_prices(by: Actor, *, prices: Sequence[tuple[StudentRow, int]], starts_on: date) -> None:
    """Binds each student to a price of one lesson in any group, from `starts_on` on; in minor units."""
    rows = Subscription.objects.bulk_create(
        [
            Subscription(
                org_id=by.org_id, student=student, plan=rules.PlanKind.PER_LESSON.value, lessons_count=1,
                starts_on=starts_on,
            )
            for student, _price in prices
        ],
        batch_size=2000,
    )  # fmt: skip
    PriceStep.objects.bulk_create(
        [
            PriceStep(org_id=by.org_id, subscription=row, from_on=starts_on, amount=price)
            for row, (_student, price) in zip(rows, prices, strict=True)
        ],
        batch_size=2000,
    )


@dataclass(frozen=True)
class GroupPrice:
    """What a student pays in a group, by the enrolment: nothing from `starts_on`, `amount` from `charged_from`."""

    enrolment: Enrolment
    plan: PlanKind
    lessons_count: int
    amount: int
    starts_on: date
    charged_from: date


@verb("tuition.manage")
def bind_group_prices(by: Actor, *, prices: Sequence[GroupPrice]) -> None:
    """Binds students to the prices of their groups, in minor units; statements do not grow with them.

    What lies before `charged_from` costs nothing here: another program charged it, and the opening balance holds it.
    """
    rows = Subscription.objects.bulk_create(
        [
            Subscription(
                org_id=by.org_id, student_id=price.enrolment.student_id, group_id=price.enrolment.group_id,
                enrolment=price.enrolment, plan=price.plan.value, lessons_count=price.lessons_count,
                starts_on=price.starts_on,
            )
            for price in prices
        ],
        batch_size=2000,
    )  # fmt: skip
    steps = [
        PriceStep(org_id=by.org_id, subscription=row, from_on=from_on, amount=amount)
        for row, price in zip(rows, prices, strict=True)
        for from_on, amount in sorted({price.starts_on: 0, price.charged_from: price.amount}.items())
    ]
    PriceStep.objects.bulk_create(steps, batch_size=2000)
    publish(by, TuitionFactsChanged(tuple(sorted({price.enrolment.student_id for price in prices}))))


@verb("tuition.manage")
def open_balances(by: Actor, *, balances: Sequence[tuple[StudentRow, int]], on: date) -> None:
    """Brings balances from another system, dated `on`: one transfer each, in minor units, debts negative."""
    due = [(student, amount) for student, amount in balances if amount]
    accounts = ledger.student_accounts(by.trusted(), students=[student for student, _amount in due])
    sources = _purposes(by, AccountKind.OPENING, accounts.values())
    moves = []
    for student, amount in due:
        account = accounts[student.pk]
        source = sources[account.currency]
        debit, credit = (source.pk, account.pk) if amount > 0 else (account.pk, source.pk)
        moves.append(ledger.Move(debit, credit, abs(amount), TransferKind.OPENING, on))
    ledger.post(by.trusted(), moves=moves)


@verb("tuition.manage")
def take_back(by: Actor, *, student_ids: Collection[int]) -> None:
    """Undoes what was bound to and opened for students who came by mistake: prices, charges and opening balances.

    Everything that was posted stays on record beside its reversal.
    """
    accounts = ledger.hold_accounts(by.trusted(), student_ids=student_ids)
    openings = ledger_queries.live_openings(by.trusted(), student_ids)
    closed = ledger.closed_books(by.trusted(), branch_ids={account.branch_id for account in accounts.values()})
    # An import is of one branch.
    moves = [ledger.reversal_of(opening, closed_until=max(closed.values(), default=None)) for opening in openings]
    ledger.post(by.trusted(), moves=moves)
    Subscription.objects.visible_to(by).filter(student_id__in=student_ids).delete()
    publish(by, TuitionFactsChanged(tuple(sorted(student_ids))))


@verb("tuition.charge")
def reconcile(by: Actor, *, student_ids: Collection[int], since: date | None = None) -> int:
    """Posts the difference between what is due today and what is posted; answers how many transfers that took.

    Done again it posts nothing. Two at once on one student: the second waits for the first and finds it done. `since`:
    what changed can concern no charge of an earlier day (None: any; `date.max`: nothing changed, only time went by).
    """
    # The lock comes before the facts are read, so that what another transaction changed meanwhile is seen.
    accounts = ledger.hold_accounts(by.trusted(), student_ids=student_ids)
    students = learners_in(by.trusted(), {pk: account.branch_id for pk, account in accounts.items()})
    asked = to_charge(by, students, accounts, since)
    # By the accounts, not by the subscriptions: what one charged that was unbound since stands there still.
    apart = [each.student.id for each in asked if accounts[each.student.id].has_separate]
    own = ledger_queries.separate_accounts(by.trusted(), apart) if apart else {}
    posted = _posted_to(by, asked, accounts, own)
    closed = ledger.closed_books(by.trusted(), branch_ids={each.student.branch_id for each in asked}) if asked else {}
    wrong: dict[int, date | None] = {}
    charges: list[Due] = []
    for each in asked:
        account, until = accounts[each.student.id], closed.get(each.student.branch_id)
        gone, missing = each.difference(posted[each.student.id])
        for transfer_id in gone:
            wrong[transfer_id] = until
        charges += [Due(own.get(draft.subscription_id, account), draft, until) for draft in missing]
    undone = ledger_queries.transfers(by.trusted(), list(wrong))
    reversals = [(undone[pk], until) for pk, until in wrong.items()]
    notes = _charged_until(asked, accounts)
    moved = _post_difference(by, reversals, charges, [*accounts.values(), *own.values()], notes)
    _note_charged(by, {pk: until for pk, until in notes.items() if pk not in moved})
    return len(reversals) + len(charges)


def _posted_to(
    by: Actor, asked: Sequence[ToCharge], accounts: Mapping[int, Held], own: Mapping[int, Account]
) -> dict[int, list[rules.PostedCharge]]:
    """What is posted to each student that may have to be there or not, and what takes the turns in bundles."""
    found: dict[int, list[rules.PostedCharge]] = {}
    separate: dict[int, list[int]] = defaultdict(list)
    for row in own.values():
        separate[row.student_id or 0].append(row.id)
    whole: list[ToCharge] = []
    near: list[ToCharge] = []
    for each in asked:
        (whole if each.needs_all_charges else near).append(each)
    for part, since in ((whole, None), (near, min((each.since for each in near), default=None))):
        mine = {each.student.id: [accounts[each.student.id].pk, *separate[each.student.id]] for each in part}
        ids = [pk for rows in mine.values() for pk in rows]
        posted = ledger_queries.live_charges(by.trusted(), ids, since) if ids else {}
        found |= {student_id: [_posted(row) for pk in rows for row in posted[pk]] for student_id, rows in mine.items()}
    return found


def _charged_until(asked: Sequence[ToCharge], accounts: Mapping[int, Held]) -> dict[int, date | None]:
    """Up to which day they are charged now, by account, where that is another than is noted.

    Money in separate accounts may always change who pays.
    """
    found: dict[int, date | None] = {}
    for each in asked:
        account, until = accounts[each.student.id], None if each.has_separate_accounts else each.today
        if account.charged_until != until:
            found[account.id] = until
    return found


def _note_charged(by: Actor, notes: Mapping[int, date | None]) -> None:
    days: dict[date | None, list[int]] = defaultdict(list)
    for account_id, until in notes.items():
        days[until].append(account_id)
    for until, account_ids in days.items():
        ledger.set_charged_until(by.trusted(), account_ids=account_ids, on=until)


class Due(NamedTuple):
    """A charge to be posted: to which account, and up to when that account's books are closed."""

    account: Account | Held
    draft: rules.ChargeDraft
    closed_until: date | None

    def move(self, income_id: int, key: str, turn: int, writer: rules.Writer) -> ledger.Move:
        """Dated when it is due; where those books are closed, the first open day, which it then explains."""
        on = first_open_day(self.draft.on, self.closed_until)
        student = self.account.id
        # A credit goes back the way its charge came.
        debit, credit = (student, income_id) if self.draft.amount > 0 else (income_id, student)
        return ledger.Move(
            debit_id=debit, credit_id=credit, amount=abs(self.draft.amount), on=on,
            kind=TransferKind.CHARGE if self.draft.amount > 0 else TransferKind.CREDIT,
            corrects_on=None if on == self.draft.on else self.draft.on, charge_key=key, turn=turn,
            why=ledger.Told(*writer.parts(self.draft.why)),
        )  # fmt: skip


def charge_key(draft: rules.ChargeDraft) -> str:
    """What a charge is recognised by in the ledger; a credit by its day too, since one charge may have several."""
    key = f"{draft.subscription_id}:{draft.key}"
    return key if draft.amount > 0 else f"{key}{CREDITED_ON}{draft.on.isoformat()}"


def _posted(charge: ledger_queries.LiveCharge) -> rules.PostedCharge:
    subscription, key = charge.charge_key.split(CREDITED_ON)[0].split(":", 1)
    return rules.PostedCharge(
        transfer_id=charge.id, subscription_id=int(subscription), key=key, on=charge.on, amount=charge.amount
    )


def _post_difference(
    by: Actor,
    reversals: Sequence[tuple[Transfer, date | None]],
    charges: Sequence[Due],
    locked: Collection[Account | Held],
    notes: Mapping[int, date | None],
) -> set[int]:
    """Posts both, and notes on the accounts that this moves up to when they are charged: these are answered.

    `locked` are the accounts of all these students.
    """
    if not reversals and not charges:
        return set()
    keys_due = [charge_key(due.draft) for due in charges]
    keys = {str(row.charge_key) for row, _until in reversals}.union(keys_due)
    turns = ledger_queries.charge_turns(by.trusted(), keys) if keys else {}
    incomes = _purposes(by, AccountKind.INCOME, locked)
    moves, writer = [], rules.Writer()
    for row, closed_until in reversals:
        key = str(row.charge_key)
        moves.append(ledger.reversal_of(row, closed_until=closed_until, turn=turns[key]))
        turns[key] += 1
    for due, key in zip(charges, keys_due, strict=True):
        moves.append(due.move(incomes[due.account.currency].pk, key, turns[key], writer))
        turns[key] += 1
    accounts = {row.id: row for row in (*locked, *incomes.values())}
    moved = {pk for move in moves for pk in (move.debit_id, move.credit_id)}
    ledger.post_all(by.trusted(), moves=moves, accounts=accounts, charged=notes)
    return moved


def _purposes(by: Actor, kind: AccountKind, accounts: Collection[Account | Held]) -> dict[str, Account]:
    """The organization's account for a purpose in each currency that these accounts are kept in."""
    currencies = sorted({account.currency for account in accounts})
    return {currency: ledger.purpose_account(by.trusted(), kind=kind, currency=currency) for currency in currencies}
