"""Forms on people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from daftar.office.forms import EARLIEST_BIRTHDAY, day_field, pick_field

if TYPE_CHECKING:
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
