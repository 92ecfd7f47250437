"""Pages on money: payments and receipts, debtors, desks."""

from __future__ import annotations

import secrets
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from daftar.finance import queries, services
from daftar.finance.models import PaymentKind
from daftar.ledger.queries import balance_after, base_balances, desk_balances
from daftar.lib.money import Money, exponent
from daftar.lib.paging import paged
from daftar.office import formats, words
from daftar.office.forms import (
    UndoForm,
    as_number,
    done,
    form_page,
    number_in,
    tell,
    the_only,
    typed,
    undo_page,
    undone,
)
from daftar.office.money.forms import DebtorsForm, DeskForm, PaymentForm, PromiseForm
from daftar.office.money.shown import by_desk, by_kind, payment_row
from daftar.office.own_accounts import Own, own_accounts
from daftar.office.page import OfficeRequest, page
from daftar.office.terms import name_of
from daftar.orgs.queries import branches, today_in
from daftar.people.queries import get_student
from daftar.reports.debts import EVERYBODY, Bucket, Wanted
from daftar.reports.debts import debtors as ask_debtors
from daftar.reports.queries import find_students, student_rows
from daftar.tuition.queries import outlook

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpResponse

    from daftar.finance.models import Desk
    from daftar.orgs.access import Actor
    from daftar.people.models import Student
    from daftar.tuition.queries import Outlook

TWICE_WITHIN = timedelta(minutes=10)


@page("finance.view")
def payments(request: OfficeRequest) -> HttpResponse:
    by = request.by
    since, until = _day(request, "since"), _day(request, "until")
    if not {"since", "until"} & request.GET.keys():
        since = by.today.replace(day=1)
    wanted: dict[str, Any] = {
        "since": since, "until": until, "desk_id": number_in(request, "desk"), "kind": _kind(request),
    }  # fmt: skip
    found = queries.payments(by, **wanted, with_reversed="all" in request.GET)
    rows, at = paged(found, number_in(request, "page") or 1)
    totals, known = queries.totals(by, **wanted), queries.all_desks(by)
    context = {
        "rows": [payment_row(row) for row in rows], "page": at, **wanted, "desks": known,
        "kinds": list(words.PAYMENT_KINDS.items()), "shows_all": "all" in request.GET,
        "kind_totals": by_kind(totals), "desk_totals": by_desk(totals, known),
    }  # fmt: skip
    return render(request, "office/money/payments.html", context)


@page("finance.take_payment", every_branch=True)
def payment_new(request: OfficeRequest) -> HttpResponse:
    by = request.by
    chosen = as_number(request.POST.get("student") or request.GET.get("student", ""))
    if chosen is None:
        q = typed(request, "q")
        found = find_students(by, q)
        if only := the_only(request, found):
            return redirect(f"{request.path}?student={only}")
        picker = {"student": None, "q": q, "found": found}
        return form_page(request, "office/money/payment_new.html", None, **picker)
    student = get_student(by, chosen)
    desks = queries.desks(by, student.branch_id)
    sent = request.POST if request.method == "POST" else request.GET if "amount" in request.GET else None
    # A subscription that is over is paid into only while something is owed on it.
    own = {each.id: each for each in own_accounts(by, student) if not each.is_over or each.balance.amount < 0}
    into = _meant(request, student, own)
    form = PaymentForm(
        sent, initial=_suggested(by, student, desks) | {"subscription_id": into and into.id}, desks=desks,
        currency=student.branch.currency, own=[each.choice for each in own.values()],
    )  # fmt: skip
    if request.method == "POST":
        paid = done(form, lambda **values: services.take_payment(by, student_id=student.pk, **values))
        if paid is not None:
            tell(request, _("Payment recorded."), undo=reverse("office:payment-undo", args=[by.org_slug, paid.pk]))
            return redirect("office:payment", by.org_slug, paid.pk)
    if form.is_bound:
        into = own.get(as_number(form.data.get("subscription_id", "")) or 0)
    known = outlook(by, student.pk, _amount(form))
    asked = known.asked if into is None else max(-into.balance.amount, 0) or None
    if not form.is_bound:
        form.initial["amount"] = asked
    shown: dict[str, Any] = {
        "student": student_rows(by, [student])[0],
        "after": _after(by, student, _amount(form) if form.is_bound else asked, known, into),
        "q": "",
        "found": [],
    }
    return form_page(request, "office/money/payment_new.html", form, **shown)


