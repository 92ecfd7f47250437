"""Pages on money that is not a payment for tuition: refunds, corrections, sales, and money moved between desks."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from daftar.finance import queries, services
from daftar.ledger.queries import bonus_of, desk_balances
from daftar.lib.money import Money
from daftar.office import formats
from daftar.office.forms import as_number, done, form_page, tell
from daftar.office.money.forms import BonusForm, CorrectionForm, MoveForm, RefundForm, SaleForm
from daftar.office.own_accounts import own_accounts
from daftar.office.page import OfficeRequest, page
from daftar.orgs.queries import today_in
from daftar.people.queries import get_student
from daftar.reports.queries import student_rows

if TYPE_CHECKING:
    from django import forms
    from django.http import HttpResponse

    from daftar.finance.models import Desk, Payment
    from daftar.orgs.access import Actor
    from daftar.people.models import Student


@page("finance.refund", every_branch=True)
def refund_new(request: OfficeRequest, student_id: int) -> HttpResponse:
    by, student = request.by, get_student(request.by, student_id)
    known = refund_desks(by, student)
    paid, refunded = queries.paid_and_refunded(by, student_id)
    held = [each.choice for each in own_accounts(by, student) if each.balance.amount > 0]
    form = RefundForm(
        request.POST or None, desks=known, currency=student.branch.currency, own=held,
        initial=fresh(by, student) | {"desk_id": queries.desk_of_latest_payment(by, student_id)},
    )  # fmt: skip
    if made := done(form, lambda **values: services.refund(by, student_id=student_id, **values)):
        return recorded(request, made, _("Refund recorded."))
    left = formats.money_text(Money(max(paid - refunded, 0), student.branch.currency))
    return student_page(
        request, form, student, title=_("Refund"), submit_label=_("Save refund"),
        text=_("Paid and not refunded yet: %(sum)s.") % {"sum": left},
    )  # fmt: skip


@page("finance.correct_balance", every_branch=True)
def correction_new(request: OfficeRequest, student_id: int) -> HttpResponse:
    by, student = request.by, get_student(request.by, student_id)
    form = CorrectionForm(
        request.POST or None, currency=student.branch.currency, initial=fresh(by, student),
        own=[each.choice for each in own_accounts(by, student)],
    )  # fmt: skip
    verbs = {"up": services.raise_balance, "down": services.lower_balance}
    if made := done(form, lambda direction, **values: verbs[direction](by, student_id=student_id, **values)):
        return recorded(request, made, _("Correction recorded."))
    return student_page(
        request, form, student, title=_("Correction"), submit_label=_("Save correction"),
        text=_("Changes the balance without money at a desk; the reason stays in the statement."),
    )  # fmt: skip


@page("finance.correct_balance", every_branch=True)
def bonus_give(request: OfficeRequest, student_id: int) -> HttpResponse:
    by, student = request.by, get_student(request.by, student_id)
    form = BonusForm(request.POST or None, currency=student.branch.currency, initial=fresh(by, student), is_spent=False)
    if made := done(form, lambda **values: services.give_bonus(by, student_id=student_id, **values)):
        return recorded(request, made, _("Bonus given."))
    return student_page(
        request, form, student, title=_("Give bonuses"), submit_label=_("Give bonuses"), text=_bonus_text(by, student)
    )


@page("finance.take_payment", every_branch=True)
def bonus_spend(request: OfficeRequest, student_id: int) -> HttpResponse:
    by, student = request.by, get_student(request.by, student_id)
    initial = fresh(by, student) | {"amount": bonus_of(by, student_id) or None}
    form = BonusForm(request.POST or None, currency=student.branch.currency, initial=initial, is_spent=True)
    if made := done(form, lambda **values: services.spend_bonus(by, student_id=student_id, **values)):
        return recorded(request, made, _("Bonus spent."))
    return student_page(
        request, form, student, title=_("Pay with bonuses"), submit_label=_("Pay with bonuses"),
        text=_bonus_text(by, student),
    )  # fmt: skip


def _bonus_text(by: Actor, student: Student) -> str:
    left = formats.money_text(Money(bonus_of(by, student.pk), student.branch.currency))
    return _("Bonuses now: %(sum)s. They pay for nothing until they are spent.") % {"sum": left}


@page("finance.sell", every_branch=True)
def sale_new(request: OfficeRequest, student_id: int) -> HttpResponse:
    by, student = request.by, get_student(request.by, student_id)
    known = queries.desks(by, student.branch_id)
    last = queries.last_desk_id(by)
    initial = fresh(by, student) | {
        "quantity": 1, "desk_id": last if last in {desk.pk for desk in known} else known[0].pk if known else None,
    }  # fmt: skip
    form = SaleForm(request.POST or None, desks=known, currency=student.branch.currency, initial=initial)
    if made := done(form, lambda **values: services.sell_goods(by, student_id=student_id, **values)):
        return recorded(request, made, _("Sale recorded."))
    return student_page(
        request, form, student, title=_("Sale of goods"), submit_label=_("Save sale"),
        text=_("Goods are paid apart: the balance of tuition does not change."),
    )  # fmt: skip


@page("finance.move_money", every_branch=True)
def money_move(request: OfficeRequest) -> HttpResponse:
    by = request.by
    known = queries.desks(by)
    chosen = as_number(request.POST.get("desk_id", "")) or (known[0].pk if known else None)
    form = MoveForm(
        request.POST or None, desks=desk_labels(by, known), currency=currency_of(known, chosen),
        initial={"paid_on": by.today, "key": secrets.token_hex(16), "desk_id": chosen} | {
            "to_desk_id": next((desk.pk for desk in known if desk.pk != chosen), None)
        },
    )  # fmt: skip
    if made := done(form, lambda **values: services.move_money(by, **values)):
        return recorded(request, made, _("The money is moved."))
    return form_page(
        request, "office/form.html", form, title=_("Move money between desks"), submit_label=_("Move money"),
        cancel_url=reverse("office:payments", args=[by.org_slug]),
        crumbs=[(_("Payments"), reverse("office:payments", args=[by.org_slug]))],
    )  # fmt: skip


def fresh(by: Actor, student: Student) -> dict[str, Any]:
    """What every new payment begins with: today where the student is, and a key of its own."""
    return {"paid_on": today_in(by, student.branch), "key": secrets.token_hex(16)}


def refund_desks(by: Actor, student: Student) -> list[Desk]:
    """Desks that money may go back from: those of the student's branch, and the one it came to."""
    rows = queries.desks(by)
    came_to = queries.desk_of_latest_payment(by, student.pk)
    return [row for row in rows if row.branch_id == student.branch_id or row.pk == came_to]


