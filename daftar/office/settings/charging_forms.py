"""Forms on how a centre or a branch charges, and on reasons of absence."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from daftar.lib.money import Money, default_step, exponent
from daftar.office import formats
from daftar.office.questions import AS_CENTRE, QUESTIONS
from daftar.orgs.charging import Charging

STEPS = (1, 10, 100, 500, 1000, 10_000)  # in units of the currency


class ChargingForm(forms.Form):
    """What the centre decides, or (`is_branch`) what a branch decides otherwise."""

    def __init__(self, *args: Any, currency: str, is_branch: bool, stored: int | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.chosen: dict[str, Any] = dict(self.initial)
        self.is_branch = is_branch
        for name, (label, answers) in QUESTIONS.items():
            self.fields[name] = _question(label, answers, is_branch=is_branch)
        self.fields["rounding_step"] = _steps(currency, stored, is_branch=is_branch)
        if not is_branch:
            self.fields["sibling_percent"] = forms.DecimalField(
                label=_("Percent off for siblings"), required=False, max_digits=5, decimal_places=2,
                help_text=_("For the second and further children of one payer. Leave empty for none."),
            )  # fmt: skip
        self.order_fields((
            "activation_day_counts", "rounding_step", "money_discount_per", "suspensions_extend", "holidays_credited",
        ))  # fmt: skip

    def clean(self) -> dict[str, Any]:
        self.chosen |= self.cleaned_data
        if self.errors:
            return self.cleaned_data
        values = dict(self.cleaned_data)
        more = {} if self.is_branch else {"sibling_percent": values.pop("sibling_percent")}
        return {"charging": Charging(**values)} | more


def _truth(text: str) -> bool | str:
    return {"yes": True, "no": False}.get(text, text)


def _question(label: Any, answers: dict[str, tuple[Any, Any]], *, is_branch: bool) -> Any:
    first = [("", _("as the centre"))] if is_branch else []
    empty = None if "yes" in answers else ""
    field: Any = forms.TypedChoiceField(
        label=label, choices=[*first, *((key, name) for key, (name, _means) in answers.items())], coerce=_truth,
        widget=forms.RadioSelect, required=not is_branch, empty_value=empty,
    )  # fmt: skip
    field.explains = {key: means for key, (_name, means) in answers.items()} | {"": AS_CENTRE}
    return field


def _steps(currency: str, stored: int | None, *, is_branch: bool) -> Any:
    """What sums are rounded to: some round numbers, and the one that is stored."""
    unit = 10 ** exponent(currency)
    sizes = sorted({*(unit * step for step in STEPS), *([] if stored is None else [stored])} - {default_step(currency)})
    finest = formats.money_text(Money(default_step(currency), currency))
    none = _("as the centre") if is_branch else finest
    first: list[tuple[Any, Any]] = [("", none)]
    if is_branch:
        first.append((default_step(currency), finest))
    field: Any = forms.TypedChoiceField(
        label=_("Sums are rounded to"), coerce=int, empty_value=None, required=False,
        choices=[*first, *((size, formats.money_text(Money(size, currency))) for size in sizes)],
        help_text=_("Half up, once, at the end; a price that is charged whole is rounded too."),
    )  # fmt: skip
    field.needed = True  # the first choice is one too
    return field


def written(value: Any) -> Any:
    """A stored decision as the form sends it."""
    return {True: "yes", False: "no", None: ""}.get(value, value) if isinstance(value, bool | None) else value


class ReasonForm(forms.Form):
    """A reason of absence and what follows from it."""

    name = forms.CharField(label=_("Name"), max_length=80)
    charges = forms.BooleanField(
        label=_("The lesson is charged"), required=False,
        help_text=_("Not where every scheduled lesson or a whole month is charged: there an absence changes nothing."),
    )  # fmt: skip
    pays_teacher = forms.BooleanField(label=_("The teacher is paid for it"), required=False)
    gives_credit = forms.BooleanField(label=_("A make-up lesson is due"), required=False)
    credit_days = forms.IntegerField(
        label=_("To be made up for within days"), required=False, min_value=1, max_value=1000,
        help_text=_("Left empty: whenever."),
    )  # fmt: skip
    place = forms.IntegerField(
        label=_("Place in the list"),
        min_value=1,
        max_value=1000,
        help_text=_("1 stands first when a lesson is marked."),
    )