@page("finance.view")
def payment(request: OfficeRequest, payment_id: int) -> HttpResponse:
    by, row = request.by, queries.get_payment(request.by, payment_id)
    chain = queries.history_of_payment(by, row)
    reversals = queries.reversals_of(by, [each.pk for each in chain])
    undone = reversals.get(payment_id)
    shown = payment_row(row) | {
        "at": row.recorded_at, "payer": row.payer_name, "note": words.readable(by, row.note),
        "branch": row.branch.name, "unit": Money(row.price, row.branch.currency) if row.price else None,
        "quantity": row.quantity, "goods": row.thing,
        "address": row.branch.address, "phone": row.branch.phone, "balance_after": _balance_after(by, row),
        "reversed_on": undone.transfer.effective_on if undone else None,
        "reason": words.readable(by, undone.reason) if undone else "",
        "replaces": payment_row_of(row.replaces) if row.replaces else None,
        "replaced_by": next((payment_row_of(each) for each in chain if each.replaces_id == payment_id), None),
        "corrects_on": row.transfer.corrects_on,
    }  # fmt: skip
    history = [_history_row(by, each, reversals.get(each.pk)) for each in chain] if chain[1:] or undone else []
    return render(request, "office/money/payment.html", {"payment": shown, "history": history})


def payment_row_of(row: Any) -> dict[str, Any]:
    return {"id": row.pk, "number": row.number}


def _history_row(by: Actor, row: Any, undone: Any) -> dict[str, Any]:
    """A payment among those that stood in its place, with how it ended."""
    ended = undone and {
        "at": undone.reversed_at, "who": undone.member.name if undone.member else "",
        "reason": words.readable(by, undone.reason), "on": undone.transfer.effective_on,
    }  # fmt: skip
    return payment_row(row) | {"at": row.recorded_at, "ended": ended or None}


def _balance_after(by: Actor, row: Any) -> Money | None:
    """The balance after a payment that changes one."""
    if row.student_id is None or row.kind == PaymentKind.SALE or not by.may("tuition.view"):
        return None
    return Money(balance_after(by, row.transfer, row.student_id), row.branch.currency)


@page("tuition.view")
def debtors(request: OfficeRequest) -> HttpResponse:
    by, bucket = request.by, _bucket(request.GET)
    form = DebtorsForm(request.GET, currency=(request.branch or request.branches[0]).currency)
    values = form.cleaned_data if form.is_valid() else {}
    wanted = Wanted(at_least=values.get("at_least") or 1, with_archived=values.get("with_archived"))
    found = ask_debtors(by, bucket=bucket, wanted=wanted, number=number_in(request, "page") or 1)
    context = {
        "form": form, "is_narrowed": wanted != EVERYBODY,
        "rows": [
            {"debt": row, "of": name_of(row.subscription) if row.subscription else ""} for row in found.rows
        ],
        "page": found.page, "totals": found.buckets[bucket].totals, "bucket": bucket.value,
        "tabs": [(each.value, each.label, debt.count) for each, debt in found.buckets.items()],
        "promise_days": words.promise_days(by.today),
    }  # fmt: skip
    return render(request, "office/money/debtors.html", context)


@page("finance.promise")
def promise_new(request: OfficeRequest, student_id: int) -> HttpResponse:
    by, student = request.by, get_student(request.by, student_id)
    form = PromiseForm(request.POST or None)
    back = f"{reverse('office:debtors', args=[by.org_slug])}?bucket={_bucket(request.POST or request.GET).value}"
    if made := done(form, lambda **values: services.promise(by, student_id=student_id, **values)):
        told = {"name": student.full_name, "day": formats.weekday_day(made.promised_for)}
        undo = reverse("office:promise-withdraw", args=[by.org_slug, made.pk])
        tell(request, _("%(name)s promised to pay: %(day)s.") % told, undo=undo)
        return undone(request, back)
    return form_page(
        request, "office/form.html", form, title=_("Promise of %(name)s") % {"name": student.full_name},
        submit_label=_("Note promise"), cancel_url=back,
    )  # fmt: skip


@page("finance.promise")
def promise_withdraw(request: OfficeRequest, promise_id: int) -> HttpResponse:
    by, row = request.by, queries.get_promise(request.by, promise_id)
    form = UndoForm(request.POST or None)
    home = reverse("office:debtors", args=[by.org_slug])
    if done(form, lambda: services.withdraw_promise(by, promise_id=promise_id)):
        tell(request, _("The promise is taken back."))
        return undone(request, home)
    return undo_page(request, form, _("Take the promise of %(name)s back?") % {"name": row.student.full_name}, home)


