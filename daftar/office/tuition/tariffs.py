"""Pages on tariffs, and on prices of courses, groups and tariffs from a day on."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from daftar.courses.queries import get_course, get_group, subjects
from daftar.lib.money import Money
from daftar.office import formats, words
from daftar.office.forms import done, form_page, tell
from daftar.office.page import OfficeRequest, page
from daftar.office.previews import filled, nothing, preview_of
from daftar.office.terms import limits
from daftar.office.tuition.tariff_forms import PriceForm, TariffForm
from daftar.orgs.queries import branches
from daftar.tuition import listed, lists, prices, tariffs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.http import HttpResponse

    from daftar.orgs.access import Actor
    from daftar.tuition.listed import Step
    from daftar.tuition.models import Tariff

FROM_THAT_DAY = gettext_noop(
    "Whoever becomes active on that day or later pays the new price. What was charged before it stays."
)


@page("tuition.view")
def tariffs_list(request: OfficeRequest) -> HttpResponse:
    by, types = request.by, dict(lists.lesson_types(request.by))
    places = {row.pk: row.name for row in branches(by)}
    rows = [_shown(by, row, types, places) for row in lists.tariffs(by)]
    return render(request, "office/tuition/tariffs.html", {"rows": rows})


@page("tuition.manage")
def tariff_new(request: OfficeRequest) -> HttpResponse:
    by = request.by
    form = TariffForm(request.POST or None, initial={"from_on": by.today}, is_new=True, **_choices(by))
    if added := done(form, partial(tariffs.add_tariff, by)):
        tell(request, _("The tariff %(name)s is added.") % {"name": added.name})
        return redirect("office:tariffs", by.org_slug)
    return form_page(
        request, "office/form.html", form, title=_("New tariff"), submit_label=_("Add tariff"), cancel_url="../",
        text=_("A tariff is a price that students are bound to on their cards, in one group or in all."),
    )  # fmt: skip


@page("tuition.manage")
def tariff_edit(request: OfficeRequest, tariff_id: int) -> HttpResponse:
    by, row = request.by, lists.get_tariff(request.by, tariff_id)
    choices = _choices(by) | {"currencies": [row.currency]}
    form = TariffForm(request.POST or None, initial=TariffForm.initial_of(row), is_new=False, **choices)
    if done(form, partial(tariffs.edit_tariff, by, tariff_id=tariff_id)):
        tell(request, _("Saved."))
        return redirect("office:tariffs", by.org_slug)
    return form_page(
        request, "office/courses/group_form.html", form, title=row.name, submit_label=_("Save"), cancel_url="../../",
        priced=("tariff-price", row.pk), note=_("Who is bound already keeps what was agreed."),
        crumbs=[(_("Tariffs"), reverse("office:tariffs", args=[by.org_slug]))],
    )  # fmt: skip


@page("tuition.manage")
def course_price(request: OfficeRequest, course_id: int) -> HttpResponse:
    by, row = request.by, get_course(request.by, course_id)
    return _price_page(
        request, partial(prices.change_course_price, by, course_id=course_id), listed.followers(by, row),
        steps=listed.price_steps(by, row), name=row.name, currency=row.currency, price=row.price,
        back=reverse("office:course-edit", args=[by.org_slug, course_id]), text=_(FROM_THAT_DAY),
    )  # fmt: skip


@page("tuition.manage")
def group_price(request: OfficeRequest, group_id: int) -> HttpResponse:
    by, row = request.by, get_group(request.by, group_id)
    return _price_page(
        request, partial(prices.change_group_price, by, group_id=group_id), listed.followers(by, row),
        steps=listed.price_steps(by, row), name=row.name, currency=row.branch.currency, price=row.price,
        back=reverse("office:group", args=[by.org_slug, group_id]), is_optional=True, text=_(FROM_THAT_DAY),
    )  # fmt: skip


@page("tuition.manage")
def tariff_price(request: OfficeRequest, tariff_id: int) -> HttpResponse:
    by, row = request.by, lists.get_tariff(request.by, tariff_id)
    return _price_page(
        request, partial(tariffs.change_tariff_price, by, tariff_id=tariff_id), listed.tariff_followers(by, tariff_id),
        steps=listed.tariff_steps(by, row), name=row.name, currency=row.currency, price=None,
        back=reverse("office:tariffs", args=[by.org_slug]),
        text=_("Whoever is bound from now on pays the new price from that day. What was charged before it stays."),
    )  # fmt: skip


def _price_page(
    request: OfficeRequest, deed: Callable[..., object], ids: Sequence[int], **context: Any
) -> HttpResponse:
    by, back, currency = request.by, context["back"], context["currency"]
    is_optional = context.pop("is_optional", False)
    form = PriceForm(
        filled(request), initial={"from_on": by.today}, currency=currency, follow=_follow(len(ids)),
        is_optional=is_optional,
    )  # fmt: skip
    if request.method == "POST" and (_changed := done(form, deed)):
        tell(request, _("The new price is written."))
        return redirect(back)
    return form_page(
        request, "office/tuition/price.html", form, preview=_preview(by, form, ids, deed), cancel_url=back,
        title=_("New price of %(name)s") % {"name": context["name"]}, submit_label=_("Write the price"),
        crumbs=[(context["name"], back)],
        steps=[_step(step, currency, is_optional=is_optional) for step in context["steps"]],
        now=None if context["price"] is None else Money(context["price"], currency),
        text=context["text"],
    )  # fmt: skip


def _follow(count: int) -> tuple[str, str]:
    """What either answer means, with how many it concerns."""
    people = ngettext("%(num)s student", "%(num)s students", count) % {"num": count}
    return (
        _("From that day on: %(people)s. Who has a price of their own keeps it.") % {"people": people},
        _("Nothing changes for these: %(people)s.") % {"people": people},
    )


def _preview(by: Actor, form: PriceForm, ids: Sequence[int], deed: Callable[..., object]) -> dict[str, Any] | None:
    if not form.is_bound or not form.is_valid():
        return None
    if not form.cleaned_data["bound_follow"]:
        return nothing(_("Who studies already pays what was agreed."))
    return preview_of(by, form, ids, deed)


def _step(step: Step, currency: str, *, is_optional: bool) -> dict[str, Any]:
    none = _("as the course") if is_optional else ""
    return {
        "from_on": step.from_on, "price": None if step.amount is None else Money(step.amount, currency), "none": none,
        "state": "ahead" if step.is_ahead else "now" if step.is_now else "past",
        "follow": _("for those who studied already too") if step.bound_follow else "",
    }  # fmt: skip


def _shown(by: Actor, row: Tariff, types: dict[str, str], places: dict[int, str]) -> dict[str, Any]:
    steps = listed.tariff_steps(by, row)
    now = next((step for step in steps if step.is_now), steps[-1])
    ahead = next((step for step in reversed(steps) if step.is_ahead and step is not now), None)
    told = ""
    if ahead is not None and ahead.amount is not None and ahead.from_on is not None:
        values = {"sum": formats.money_text(Money(ahead.amount, row.currency)), "day": formats.day(ahead.from_on)}
        told = _("%(sum)s from %(day)s") % values
    days = ngettext("valid for %(num)s day", "valid for %(num)s days", row.valid_days or 0) % {"num": row.valid_days}
    return {
        "id": row.pk, "name": row.name, "plan": words.charged_as(row), "price": Money(now.amount or 0, row.currency),
        "next": told, "limits": limits(row, types), "days": days if row.valid_days else "",
        "branches": ", ".join(places[pk] for pk in row.branches if pk in places), "is_archived": row.is_archived,
    }  # fmt: skip


def _choices(by: Actor) -> dict[str, Any]:
    places = branches(by)
    return {
        "currencies": list(dict.fromkeys(row.currency for row in places)), "branches": places,
        "subjects": subjects(by.trusted()), "lesson_types": lists.lesson_types(by),
    }  # fmt: skip
