"""Forms of the day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from daftar.office.forms import pick_field

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daftar.orgs.models import Branch


class BranchSwitchForm(forms.Form):
    """Which branch is looked at."""

    def __init__(self, *args: Any, branches: Iterable[Branch], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = [(branch.pk, branch.name) for branch in branches]
        self.fields["branch_id"] = pick_field(_("Branch"), rows, none=_("All branches"), radio=True)