@page("finance.manage_desks")
def desks(request: OfficeRequest) -> HttpResponse:
    by = request.by
    rows = queries.all_desks(by)
    sums = desk_balances(by, [row.account_id for row in rows])
    shown = [
        {
            "id": row.pk, "name": row.name, "kind": row.get_method_display(), "branch": row.branch.name,
            "balance": Money(sums[row.account_id], row.branch.currency), "is_open": row.is_open,
        }
        for row in rows
    ]  # fmt: skip
    return render(request, "office/money/desks.html", {"rows": shown})


@page("finance.manage_desks")
def desk_new(request: OfficeRequest) -> HttpResponse:
    by = request.by
    form = DeskForm(request.POST or None, branches=branches(by))
    if done(form, lambda **values: services.open_desk(by, **values)):
        messages.success(request, _("The desk is open."))
        return redirect("office:desks", by.org_slug)
    return form_page(
        request, "office/form.html", form, title=_("New desk"), submit_label=_("Open desk"), cancel_url="../"
    )


@page("finance.manage_desks")
def desk_edit(request: OfficeRequest, desk_id: int) -> HttpResponse:
    by, row = request.by, queries.get_desk(request.by, desk_id)
    form = DeskForm(request.POST or None, initial={"name": row.name, "is_open": row.is_open})
    if done(form, lambda **values: services.edit_desk(by, desk_id=desk_id, **values)):
        messages.success(request, _("Saved."))
        return redirect("office:desks", by.org_slug)
    return form_page(request, "office/form.html", form, title=row.name, submit_label=_("Save"), cancel_url="../../")


def _bucket(sent: Mapping[str, str]) -> Bucket:
    try:
        return Bucket(sent.get("bucket", ""))
    except ValueError:
        return Bucket.ALL


def _day(request: OfficeRequest, name: str) -> date | None:
    try:
        return date.fromisoformat(request.GET.get(name, ""))
    except ValueError:
        return None


def _kind(request: OfficeRequest) -> str:
    sent = request.GET.get("kind", "")
    return sent if sent in PaymentKind.values else ""


def _suggested(by: Actor, student: Student, desks: list[Desk]) -> dict[str, Any]:
    """What is most likely meant: today, at the desk this member used last."""
    last, known = queries.last_desk_id(by), [desk.pk for desk in desks]
    return {
        "paid_on": today_in(by, student.branch), "key": secrets.token_hex(16),
        "desk_id": last if last in known else (known[0] if known else None),
    }  # fmt: skip


def _meant(request: OfficeRequest, student: Student, own: Mapping[int, Own]) -> Own | None:
    """The account that is asked for; or else one on which something is owed, while nothing is on the student's."""
    if "subscription" in request.GET:
        return own.get(as_number(request.GET["subscription"]) or 0)
    owing = next((each for each in own.values() if each.balance.amount < 0), None)
    return None if owing is None or base_balances(request.by, [student.pk])[student.pk] < 0 else owing


def _amount(form: PaymentForm) -> int | None:
    """The sum typed, as far as it can be read."""
    if not form.is_bound:
        return None
    form.is_valid()
    return form.cleaned_data.get("amount") or 0


def _after(by: Actor, student: Student, amount: int | None, known: Outlook, into: Own | None) -> dict[str, Any] | None:
    """What the payment will lead to, on the student's account or a subscription's own; None while there is no sum."""
    if not amount or not 0 < amount < 10 ** (12 + exponent(student.branch.currency)):
        return None
    then = known.then
    balance = then.balance if into is None else into.balance.amount + amount
    return {
        "balance": Money(balance, then.currency),
        "paid_until": then.coverage.paid_until if into is None else None,
        "text": _meaning(balance, then.currency), "warning": _twice(by, student, amount),
    }  # fmt: skip


def _meaning(balance: int, currency: str) -> str:
    said = formats.money_text(Money(abs(balance), currency))
    if balance > 0:
        return _("%(sum)s stays on account.") % {"sum": said}
    return _("%(sum)s is still owed.") % {"sum": said} if balance < 0 else ""


def _twice(by: Actor, student: Student, amount: int) -> str:
    """A soft warning when the same sum of the same student was recorded a moment ago."""
    last = queries.latest_payment(by, student.pk)
    if last is None or last.amount != amount or by.at - last.recorded_at > TWICE_WITHIN:
        return ""
    said = {"sum": formats.money_text(Money(amount, student.branch.currency)), "time": formats.clock(last.recorded_at)}
    return _("You recorded %(sum)s at %(time)s. Another one?") % said
