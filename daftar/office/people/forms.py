"""Forms on people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from daftar.office.forms import EARLIEST_BIRTHDAY, MoneyField, day_field, pick_field

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daftar.orgs.models import Branch


class StudentForm(forms.Form):
    """What is known of a student."""

    full_name = forms.CharField(label=_("Full name"), max_length=200)
    phone = forms.CharField(label=_("Phone"), max_length=40, required=False)
    payer_name = forms.CharField(label=_("Payer"), max_length=200, required=False)
    born_on = day_field(_("Birthday"), earliest=EARLIEST_BIRTHDAY, required=False)
    email = forms.EmailField(label=_("E-mail"), required=False)
    source = forms.CharField(label=_("How they found us"), max_length=120, required=False)
    note = forms.CharField(label=_("Note"), required=False, widget=forms.Textarea(attrs={"rows": 3}), max_length=5000)

    def __init__(self, *args: Any, branches: list[Branch], contacts: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["branch_id"] = pick_field(_("Branch"), [(branch.pk, branch.name) for branch in branches])
        if len(branches) == 1:
            self.fields["branch_id"].widget = forms.HiddenInput()
            self.fields["branch_id"].initial = branches[0].pk
        if not contacts:
            for name in ("phone", "email"):
                self.fields[name].widget = forms.HiddenInput()


class ContractForm(forms.Form):
    """What a contract says; its number in the branch is given by the branch."""

    starts_on = day_field(_("First day"))
    last_on = day_field(_("Last day"))
    lesson_type = forms.ChoiceField(label=_("Type of lessons"), required=False)
    visits = forms.IntegerField(label=_("Number of visits"), required=False, min_value=1, max_value=100_000)
    due_on = day_field(_("Payment date"), required=False)
    number = forms.CharField(
        label=_("Number"),
        max_length=60,
        required=False,
        help_text=_("As you number them; the branch counts by itself."),
    )
    note = forms.CharField(label=_("Note"), max_length=300, required=False)

    field_order = ("starts_on", "last_on", "lesson_type", "visits", "amount", "due_on", "number", "note")

    def __init__(self, *args: Any, currency: str, lesson_types: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["lesson_type"].choices = [("", _("any")), *lesson_types]  # type: ignore[attr-defined] # of a choice
        self.fields["amount"] = MoneyField(currency, label=_("Sum"))
        self.order_fields(self.field_order)
