"""What saving a form will do to the money, shown before it is done."""

from __future__ import annotations

from copy import copy
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from django.forms import ChoiceField, Select
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from daftar.lib.errors import Refusal
from daftar.lib.money import Money
from daftar.office import formats, words
from daftar.office.forms import UndoForm, done, form_page, number_in, said, tell, undone
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
Rehearsing: TypeAlias = "Callable[[Actor, Collection[int], Callable[[], object]], list[Rehearsal]]"
# Of several: so many stand at once, and up to so many of them, or lines of theirs, are there to be unfolded.
SHOWN, BY_NAME, LINES = 8, 100, 300
# Of more than so many the sums are found out when somebody asks: to look at them takes as long as doing it.
AT_ONCE = 1000


class PreviewLine(NamedTuple):
    """A move of money, or all those of one student, in words; unfolded, why it is so, or the single ones."""

    label: str
    text: str
    why: list[words.Said] = []
    lines: list[PreviewLine] = []


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
    request: OfficeRequest, student_ids: Collection[int], deed: Deed, *, title: str, told: str, home: str, name: str,
    text: str = "",
) -> Answer:  # fmt: skip
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
        submit_label=_("Take back"), text=text,
    )  # fmt: skip


def undo_address(by: Actor, made: Done) -> str:
    """The address that takes back what was done to one or several memberships."""
    return reverse("office:group-several-undo", args=[by.org_slug, made.id])


def membership_home(request: OfficeRequest, card: str) -> str:
    """Where one came from to do something with a membership: the list of a group, or else the card."""
    group_id = number_in(request, "from_group")
    if group_id is None:
        return card
    return reverse("office:group", args=[request.by.org_slug, group_id]) + "?tab=students"


def prices_tab(request: OfficeRequest, student_id: int) -> str:
    """Where what is agreed with a student stands on the card."""
    return reverse("office:student", args=[request.by.org_slug, student_id]) + "?tab=prices"


def filled(request: OfficeRequest) -> Any:
    """The values of the form: sent to be saved, or (by the live preview) only to be looked at."""
    if request.method == "POST":
        return request.POST
    return request.GET if "HX-Request" in request.headers else None


def preview_of(
    by: Actor, form: Form, student_ids: Collection[int], deed: Deed, how: Rehearsing = rehearse
) -> Preview | None:
    """What the deed would do with the values of a form, at first with those it begins with; None while some lack."""
    asked = form if form.is_bound else begun(form)
    if not asked.is_valid() or not by.may("tuition.view"):
        return None
    if len(student_ids) > AT_ONCE and "sums" not in asked.data:
        return nothing(_concerned(len(student_ids))) | {"asks": True}
    try:
        found = how(by, student_ids, lambda: deed(**asked.cleaned_data))
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


def begun(form: Form) -> Form:
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
    return _preview([], note, [])


def _of_one(found: Rehearsal) -> Preview:
    return _preview([found.moved], _note(found), _lines(found))


def _of_many(found: list[Rehearsal]) -> Preview:
    """The sums, by currency, and those whose money moves by name: the first of them, if they are many."""
    touched = [each for each in found if each.lines]
    sums: dict[str, int] = {}
    for each in touched:
        sums[each.moved.currency] = sums.get(each.moved.currency, 0) + each.moved.amount
    fit = sum(total <= LINES for total in accumulate(len(each.lines) for each in touched[:BY_NAME]))
    note = _concerned(len(found))
    if fit < len(touched):
        note = _("%(said)s By name, the first %(num)s.") % {"said": note, "num": fit}
    lines = [PreviewLine(each.name, formats.money_text(each.moved), lines=_lines(each)) for each in touched[:fit]]
    return _preview([Money(amount, currency) for currency, amount in sums.items()], note, lines)


def _lines(found: Rehearsal) -> list[PreviewLine]:
    """Every move of a student with why it is so, as the rule that makes the charge says it."""
    return [
        PreviewLine(
            f"{formats.day(line.on)}: {formats.money_text(line.amount)}",
            _("taken back") if line.is_reversal else words.charge_text(line.why),
            words.why_text(line.why, line.amount.currency),
        )
        for line in found.lines
    ]


def _preview(moved: list[Money], note: str, lines: list[PreviewLine]) -> Preview:
    return {
        "charged": [Money(-each.amount, each.currency) for each in moved if each.amount < 0],
        "returned": [each for each in moved if each.amount > 0],
        "note": note, "lines": lines[:SHOWN], "more": lines[SHOWN:], "asks": False,
    }  # fmt: skip


def _concerned(count: int) -> str:
    return ngettext("It concerns %(num)s student.", "It concerns %(num)s students.", count) % {"num": count}


def _note(found: Rehearsal) -> str:
    text = _("Balance afterwards: %(balance)s.") % {"balance": formats.money_text(found.after)}
    ahead = found.coverage.next_charge if found.coverage else None
    if ahead is None:
        return text
    values = {
        "said": text, "day": formats.day(ahead.on),
        "sum": formats.money_text(Money(ahead.amount, found.after.currency)),
    }  # fmt: skip
    return _("%(said)s Next charge on %(day)s: %(sum)s.") % values
