"""Pages on what one student pays: tariffs, own prices and discounts."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from daftar.attendance.queries import get_lesson
from daftar.courses.queries import enrolments_of, subjects
from daftar.lib.money import decimal_text
from daftar.office import formats
from daftar.office.forms import number_in, typed
from daftar.office.page import OfficeRequest, page
from daftar.office.previews import filled, priced_page, priced_undo, prices_tab
from daftar.office.terms import again_as, last_of, limits, name_of, reason_of, worth
from daftar.office.tuition.forms import BindForm, DiscountForm, EndForm, OwnPriceEndForm, OwnPriceForm, PayerForm
from daftar.people.queries import get_student
from daftar.tuition import discounts, lists, prices, tariffs
from daftar.tuition.ends import ends_of
from daftar.tuition.queries import may_pay

if TYPE_CHECKING:
    from datetime import date

    from django.http import HttpResponse

    from daftar.orgs.access import Actor


@page("tuition.price")
def student_bind(request: OfficeRequest, student_id: int) -> HttpResponse:
    by, student = request.by, get_student(request.by, student_id)
    mine = sorted({(row.group_id, row.group.name) for row in enrolments_of(by, student_id)})
    asked = {name: request.GET[name] for name in ("starts_on", "group_id") if request.GET.get(name)}
    form = BindForm(
        filled(request), initial={"starts_on": by.today} | asked, tariffs=lists.tariffs_for(by, student.branch),
        groups=mine, currency=student.branch.currency,
    )  # fmt: skip
    return priced_page(
        request, form, [student_id], partial(tariffs.bind_tariff, by, student_id=student_id),
        title=_("A tariff for %(name)s") % {"name": student.full_name}, submit_label=_("Bind"),
        crumbs=[(student.full_name, prices_tab(request, student_id))], back=prices_tab(request, student_id),
        told=_("Saved."), undo=lambda row: reverse("office:subscription-unbind", args=[by.org_slug, row.pk]),
    )  # fmt: skip


@page("tuition.price")
def subscription_unbind(request: OfficeRequest, subscription_id: int) -> HttpResponse:
    by, row = request.by, lists.get_subscription(request.by, subscription_id)
    told = {"tariff": name_of(row), "name": row.student.full_name}
    return priced_undo(
        request, [row.student_id], partial(tariffs.unbind_tariff, by, subscription_id=subscription_id),
        title=_("Take the tariff %(tariff)s back from %(name)s?") % told,
        told=_("The tariff %(tariff)s is taken back from %(name)s.") % told,
        home=prices_tab(request, row.student_id), name=row.student.full_name,
        text=_("As if it had never been bound: all that it charged is given back. To end it, set its last day."),
    )  # fmt: skip


@page("tuition.price")
def subscription_end(request: OfficeRequest, subscription_id: int) -> HttpResponse:
    by, row = request.by, lists.get_subscription(request.by, subscription_id)
    last = last_of(row) or max(by.today, row.starts_on)
    form = EndForm(filled(request), initial={"last_on": last})
    end = ends_of(by, [row])[row.pk]
    return priced_page(
        request, form, [row.student_id], partial(tariffs.end_subscription, by, subscription_id=subscription_id),
        title=_("Last day of the subscription of %(name)s") % {"name": row.student.full_name}, submit_label=_("Save"),
        crumbs=[(row.student.full_name, prices_tab(request, row.student_id))], back=prices_tab(request, row.student_id),
        told=_("Saved."), text="" if end == row.ends_on else _moved(end),
    )  # fmt: skip


def _moved(end: date | None) -> str:
    """Where pauses have moved the last day that is about to be written anew."""
    if end is None:
        return _("An open pause puts the last day off until it ends.")
    return _("Pauses move the last day: the one that stands here now to %(day)s.") % {
        "day": formats.day(end - timedelta(days=1))
    }


@page("tuition.price")
def subscription_price(request: OfficeRequest, subscription_id: int) -> HttpResponse:
    by, row = request.by, lists.get_subscription(request.by, subscription_id)
    if _is_undo(request):
        return redirect(request.get_full_path())
    form = OwnPriceForm(filled(request), initial=_asked(request, "price"), currency=row.student.branch.currency)

    def again(_row: object) -> str:
        """Where it is as before; another own price has no such place."""
        there = reverse("office:subscription-price-end", args=[by.org_slug, subscription_id])
        return "" if row.has_own_price or not again_as(row) else f"{there}?from_on={form.cleaned_data['from_on']}"

    return priced_page(
        request, form, [row.student_id], partial(tariffs.set_own_price, by, subscription_id=subscription_id),
        title=_("Own price of %(name)s") % {"name": row.student.full_name}, submit_label=_("Save"),
        crumbs=[(row.student.full_name, prices_tab(request, row.student_id))], back=prices_tab(request, row.student_id),
        told=_("Saved."), text=_("From that day on a new price of the course or tariff leaves this student alone."),
        undo=again,
    )  # fmt: skip


@page("tuition.price")
def subscription_price_end(request: OfficeRequest, subscription_id: int) -> HttpResponse:
    by, row = request.by, lists.get_subscription(request.by, subscription_id)
    if _is_undo(request):
        return redirect(request.get_full_path())
    form, name = OwnPriceEndForm(filled(request), initial=_asked(request)), {"name": row.student.full_name}
    undo = reverse("office:subscription-price", args=[by.org_slug, subscription_id])
    if request.method == "POST" and form.is_valid():
        from_on = form.cleaned_data["from_on"]
        undo += f"?from_on={from_on}&price={decimal_text(lists.price_on(by, row, from_on))}"
    return priced_page(
        request, form, [row.student_id], partial(tariffs.end_own_price, by, subscription_id=subscription_id),
        title=(_("%(name)s as the tariff again") if row.tariff else _("%(name)s as the course again")) % name,
        submit_label=_("Save"), crumbs=[(row.student.full_name, prices_tab(request, row.student_id))],
        back=prices_tab(request, row.student_id), told=_("Saved."), undo=lambda _row: undo,
        text=_(
            "From that day on the student pays what somebody pays who begins then, and new prices of the course or "
            "tariff are followed again. What was charged before stays."
        ),
    )  # fmt: skip


def _is_undo(request: OfficeRequest) -> bool:
    """Whether Undo was pressed: the form is to be seen, with what it does to the money."""
    return request.method == "POST" and "sent" in request.POST


def _asked(request: OfficeRequest, *names: str) -> dict[str, Any]:
    """What the form begins with: today, or what the address brings along."""
    asked = {name: request.GET[name][:40] for name in ("from_on", *names) if request.GET.get(name)}
    return {"from_on": request.by.today} | asked


@page("tuition.price")
def lesson_payer(request: OfficeRequest, student_id: int, lesson_id: int) -> HttpResponse:
    by, student, lesson = request.by, get_student(request.by, student_id), get_lesson(request.by, lesson_id)
    fitting = may_pay(by, student_id=student_id, lesson_id=lesson_id)
    bound = [each for each in lists.subscriptions_of(by, student_id) if each.row.pk in fitting]
    choices = [(each.row.pk, f"{name_of(each.row)} · {formats.money_text(each.price)}") for each in bound]
    chosen = lists.payer_chosen(by, student_id, lesson_id)
    initial = {"subscription_id": chosen if chosen in fitting else None}
    back = reverse("office:student", args=[by.org_slug, student_id]) + "?tab=money"
    return priced_page(
        request, PayerForm(filled(request), initial=initial, subscriptions=choices), [student_id],
        partial(_choose, by, student_id, lesson_id), title=_("What pays for the lesson"), submit_label=_("Save"),
        crumbs=[(student.full_name, back)], back=back, told=_("Saved."),
        text=f"{lesson.name}, {formats.day(lesson.held_on)}",
    )  # fmt: skip


def _choose(by: Actor, student_id: int, lesson_id: int, **values: Any) -> bool:
    prices.choose_payer(by, student_id=student_id, lesson_id=lesson_id, **values)
    return True


@page("tuition.price")
def discount_new(request: OfficeRequest, student_id: int) -> HttpResponse:
    by, student = request.by, get_student(request.by, student_id)
    form = _discount_form(request, student.branch.currency, {"starts_on": by.today, "kind": "percent"})
    return priced_page(
        request, form, [student_id], partial(discounts.give_discount, by, student_id=student_id),
        title=_("A discount for %(name)s") % {"name": student.full_name}, submit_label=_("Give discount"),
        crumbs=[(student.full_name, prices_tab(request, student_id))], back=prices_tab(request, student_id),
        told=_("The discount is given."), text=_("Of several discounts only the one that saves most counts."),
        undo=lambda row: reverse("office:discount-withdraw", args=[by.org_slug, row.pk]),
    )  # fmt: skip


@page("tuition.price")
def discount_edit(request: OfficeRequest, discount_id: int) -> HttpResponse:
    by, row = request.by, lists.get_discount(request.by, discount_id)
    initial = {
        "kind": "amount" if row.percent is None else "percent", "percent": row.percent, "amount": row.amount,
        "per": row.per, "starts_on": row.starts_on, "subjects": row.subjects, "lesson_types": row.lesson_types,
        "last_on": last_of(row), "reason": row.reason,
    }  # fmt: skip
    form = _discount_form(request, row.student.branch.currency, initial)
    withdraw, text = reverse("office:discount-withdraw", args=[by.org_slug, discount_id]), ""
    if row.is_for_siblings:
        # Taken back it would only be given anew.
        withdraw, text = "", _("The centre's rule for siblings gave this discount and keeps its percent and last day.")
    return priced_page(
        request, form, [row.student_id], partial(discounts.change_discount, by, discount_id=discount_id),
        title=_("Discount of %(name)s") % {"name": row.student.full_name}, submit_label=_("Save"),
        crumbs=[(row.student.full_name, prices_tab(request, row.student_id))], back=prices_tab(request, row.student_id),
        told=_("Saved."), take_back_url=withdraw, text=text,
    )  # fmt: skip


@page("tuition.price")
def discount_withdraw(request: OfficeRequest, discount_id: int) -> HttpResponse:
    by, row = request.by, lists.get_discount(request.by, discount_id)
    name = row.student.full_name
    return priced_undo(
        request, [row.student_id], partial(discounts.withdraw_discount, by, discount_id=discount_id),
        title=_("Take the discount of %(name)s back?") % {"name": name},
        told=_("The discount of %(name)s is taken back.") % {"name": name},
        home=prices_tab(request, row.student_id), name=name,
    )  # fmt: skip


@page("tuition.view")
def discounts_list(request: OfficeRequest) -> HttpResponse:
    state, q, types = request.GET.get("state", ""), typed(request, "q"), dict(lists.lesson_types(request.by))
    rows, at = lists.discounts_page(request.by, state=state, q=q, number=number_in(request, "page") or 1)
    shown = [
        {
            "id": row.pk, "student_id": row.student_id, "name": row.student.full_name, "reason": reason_of(row),
            "worth": worth(row, row.student.branch.currency), "starts_on": row.starts_on,
            "last_on": last_of(row), "limits": limits(row, types),
        }
        for row in rows
    ]  # fmt: skip
    return render(request, "office/tuition/discounts.html", {"rows": shown, "page": at, "state": state, "q": q})


def _discount_form(request: OfficeRequest, currency: str, initial: dict[str, Any]) -> DiscountForm:
    by = request.by
    return DiscountForm(
        filled(request), initial=initial, currency=currency, subjects=subjects(by.trusted()),
        lesson_types=lists.lesson_types(by),
    )  # fmt: skip
