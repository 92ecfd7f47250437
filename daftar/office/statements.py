"""Lines of a student's statement as pages show them: charges by their lesson or month, payments by their receipt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.translation import gettext as _

from daftar.courses.queries import lesson_names
from daftar.finance.queries import receipts_of
from daftar.ledger.models import TransferKind
from daftar.lib.money import Money
from daftar.office import formats, words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from daftar.ledger.queries import Line
    from daftar.orgs.access import Actor


@dataclass(frozen=True)
class StatementRow:
    """A line of the statement as it is shown."""

    on: date
    what: str
    link: str
    charge: Money | None
    payment: Money | None
    balance: Money
    why: list[words.Said]
    note: str
    is_undone: bool
    corrects_on: date | None
    moved: Money
    # The lesson that is charged; None where a period is, or nothing.
    lesson_id: int | None


def statement_rows(by: Actor, lines: Sequence[Line], currency: str) -> list[StatementRow]:
    """These lines in the order they have, in the reader's words."""
    lessons = lesson_names(by, {lesson_id for row in lines if (lesson_id := _lesson_of(row))})
    receipts = receipts_of(by, {row.reverses_id or row.transfer_id for row in lines}) if by.may("finance.view") else {}
    return [_row(by, row, currency, (lessons, receipts)) for row in lines]


def _lesson_of(row: Line) -> int | None:
    key = (row.charge_key or "").partition(":")[2]
    return int(key) if key.isdecimal() else None


def _row(by: Actor, row: Line, currency: str, names: tuple[dict[int, Any], dict[int, Any]]) -> StatementRow:
    lessons, receipts = names
    receipt = receipts.get(row.reverses_id or row.transfer_id)
    lesson = lessons.get(_lesson_of(row) or 0)
    # What undoes something stands in the column of what it undoes, with the opposite sign.
    is_payment = row.charge_key is None
    amount = Money(row.amount if is_payment else -row.amount, currency)
    return StatementRow(
        on=row.on, what=_what(row, lesson, receipt),
        link=reverse("office:payment", args=[by.org_slug, receipt[0]]) if receipt else "",
        charge=None if is_payment else amount, payment=amount if is_payment else None,
        balance=Money(row.balance, currency), why=words.why_text(row.why, currency),
        note=words.readable(by, row.note), is_undone=row.is_reversed, corrects_on=row.corrects_on,
        moved=Money(row.amount, currency), lesson_id=_lesson_of(row) if row.kind == TransferKind.CHARGE else None,
    )  # fmt: skip


def _what(row: Line, lesson: Any, receipt: Any) -> str:
    named = {
        TransferKind.REVERSAL: _("Reversal"),
        TransferKind.OPENING: _("Opening balance"),
        TransferKind.CORRECTION: _("Correction"),
        TransferKind.BONUS: _("Bonus"),
    }
    if row.kind in named:
        return named[TransferKind(row.kind)]
    if row.kind in {TransferKind.PAYMENT, TransferKind.REFUND}:
        return words.payment_text("refund" if row.kind == TransferKind.REFUND else "income", receipt and receipt[1])
    text = f"{lesson[0]}, {formats.clock(lesson[1])}" if lesson else words.charge_text(row.why)
    return _("Credit: %(what)s") % {"what": text} if row.kind == TransferKind.CREDIT else text
