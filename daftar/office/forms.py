"""What the forms of all areas are made of. They clean input; the verbs decide."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

from django import forms
from django.contrib import messages
from django.core.validators import MaxValueValidator, MinValueValidator
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from daftar.lib.errors import Refusal
from daftar.lib.money import Money, MoneyError, decimal_text, parse
from daftar.office import formats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from django.http import HttpRequest, HttpResponse

    from daftar.reports.queries import StudentRow

R = TypeVar("R")

EARLIEST, LATEST, EARLIEST_BIRTHDAY = date(2000, 1, 1), date(2100, 1, 1), date(1900, 1, 1)
LONGEST_NUMBER = 19  # digits of the largest id

MONEY_SAYS = {
    "empty": _("Write an amount."),
    "not_a_number": _("This is not an amount. Write it like 350000 or 350,50."),
    "too_many_decimals": _("This currency has fewer decimals."),
    "too_large": _("This amount is too large. Check the zeros."),
}


class MoneyField(forms.CharField):
    """An amount as people write it (`350 000`, `350k`, `350,50`); cleaned to minor units, None if empty."""

    def __init__(self, currency: str, *, min_minor: int | None = 0, **kwargs: Any) -> None:
        self.currency, self.min_minor = currency, min_minor
        super().__init__(widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}), **kwargs)
        self.help_text = kwargs.get("help_text") or currency

    def prepare_value(self, value: Any) -> Any:
        return grouped(decimal_text(Money(value, self.currency))) if isinstance(value, int) else value

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            money = parse(text, self.currency)
        except MoneyError as wrong:
            raise forms.ValidationError(MONEY_SAYS[wrong.code]) from wrong
        if self.min_minor is not None and money.amount < self.min_minor:
            raise forms.ValidationError(_("An amount cannot be negative here."))
        return money.amount


def price_field(form: forms.Form, currencies: Sequence[str], **kwargs: Any) -> MoneyField:
    """A price in the currency that the form's own field was sent with, with the decimals of that one."""
    sent = form.data.get("currency") if form.is_bound else None
    if len(currencies) > 1:
        kwargs["help_text"] = _("In the currency that is chosen.")
    chosen = [code for code in currencies if code == sent]
    return MoneyField((chosen or currencies)[0], **kwargs)


def grouped(written: str) -> str:
    """1250000.50 as 1 250 000.50: what a field shows can be read, and read back."""
    whole, mark, rest = written.partition(".")
    return f"{int(whole):,}".replace(",", " ") + mark + rest


def day_field(label: Any, *, earliest: date = EARLIEST, **kwargs: Any) -> forms.DateField:
    """A day, shown as the browser shows days; a year that nobody can have meant is refused."""
    widget = forms.DateInput(attrs={"type": "date", "min": earliest.isoformat()}, format="%Y-%m-%d")
    limits = [
        MinValueValidator(earliest, _("This day is too long ago. Check the year.")),
        MaxValueValidator(LATEST, _("This day is too far ahead. Check the year.")),
    ]
    return forms.DateField(label=label, widget=widget, validators=limits, **kwargs)


def pick_field(
    label: Any, rows: Iterable[tuple[int, Any]], *, none: Any = None, radio: bool = False, **kwargs: Any
) -> Any:
    """One of some rows by id, cleaned to an int; `none` is the choice of no row and makes the field optional."""
    choices: list[tuple[Any, Any]] = list(rows)
    if none is not None:
        choices.insert(0, ("", none))
        kwargs["required"] = False
    widget = forms.RadioSelect if radio else forms.Select
    return forms.TypedChoiceField(label=label, choices=choices, coerce=int, empty_value=None, widget=widget, **kwargs)


def yes_or_no(label: Any, yes: Any, yes_means: Any, no: Any, no_means: Any, **kwargs: Any) -> Any:
    """A radio of two, each with what follows from it, cleaned to a truth; nothing is chosen unless `initial` says."""
    field: Any = forms.TypedChoiceField(
        label=label, choices=[("yes", yes), ("no", no)], coerce=lambda text: text == "yes", widget=forms.RadioSelect,
        **kwargs,
    )  # fmt: skip
    field.explains = {"yes": yes_means, "no": no_means}
    return field


def done(form: forms.Form, verb: Callable[..., R]) -> R | None:
    """What the verb answered to the cleaned values, or None after putting its refusal beside the field."""
    if not form.is_valid():
        return None
    try:
        return verb(**form.cleaned_data)
    except Refusal as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, said(refusal))
        return None


def typed(request: HttpRequest, name: str, longest: int = 100) -> str:
    """What was typed into a field of the address or of a form without fields of its own; never longer, never a NUL."""
    text: str = (request.POST if request.method == "POST" else request.GET).get(name, "")
    return text.replace("\x00", "").strip()[:longest]


def number_in(request: HttpRequest, name: str) -> int | None:
    """A number in the address; None when it is none, or one that no row can have."""
    return as_number(request.GET.get(name, ""))


def as_number(text: str) -> int | None:
    """An id that was sent; None when it is none, or one that no row can have."""
    return int(text) if text.isdecimal() and len(text) < LONGEST_NUMBER else None


def the_only(request: HttpRequest, found: Sequence[StudentRow]) -> int | None:
    """The one student who fits when a search was sent with Enter; while it is still being typed, nobody is chosen."""
    return found[0].id if len(found) == 1 and "HX-Request" not in request.headers else None


def said(refusal: Refusal) -> str:
    """A refusal in words, its days and sums written as the reader writes them."""
    values = {name: _written(value) for name, value in refusal.values.items()}
    return str(refusal.text) % values if values else str(refusal.text)


def _written(value: object) -> object:
    if isinstance(value, date):
        return formats.day(value)
    if isinstance(value, Refusal):
        return said(value)
    return formats.money_text(value) if isinstance(value, Money) else value


class UndoForm(forms.Form):
    """Nothing to fill in: whoever sends it means it."""

    sent = forms.BooleanField(widget=forms.HiddenInput, initial=True)

    def clean(self) -> dict[str, Any]:
        return {}


def tell(request: HttpRequest, text: str, *, undo: str = "") -> None:
    """Says what happened, on the next page; `undo` is the address that takes it back, shown beside it."""
    messages.success(request, text, extra_tags=undo)


def undone(request: HttpRequest, home: str) -> HttpResponse:
    """Back to the page on which Undo was pressed, or home where it was not said or leads elsewhere."""
    back = request.POST.get("next", "")
    return redirect(back if url_has_allowed_host_and_scheme(back, allowed_hosts=None) else home)


def undo_page(request: HttpRequest, form: UndoForm, title: str, home: str) -> HttpResponse:
    """Asks once more, for those who come here without having pressed Undo, and says why it cannot be."""
    return form_page(request, "office/form.html", form, title=title, submit_label=_("Undo"), cancel_url=home)


def form_page(request: HttpRequest, template: str, form: forms.Form | None, **context: Any) -> HttpResponse:
    """A page with a form: 422 with the typed values kept when something in it is wrong.

    A live preview asks with values that are not complete yet; that is no mistake.
    """
    is_asked = request.method == "GET" and "HX-Request" in request.headers
    status = 422 if form is not None and form.is_bound and form.errors and not is_asked else 200
    return render(request, template, {"form": form, **context}, status=status)
