"""Pages on payments that were wrong: edited, reversed, taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from daftar.finance import queries, services
from daftar.finance.models import BONUSES, CORRECTIONS, PaymentKind
from daftar.office import words
from daftar.office.forms import UndoForm, as_number, done, form_page, tell, typed, undo_page, undone
from daftar.office.money import kinds
from daftar.office.money.forms import (
    BonusForm,
    CorrectionForm,
    MoveForm,
    PaymentForm,
    RefundForm,
    ReversalForm,
    SaleForm,
    for_editing,
)
from daftar.office.money.shown import payment_row, payment_title
from daftar.office.own_accounts import own_accounts
from daftar.office.page import OfficeRequest, page
from daftar.people.queries import get_student
from daftar.reports.queries import find_students, student_rows

if TYPE_CHECKING:
    from django import forms
    from django.http import HttpResponse

    from daftar.finance.models import Payment
    from daftar.orgs.access import Actor
    from daftar.people.models import Student


@page("finance.edit_payment", every_branch=True)
def payment_edit(request: OfficeRequest, payment_id: int) -> HttpResponse:
    """The form of the payment's kind, filled in; another student is found by name."""
    by, row = request.by, queries.get_payment(request.by, payment_id)
    title = _("Edit: %(what)s") % {"what": payment_title(row)}
    shown = {"payment": payment_row(row), "title": title}
    if "find" in request.GET:
        q = typed(request, "q")
        return form_page(request, "office/money/payment_student.html", None, q=q, found=find_students(by, q), **shown)
    student_id = as_number(request.POST.get("student") or request.GET.get("student", "")) or row.student_id
    student = get_student(by, student_id) if student_id else None
    form = for_editing(_form(by, row, student, request.POST or None))
    if row.note and words.readable(by, row.note) != row.note:
        del form.fields["note"]  # a phone in it is not theirs to read: it stays as it is
    who = {} if student is None else {"student_id": student.pk}
    if made := done(form, lambda reason, **values: _edit(by, payment_id, reason, who | values)):
        tell(request, _("The payment is changed."), undo=reverse("office:payment-undo", args=[by.org_slug, made.pk]))
        return redirect("office:payment", by.org_slug, made.pk)
    return form_page(
        request, "office/money/payment_form.html", form, submit_label=_("Save changes"),
        student=student_rows(by, [student])[0] if student else None, **shown,
        text=_("The old entry is reversed and a new one takes its place; both stay to be seen."),
    )  # fmt: skip


@page("finance.reverse_payment")
def payment_reverse(request: OfficeRequest, payment_id: int) -> HttpResponse:
    by, row = request.by, queries.get_payment(request.by, payment_id)
    form = ReversalForm(request.POST or None)
    if done(form, lambda **values: services.reverse_payment(by, payment_id=payment_id, **values)):
        told = _("Reversed: %(what)s.") % {"what": payment_title(row)}
        tell(request, told, undo=reverse("office:payment-restore", args=[by.org_slug, payment_id]))
        return redirect("office:payment", by.org_slug, payment_id)
    return form_page(
        request, "office/money/payment_reverse.html", form, payment=payment_row(row), what=payment_title(row)
    )


@page("finance.view")
def payment_undo(request: OfficeRequest, payment_id: int) -> HttpResponse:
    by, row = request.by, queries.get_payment(request.by, payment_id)
    form, mistake = UndoForm(request.POST or None), _("Recorded by mistake")
    home = reverse("office:payment", args=[by.org_slug, payment_id])
    if done(form, lambda: services.undo_payment(by, payment_id=payment_id, reason=mistake)):
        tell(request, _("Reversed: %(what)s.") % {"what": payment_title(row)})
        return undone(request, home)
    return undo_page(request, form, _("Undo: %(what)s?") % {"what": payment_title(row)}, home)


@page("finance.reverse_payment")
def payment_restore(request: OfficeRequest, payment_id: int) -> HttpResponse:
    by, row = request.by, queries.get_payment(request.by, payment_id)
    form = UndoForm(request.POST or None)
    if made := done(form, lambda: services.restore_payment(by, payment_id=payment_id)):
        tell(request, _("Recorded again: %(what)s.") % {"what": payment_title(made)})
        return redirect("office:payment", by.org_slug, made.pk)
    home = reverse("office:payment", args=[by.org_slug, payment_id])
    return undo_page(request, form, _("Record again: %(what)s?") % {"what": payment_title(row)}, home)


def _edit(by: Actor, payment_id: int, reason: str, values: dict[str, Any]) -> Payment:
    return services.edit_payment(by, payment_id=payment_id, reason=reason, values=values)


def _form(by: Actor, row: Payment, student: Any, sent: Any) -> forms.Form:
    """The form that this kind of payment is recorded with."""
    names = ("amount", "paid_on", "subscription_id", "desk_id", "to_desk_id", "thing", "quantity", "price", "note")
    initial = {name: getattr(row, name) for name in names}
    if row.kind == PaymentKind.MOVE:
        known = _with_own(by, row, queries.desks(by))
        currency = kinds.currency_of(known, as_number((sent or {}).get("desk_id", "")) or row.desk_id)
        return MoveForm(sent, initial=initial, desks=kinds.desk_labels(by, known), currency=currency)
    currency = student.branch.currency
    if row.kind in BONUSES:
        return BonusForm(sent, initial=initial, currency=currency, is_spent=row.kind == PaymentKind.SPENT)
    if row.kind == PaymentKind.SALE:
        desks = _with_own(by, row, queries.desks(by, student.branch_id))
        return SaleForm(sent, initial=initial, currency=currency, desks=desks)
    own = _accounts(by, row, student)
    if row.kind in CORRECTIONS:
        return CorrectionForm(sent, initial=initial, currency=currency, own=own)
    made = RefundForm if row.kind == PaymentKind.REFUND else PaymentForm
    known = kinds.refund_desks(by, student) if made is RefundForm else queries.desks(by, student.branch_id)
    return made(sent, initial=initial, currency=currency, desks=_with_own(by, row, known), own=own)


def _accounts(by: Actor, row: Payment, student: Student) -> list[tuple[int, str]]:
    """The accounts of the student's subscriptions that a new payment is offered, and that of this one."""
    known = own_accounts(by, student)
    return [each.choice for each in known if not each.is_over or each.balance.amount or each.id == row.subscription_id]


def _with_own(by: Actor, row: Payment, known: list[Any]) -> list[Any]:
    """The desks to choose from, and those of the payment where they are not among them any more."""
    own = [desk for desk in queries.all_desks(by) if desk.pk in {row.desk_id, row.to_desk_id}]
    return known + [desk for desk in own if desk not in known]
