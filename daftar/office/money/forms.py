"""Forms on money."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from daftar.finance.models import Method
from daftar.office.forms import MoneyField, day_field, pick_field

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from daftar.finance.models import Desk
    from daftar.orgs.models import Branch


MOST_SOLD = 1_000_000


class PaymentForm(forms.Form):
    """Money received."""

    paid_on = day_field(_("Date"))
    note = forms.CharField(label=_("Note"), max_length=300, required=False)
    key = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, desks: Iterable[Desk], currency: str, own: Sequence[tuple[int, str]] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        first = {
            "amount": MoneyField(currency, label=_("Amount"), min_minor=None),
            "desk_id": pick_field(_("Paid by"), _desk_choices(desks), radio=True),
        }
        if own:
            first["subscription_id"] = pick_field(_("Into"), own, none=_("the student's balance"))
        self.fields = {**first, **self.fields}


def _desk_choices(desks: Iterable[Desk]) -> list[tuple[int, str]]:
    return [(desk.pk, desk.name) for desk in desks]


class RefundForm(PaymentForm):
    """Money given back."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["desk_id"].label = _("Paid out from")
        if "subscription_id" in self.fields:
            self.fields["subscription_id"].label = _("Out of")


class CorrectionForm(forms.Form):
    """A balance put right by hand."""

    direction = forms.ChoiceField(
        label=_("What to do"), choices=[("up", _("Raise the balance")), ("down", _("Lower the balance"))],
        widget=forms.RadioSelect, initial="up",
    )  # fmt: skip
    paid_on = day_field(_("Date"))
    note = forms.CharField(label=_("Reason"), max_length=300)
    key = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, currency: str, own: Sequence[tuple[int, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        first = {
            "direction": self.fields["direction"],
            "amount": MoneyField(currency, label=_("Amount"), min_minor=None),
        }
        if own:
            first["subscription_id"] = pick_field(_("On which account"), own, none=_("the student's balance"))
        self.fields = {**first, **self.fields}


class BonusForm(forms.Form):
    """Bonuses given or spent."""

    paid_on = day_field(_("Date"))
    note = forms.CharField(label=_("Reason"), max_length=300)
    key = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, currency: str, is_spent: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["note"].required = not is_spent
        self.fields = {"amount": MoneyField(currency, label=_("Amount"), min_minor=None), **self.fields}


class SaleForm(forms.Form):
    """Goods sold to a student."""

    thing = forms.CharField(label=_("What is sold"), max_length=120)
    quantity = forms.IntegerField(
        label=_("How many"), initial=1, max_value=MOST_SOLD,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "min": 1}),
    )  # fmt: skip
    paid_on = day_field(_("Date"))
    note = forms.CharField(label=_("Note"), max_length=300, required=False)
    key = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, desks: Iterable[Desk], currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        first = {
            "thing": self.fields["thing"], "quantity": self.fields["quantity"],
            "price": MoneyField(currency, label=_("Price of one"), min_minor=None),
            "desk_id": pick_field(_("Paid by"), _desk_choices(desks), radio=True),
        }  # fmt: skip
        self.fields = {**first, **self.fields}


class MoveForm(forms.Form):
    """Money taken from one desk to another."""

    paid_on = day_field(_("Date"))
    note = forms.CharField(label=_("Note"), max_length=300, required=False)
    key = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, desks: Iterable[tuple[int, str]], currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = list(desks)
        first = {
            "desk_id": pick_field(_("From desk"), rows), "to_desk_id": pick_field(_("To desk"), rows),
            "amount": MoneyField(currency, label=_("Amount"), min_minor=None),
        }  # fmt: skip
        self.fields = {**first, **self.fields}


def for_editing(form: forms.Form) -> forms.Form:
    """The same form for a payment that is there already: it needs no key, and says why."""
    for name in ("key", "direction"):
        form.fields.pop(name, None)
    form.fields["reason"] = forms.CharField(label=_("Why it is changed"), max_length=300)
    return form


class CloseBooksForm(forms.Form):
    """Up to which day books are closed."""

    closed_until = day_field(_("Last closed day"))

    def __init__(self, *args: Any, branches: Iterable[Branch], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = [(branch.pk, branch.name) for branch in branches]
        self.fields["branch_id"] = pick_field(_("Branch"), rows, none=_("All branches"))


class ReopenBooksForm(forms.Form):
    """From which day on books are open again, and why."""

    closed_until = day_field(_("Stay closed up to"), required=False, help_text=_("Empty: all days are open again."))
    reason = forms.CharField(label=_("Reason"), max_length=300)


class PeriodForm(forms.Form):
    """From which day to which."""

    since = day_field(_("From"))
    until = day_field(_("To"))


class ReversalForm(forms.Form):
    """Why a payment is undone."""

    reason = forms.CharField(label=_("Reason"), max_length=300)


class DebtorsForm(forms.Form):
    """Which debtors are shown."""

    with_archived = forms.TypedChoiceField(
        label=_("Archived"), required=False, empty_value=None, coerce=lambda text: text == "yes",
        choices=[("", _("as decided")), ("yes", _("with archived")), ("no", _("without archived"))],
    )  # fmt: skip

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["with_archived"].needed = True  # type: ignore[attr-defined] # the first choice is one too
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
