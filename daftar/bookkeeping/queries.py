"""The ledger of a centre as a journal, read in parts, so that its length does not matter."""

from __future__ import annotations

from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.db.models import Max, Min
from django.utils.translation import gettext_lazy as _

from daftar.bookkeeping.rules import Entry, Held, Journal, Opened, Sum
from daftar.finance.models import Desk, Payment, PaymentKind
from daftar.ledger.models import Account, AccountKind, Transfer, TransferKind
from daftar.lib.errors import Refusal
from daftar.lib.money import exponent
from daftar.lib.phone import without_contacts
from daftar.orgs.access import Actor, question
from daftar.tuition.rules import from_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from daftar.tuition.rules import WhyLine

AT_ONCE = 2000
PURPOSES = {
    AccountKind.INCOME: "Income:Tuition",
    AccountKind.GOODS: "Income:Goods",
    AccountKind.CORRECTION: "Income:Corrections",
    AccountKind.OPENING: "Equity:Opening-Balances",
}


class OnlyAllBranches(Refusal):
    """Books are only whole with the branches that somebody does not see."""

    text = _("The whole ledger is exported by somebody who works in all branches.")


@question("finance.export_ledger")
def journal(by: Actor) -> Journal:
    """Everything that ever moved, with the balances that are kept; its entries are read while they are written.

    Names and notes are in it for those who may see people, phones and e-mails in notes for those who may see contacts.
    """
    if by.branch_ids is not None:
        raise OnlyAllBranches
    rows = Transfer.objects.visible_to(by)
    days = rows.aggregate(first=Min("effective_on"), last=Max("effective_on"))
    accounts = list(Account.objects.visible_to(by).select_related("student").order_by("id"))
    desks = {row.account_id: row for row in Desk.objects.visible_to(by).select_related("branch")}
    names = {account.pk: _name(account, desks) for account in accounts}
    currencies = sorted({account.currency for account in accounts})
    opened: dict[str, Opened] = {}
    for account in accounts:
        opened.setdefault(names[account.pk], Opened(names[account.pk], _of_account(by, account, desks)))
    return Journal(
        title=by.org_name,
        begins_on=days["first"] or by.today,
        held_on=(days["last"] or by.today) + timedelta(days=1),
        currencies=[(currency, exponent(currency)) for currency in currencies],
        accounts=list(opened.values()),
        entries=_entries(by, names, {account.pk: account.currency for account in accounts}),
        held=[
            Held(names[account.pk], _sum(-account.balance, account.currency))
            for account in accounts
            if account.balance is not None
        ],
    )


def _name(account: Account, desks: Mapping[int, Desk]) -> str:
    """What an account is called for ever: by its number, not by a name that may change."""
    kind = AccountKind(account.kind)
    if kind is AccountKind.STUDENT:
        return f"Liabilities:Students:{account.student_id}"
    if kind is AccountKind.SEPARATE:
        return f"Liabilities:Students:{account.student_id}:{account.subscription_id}"
    if kind is AccountKind.BONUS:
        return f"Liabilities:Bonuses:{account.student_id}"
    if kind is AccountKind.DESK:
        return f"Assets:Desks:{desks[account.pk].pk}"
    return PURPOSES[kind]


def _of_account(by: Actor, account: Account, desks: Mapping[int, Desk]) -> list[tuple[str, str]]:
    if account.student is not None:
        return [("name", account.student.full_name)] if by.may("people.view") else []
    desk = desks.get(account.pk)
    return [] if desk is None else [("name", desk.name), ("branch", desk.branch.name)]


def _sum(amount: int, currency: str) -> Sum:
    return Sum(amount, currency, exponent(currency))


def _entries(by: Actor, names: Mapping[int, str], currencies: Mapping[int, str]) -> Iterator[Entry]:
    rows = Transfer.objects.visible_to(by).order_by("effective_on", "id").iterator(chunk_size=AT_ONCE)
    while part := list(islice(rows, AT_ONCE)):
        ids = [row.pk for row in part] + [row.reverses_id for row in part if row.reverses_id]
        found = Payment.objects.visible_to(by).filter(transfer_id__in=ids).select_related("replaces")
        payments = {row.transfer_id: row for row in found}
        for row in part:
            yield Entry(
                on=row.effective_on, what=_what(row, payments), debit=names[row.debit_id], credit=names[row.credit_id],
                sum_=_sum(row.amount, currencies[row.debit_id]), facts=list(_facts(by, row, payments)),
            )  # fmt: skip


def _what(row: Transfer, payments: Mapping[int, Payment]) -> str:
    payment = payments.get(row.reverses_id or row.pk)
    receipt = f", receipt {payment.number}" if payment and payment.number else ""
    return f"{row.kind}{receipt}"


def _facts(by: Actor, row: Transfer, payments: Mapping[int, Payment]) -> Iterator[tuple[str, str]]:
    yield "transfer", str(row.pk)
    yield "posted", row.posted_at.isoformat()
    numbers: dict[str, Any] = {
        "member": row.member_id, "reverses": row.reverses_id, "corrects": row.corrects_on, "charge": row.charge_key,
    }  # fmt: skip
    yield from ((name, str(value)) for name, value in numbers.items() if value is not None)
    if row.kind in (TransferKind.CHARGE, TransferKind.CREDIT) and row.why:
        yield "why", "; ".join(_said(line) for line in from_json(row.why))
    payment = payments.get(row.pk)
    if payment is not None:
        yield from _of_payment(payment)
    if row.note and by.may("people.view"):
        yield "note", row.note if by.may("people.see_contacts") else without_contacts(row.note)


def _of_payment(payment: Payment) -> Iterator[tuple[str, str]]:
    if payment.number:
        yield "receipt", str(payment.number)
    if payment.replaces is not None:
        yield "replaces", str(payment.replaces.transfer_id)
    if payment.kind == PaymentKind.SALE:
        yield "sold", f"{payment.quantity} x {without_contacts(payment.thing)}"


def _said(line: WhyLine) -> str:
    """A line of the explanation in its codes: they are the same in every language."""
    values = (f"{name}={'/'.join(value) if isinstance(value, list) else value}" for name, value in line.values.items())
    return " ".join([line.code, *values])
