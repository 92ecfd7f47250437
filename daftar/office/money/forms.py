"""Forms on money."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from daftar.finance.models import Method
from daftar.office.forms import MoneyField, day_field, pick_field

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daftar.finance.models import Desk
    from daftar.orgs.models import Branch


class PaymentForm(forms.Form):
    """Money received."""

    paid_on = day_field(_("Date"))
    note = forms.CharField(label=_("Note"), max_length=300, required=False)
    key = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, desks: Iterable[Desk], currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        first = {
            "amount": MoneyField(currency, label=_("Amount"), min_minor=None),
            "desk_id": pick_field(_("Paid by"), [(desk.pk, desk.name) for desk in desks], radio=True),
        }
        self.fields = {**first, **self.fields}


class ReversalForm(forms.Form):
    """Why a payment is undone."""

    reason = forms.CharField(label=_("Reason"), max_length=300)


class DebtorsForm(forms.Form):
    """Which debtors are shown."""

    with_archived = forms.BooleanField(label=_("With archived"), required=False)

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields = {"at_least": MoneyField(currency, label=_("Owes at least"), required=False), **self.fields}


class PromiseForm(forms.Form):
    """The day on which the money will come."""

    promised_for = day_field(_("Will pay on"))
    note = forms.CharField(label=_("Note"), max_length=300, required=False)


class DeskForm(forms.Form):
    """A desk."""

    name = forms.CharField(label=_("Name"), max_length=80)

    def __init__(self, *args: Any, branches: Iterable[Branch] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if branches is None:
            self.fields["is_open"] = forms.BooleanField(label=_("Takes money"), required=False)
            return
        rows = [(branch.pk, branch.name) for branch in branches]
        self.fields["branch_id"] = pick_field(_("Branch"), rows, initial=rows[0][0])
        self.fields["method"] = forms.ChoiceField(
            label=_("Method"), choices=Method.choices, widget=forms.RadioSelect, initial=Method.CASH
        )
