"""How the marks of a lesson begin: the field of a branch and of a group, with what follows from each choice."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from daftar.orgs.models import MarksBegin

MEANS = {
    MarksBegin.PRESENT: gettext_lazy("Only those who are missing are tapped; the rest is saved as present."),
    MarksBegin.UNMARKED: gettext_lazy(
        "Those who were there are tapped; of whom nothing is said stays not marked, and is not charged per lesson."
    ),
}


def begin_field(of_branch: MarksBegin | None = None) -> Any:
    """How the marks of lessons begin; a group may say (empty) that it is as in its branch."""
    as_branch = [] if of_branch is None else [("", gettext_lazy("As the branch decides"))]
    field: Any = forms.ChoiceField(
        label=gettext_lazy("How the page of a lesson begins"), choices=[*as_branch, *MarksBegin.choices],
        widget=forms.RadioSelect, required=of_branch is None,
    )  # fmt: skip
    field.explains = {each.value: text for each, text in MEANS.items()}
    if of_branch is not None:
        field.explains[""] = _("Now: %(plan)s.") % {"plan": of_branch.label}
    return field
