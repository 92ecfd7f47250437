"""What reports are asked with; they are sent in the address, so that a report can be kept as a bookmark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from daftar.finance.models import PaymentKind
from daftar.office.forms import MoneyField, day_field
from daftar.reports.lifetime import COUNTED

if TYPE_CHECKING:
    from collections.abc import Sequence

LISTED = (100, 200, 500, 1000, 2000, 5000)


class PeriodForm(forms.Form):
    """From one day to another."""

    since = day_field(_("From"))
    until = day_field(_("To"))

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        since, until = values.get("since"), values.get("until")
        if since and until and until < since:
            self.add_error("until", _("The last day lies before the first."))
        return values


class PaidForm(PeriodForm):
    """Which payments of a period; where money is kept in several currencies, in which of them."""

    kinds = forms.TypedMultipleChoiceField(
        label=_("What counts"), coerce=PaymentKind, choices=[(kind.value, kind.label) for kind in COUNTED],
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    currency = forms.ChoiceField(label=_("Currency"))

    def __init__(self, *args: Any, currencies: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.money = currencies[0]
        if len(currencies) > 1:
            self.fields["currency"].choices = [(name, name) for name in currencies]  # type: ignore[attr-defined] # of a choice
            named = str(self.data.get("currency", ""))
            self.money = named if named in currencies else currencies[0]
        else:
            del self.fields["currency"]

    def clean(self) -> dict[str, Any]:
        return {**super().clean(), "currency": self.money}


class LifetimeForm(PaidForm):
    """Of whom, and from which sum on."""

    most = forms.TypedChoiceField(label=_("How many students"), coerce=int, choices=[(n, str(n)) for n in LISTED])
    with_archived = forms.BooleanField(label=_("With students in the archive"), required=False)

    field_order = ("since", "until", "above", "most", "currency", "kinds", "with_archived")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["above"] = MoneyField(self.money, label=_("Ignore payments up to"), required=False)
        self.fields["above"].needed = False  # type: ignore[attr-defined] # read by the template: no mark beside the label
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        return {**values, "above": values.get("above") or 0, "kinds": tuple(values.get("kinds", ()))}