def desk_labels(by: Actor, known: list[Desk]) -> list[tuple[int, str]]:
    """Each desk with its branch, where there are several, and what lies in it."""
    sums = desk_balances(by, [row.account_id for row in known])
    several = len({row.branch_id for row in known}) > 1
    labels = []
    for row in known:
        place = f" · {row.branch.name}" if several else ""
        held = formats.money_text(Money(sums[row.account_id], row.branch.currency))
        labels.append((row.pk, f"{row.name}{place} · {held}"))
    return labels


def currency_of(known: list[Desk], desk_id: int | None) -> str:
    """In which currency an amount is written: that of the desk the money comes from."""
    found = (row.branch.currency for row in known if row.pk == desk_id)
    return next(found, known[0].branch.currency if known else "UZS")


def recorded(request: OfficeRequest, made: Payment, text: str) -> HttpResponse:
    """To the page of what was recorded, with Undo beside the words."""
    slug = request.by.org_slug
    tell(request, text, undo=reverse("office:payment-undo", args=[slug, made.pk]))
    return redirect("office:payment", slug, made.pk)


def student_page(request: OfficeRequest, form: forms.Form, student: Student, **shown: Any) -> HttpResponse:
    """A form about one student's money, with the student and the balance above it."""
    row = student_rows(request.by, [student])[0]
    return form_page(request, "office/money/payment_form.html", form, student=row, payment=None, **shown)
