"""What saving a form will do to the money, shown before it is done."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any, TypeAlias

from django.forms import ChoiceField, Select
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from daftar.lib.errors import Refusal
from daftar.lib.money import Money
from daftar.office import formats, words
from daftar.office.forms import UndoForm, done, form_page, said, tell, undone
from daftar.tuition.rehearsal import rehearse

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from django.forms import Form
    from django.http import HttpResponse

    from daftar.office.page import OfficeRequest
    from daftar.orgs.access import Actor
    from daftar.tuition.rehearsal import Rehearsal
    from daftar.tuition.several import Done

Preview = dict[str, Any]
Deed: TypeAlias = "Callable[..., object]"
Answer: TypeAlias = "HttpResponse"
MANY = 8


def priced_page(request: OfficeRequest, form: Form, student_ids: Collection[int], deed: Deed, **context: Any) -> Answer:
    """Does the deed and leads to `back` with `told`, or shows the form with what the deed would do to the money.

    `undo`, where given, is the address that takes back what the deed answered.
    """
    back, told, undo = context.pop("back"), context.pop("told"), context.pop("undo", None)
    if request.method == "POST" and (result := done(form, deed)):
        tell(request, told, undo=undo(result) if undo else "")
        return redirect(back)
    preview = preview_of(request.by, form, student_ids, deed)
    return form_page(request, "office/form_preview.html", form, preview=preview, cancel_url=back, **context)


def priced_undo(
    request: OfficeRequest, student_ids: Collection[int], deed: Deed, *, title: str, told: str, home: str, name: str
) -> Answer:
    """Takes something back and leads to where Undo was pressed; whoever comes without having pressed it is asked first.

    `home`, called `name`: where it leads otherwise.
    """
    form = UndoForm(request.POST if request.method == "POST" else {"sent": "on"})
    if request.method == "POST" and (_undone := done(form, deed)):
        tell(request, told)
        return undone(request, home)
    preview = None if form.errors else preview_of(request.by, form, student_ids, deed)
    return form_page(
        request, "office/form_preview.html", form, preview=preview, cancel_url=home, crumbs=[(name, home)], title=title,
        submit_label=_("Take back"),
    )  # fmt: skip


def undo_address(by: Actor, made: Done) -> str:
    """The address that takes back what was done to one or several memberships."""
    return reverse("office:group-several-undo", args=[by.org_slug, made.id])


def prices_tab(request: OfficeRequest, student_id: int) -> str:
    """Where what is agreed with a student stands on the card."""
    return reverse("office:student", args=[request.by.org_slug, student_id]) + "?tab=prices"


def filled(request: OfficeRequest) -> Any:
    """The values of the form: sent to be saved, or (by the live preview) only to be looked at."""
    if request.method == "POST":
        return request.POST
    return request.GET if "HX-Request" in request.headers else None


def preview_of(by: Actor, form: Form, student_ids: Collection[int], deed: Callable[..., object]) -> Preview | None:
    """What the deed would do with the values of a form, at first with those it begins with; None while some lack."""
    asked = form if form.is_bound else _begun(form)
    if not asked.is_valid() or not by.may("tuition.view"):
        return None
    try:
        found = rehearse(by, student_ids, lambda: deed(**asked.cleaned_data))
    except Refusal as refusal:
        return nothing(said(refusal))
    preview = _of_one(found[0]) if len(found) == 1 else _of_many(found)
    preview["note"] += _kept(by, asked, deed, found)
    return preview


def _kept(by: Actor, form: Any, deed: Callable[..., object], found: list[Rehearsal]) -> str:
    """What a person could give back, where the form asks that and it is not given."""
    if not getattr(form, "keeps", False) or form.cleaned_data["gives_credit"]:
        return ""
    given = {**form.cleaned_data, "gives_credit": True, "give_reason": "-"}
    told = rehearse(by, [each.student_id for each in found], lambda: deed(**given))
    sums = [sum(each.moved.amount for each in every) for every in (found, told)]
    if sums[0] == sums[1]:
        return ""
    kept = formats.money_text(Money(sums[1] - sums[0], found[0].before.currency))
    return " " + _("%(sum)s stays charged for lessons that will not take place for the student.") % {"sum": kept}


def _begun(form: Form) -> Form:
    """The same form as if it were sent as it stands, so that nothing is said beside its fields yet.

    A list without an empty line stands on its first one.
    """
    twin = copy(form)
    first = {
        name: next(iter(field.widget.choices))[0]
        for name, field in form.fields.items()
        if isinstance(field, ChoiceField)
        and isinstance(field.widget, Select)
        and field.required
        and field.widget.choices
    }
    twin.data, twin.files, twin.is_bound = {**first, **form.initial}, {}, True  # type: ignore[assignment] # as if sent
    # Kept by name once they were asked for: the shown form's fields would be the twin's, with its complaints.
    twin._bound_fields_cache = {}  # type: ignore[attr-defined] # noqa: SLF001 - Django gives a copy no other way
    return twin


def nothing(note: str) -> Preview:
    """A preview without money."""
    return {"charged": None, "returned": None, "note": note, "lines": []}


def _of_one(found: Rehearsal) -> Preview:
    lines = []
    shown = [line for line in found.lines if not line.is_reversal]
    for line in found.lines:
        label = f"{formats.day(line.on)}: {formats.money_text(line.amount)}"
        lines.append(words.Said(label, _("taken back") if line.is_reversal else words.charge_text(line.why)))
        if len(found.lines) == len(shown) == 1:
            lines += words.why_text(line.why, line.amount.currency)
    return _moved(found.moved) | {"note": _note(found), "lines": lines}


def _of_many(found: list[Rehearsal]) -> Preview:
    """Only the sums, the first few by name."""
    currency = found[0].before.currency if found else ""
    touched = [each for each in found if each.moved.amount]
    lines = [words.Said(each.name, formats.money_text(each.moved)) for each in touched[:MANY]]
    note = ngettext("It concerns %(num)s student.", "It concerns %(num)s students.", len(found)) % {"num": len(found)}
    return _moved(Money(sum(each.moved.amount for each in touched), currency)) | {"note": note, "lines": lines}


def _moved(sum_: Money) -> Preview:
    return {
        "charged": Money(-sum_.amount, sum_.currency) if sum_.amount < 0 else None,
        "returned": sum_ if sum_.amount > 0 else None,
    }


def _note(found: Rehearsal) -> str:
    text = _("Balance afterwards: %(balance)s.") % {"balance": formats.money_text(found.after)}
    ahead = found.coverage.next_charge
    if ahead is None:
        return text
    values = {
        "said": text, "day": formats.day(ahead.on),
        "sum": formats.money_text(Money(ahead.amount, found.after.currency)),
    }  # fmt: skip
    return _("%(said)s Next charge on %(day)s: %(sum)s.") % values
