"""Forms on the organization."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from daftar.office.forms import pick_field

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daftar.orgs.models import Branch, Role

CURRENCIES = ("UZS", "RUB", "KZT", "PLN", "EUR", "USD")


class SettingsForm(forms.Form):
    """The centre."""

    name = forms.CharField(label=_("Name of the centre"), max_length=200)


class MemberForm(forms.Form):
    """Someone who works in the centre."""

    name = forms.CharField(label=pgettext_lazy("person", "Name"), max_length=200)

    def __init__(
        self, *args: Any, branches: Iterable[Branch], roles: Iterable[Role], is_new: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"] = pick_field(_("Role"), [(role.pk, str(role)) for role in roles], radio=True)
        rows = [(branch.pk, branch.name) for branch in branches]
        self.fields["branch_ids"] = forms.TypedMultipleChoiceField(
            label=_("Works in"), choices=rows, coerce=int, required=False, widget=forms.CheckboxSelectMultiple,
            help_text=_("None chosen: in all branches."),
        )  # fmt: skip
        if is_new:
            self.fields["email"] = forms.EmailField(
                label=_("E-mail to sign in with"), required=False, help_text=_("A teacher may be without one.")
            )
            self.fields["password"] = forms.CharField(
                label=_("First password"),
                required=False,
                widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
            )
        else:
            self.fields["is_active"] = forms.BooleanField(label=_("Has access"), required=False)


class InviteForm(MemberForm):
    """Someone who gets a letter."""

    email = forms.EmailField(label=_("E-mail"))
    field_order = ("email", "name", "role", "branch_ids")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, is_new=False, **kwargs)
        del self.fields["is_active"]
        self.order_fields(self.field_order)


class RoleForm(forms.Form):
    """A role of the centre's own."""

    name = forms.CharField(label=_("Name"), max_length=80)

    def __init__(self, *args: Any, roles: Iterable[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = [(role.pk, str(role)) for role in roles]
        self.fields["copy_of"] = pick_field(_("Begin with the rights of"), rows, radio=True)


class RoleNameForm(forms.Form):
    """What a role is called."""

    name = forms.CharField(label=_("Name"), max_length=80, required=False)

    def __init__(self, *args: Any, is_built_in: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].required = not is_built_in
        if is_built_in:
            self.fields["name"].help_text = _("Left empty it is called as in every centre, in each reader's language.")


class BranchForm(forms.Form):
    """A place of the centre."""

    name = forms.CharField(label=_("Name"), max_length=120)
    address = forms.CharField(label=_("Address"), max_length=200, required=False)
    phone = forms.CharField(label=_("Phone"), max_length=40, required=False)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)

    def __init__(self, *args: Any, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_new:
            self.fields["timezone"] = forms.CharField(label=_("Time zone"), max_length=64, help_text="Asia/Tashkent")
            self.fields["currency"] = forms.ChoiceField(
                label=_("Currency"), choices=[(code, code) for code in CURRENCIES]
            )
