"""Forms on tariffs and on prices from a day on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from daftar.courses.rules import PlanKind
from daftar.office.forms import MoneyField, day_field, price_field, yes_or_no
from daftar.office.plans import plan_fields, with_sizes
from daftar.tuition.tariffs import TariffTerms

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from daftar.orgs.models import Branch
    from daftar.tuition.models import Tariff


class PriceForm(forms.Form):
    """A price from a day on, and who it is for."""

    from_on = day_field(_("From"))

    def __init__(self, *args: Any, currency: str, follow: tuple[Any, Any], is_optional: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        price = MoneyField(currency, label=_("New price"), required=not is_optional)
        if is_optional:
            price.help_text = _("Leave empty to take the price of the course again.")
        self.fields = {"price": price, **self.fields}
        self.fields["bound_follow"] = yes_or_no(
            _("Who studies already"), _("Pays the new price too"), follow[0], _("Keeps the price that was agreed"),
            follow[1],
        )  # fmt: skip


class TariffForm(forms.Form):
    """What a tariff is for and how it is charged."""

    name = forms.CharField(label=_("Name"), max_length=120)

    def __init__(
        self, *args: Any, currencies: Sequence[str], branches: Iterable[Branch], subjects: Sequence[str],
        lesson_types: Sequence[tuple[str, str]], is_new: bool, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        self.currency, more = currencies[0], self.fields | plan_fields()
        if is_new:
            more["currency"] = forms.ChoiceField(
                label=_("Currency"), choices=[(code, code) for code in currencies], initial=currencies[0]
            )
            if len(currencies) == 1:
                more["currency"].widget = forms.HiddenInput()
            more["price"] = price_field(self, currencies, label=_("Price"), required=True)
            more["from_on"] = day_field(_("From"), help_text=_("Before that day the same price holds."))
        more["valid_days"] = forms.IntegerField(
            label=_("Valid for so many days"), min_value=1, max_value=3650, required=False,
            help_text=_("From the day a student is bound, that day included. Leave empty for one without end."),
        )  # fmt: skip
        more |= _limits(
            (
                "branches",
                _("Offered in"),
                [(str(row.pk), row.name) for row in branches],
                _("None chosen: in all branches."),
            ),
            ("subjects", _("Only for subjects"), [(name, name) for name in subjects], _("None chosen: for all.")),
            ("lesson_types", _("Only for types of lessons"), lesson_types, _("None chosen: for all.")),
        )
        if not is_new:
            more["is_archived"] = forms.BooleanField(
                label=_("Archived"), required=False,
                help_text=_("Nobody can be bound to it any more; who is bound already stays bound."),
            )  # fmt: skip
        self.fields = more

    def clean(self) -> dict[str, Any]:
        data, sizes = self.cleaned_data, with_sizes(self)
        if self.errors:
            return data
        terms = TariffTerms(
            name=data["name"], plan=PlanKind(sizes["plan"]), currency=data.get("currency") or self.currency,
            lessons_count=sizes["lessons_count"] or 1, module_lessons=sizes["module_lessons"], months=sizes["months"],
            subjects=tuple(data.get("subjects") or ()), lesson_types=tuple(data.get("lesson_types") or ()),
            valid_days=data["valid_days"], branches=tuple(int(pk) for pk in data.get("branches") or ()),
        )  # fmt: skip
        return {"terms": terms} | {name: data[name] for name in ("price", "from_on", "is_archived") if name in data}

    @staticmethod
    def initial_of(row: Tariff) -> dict[str, Any]:
        """What the form shows of a tariff that exists."""
        names = (
            "name", "plan", "lessons_count", "module_lessons", "months", "valid_days", "subjects", "lesson_types",
            "is_archived",
        )  # fmt: skip
        return {name: getattr(row, name) for name in names} | {"branches": [str(pk) for pk in row.branches]}


def _limits(*limits: tuple[str, Any, Sequence[tuple[str, str]], Any]) -> dict[str, forms.Field]:
    """Sets to choose from; where there is nothing to choose, no field."""
    return {
        name: forms.MultipleChoiceField(
            label=label, choices=choices, required=False, widget=forms.CheckboxSelectMultiple, help_text=hint
        )
        for name, label, choices, hint in limits
        if choices
    }
