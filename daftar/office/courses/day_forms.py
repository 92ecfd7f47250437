"""Forms on days off and on single lessons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from daftar.courses.moves import Scope, Staffing
from daftar.office.forms import day_field, pick_field, yes_or_no

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daftar.courses.models import Room
    from daftar.orgs.models import Branch, Member


class DaysOffForm(forms.Form):
    """Days on which nobody learns."""

    name = forms.CharField(label=_("Name"), max_length=120)
    starts_on = day_field(_("First day"))
    last_on = day_field(_("Last day"), required=False, help_text=_("Leave empty for one day."))

    def __init__(self, *args: Any, branches: Iterable[Branch], is_whole: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = [(row.pk, row.name) for row in branches]
        self.fields["branch_id"] = pick_field(_("Branch"), rows, none=_("all branches") if is_whole else None)
        self.fields["affects_payment"] = yes_or_no(
            _("Does it change what is charged?"),
            _("Yes: lessons of these days are not paid for"), _("They leave the count or are credited."),
            _("No: money stays as it is"), _("A month costs what it costs, as if the lessons had been held."),
            initial="yes",
        )  # fmt: skip
        self.fields["is_credited"] = _credited()

    def clean(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        if data.get("affects_payment") is False:
            data["is_credited"] = None
        return data


def _credited() -> Any:
    field: Any = forms.TypedChoiceField(
        label=_("How"), widget=forms.RadioSelect, required=False, empty_value=None,
        coerce=lambda text: text == "yes", initial="",
        choices=[("", _("As the branch decides")), ("no", _("The lessons leave the count")),
                 ("yes", _("One lesson's share comes back"))],
    )  # fmt: skip
    field.explains = {
        "": _("What the branch or the centre has chosen under Charging."),
        "no": _("The month costs its price for fewer lessons; a share of it is a larger one."),
        "yes": _("The lesson stays in the count, and everybody who was charged for the month gets its share back."),
    }
    field.shown_by = ("affects_payment", "yes")
    return field


class CancelForm(forms.Form):
    """Why a lesson does not take place."""

    reason = forms.CharField(label=_("Reason"), max_length=200)


class MoveForm(forms.Form):
    """Another day, hour, room or teacher, of one lesson or of the weekly one it belongs to."""

    held_on = day_field(_("Date"))
    starts_time = forms.TimeField(label=_("Time"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))

    def __init__(
        self, *args: Any, rooms: Iterable[Room], teachers: Iterable[Member], is_weekly: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["room_id"] = pick_field(_("Room"), [(row.pk, row.name) for row in rooms], none=_("no room"))
        self.fields["teacher_id"] = pick_field(
            _("Teacher"), [(row.pk, row.name) for row in teachers], none=_("nobody yet")
        )
        if is_weekly:
            field: Any = forms.TypedChoiceField(
                label=_("What changes"), coerce=Scope, initial=Scope.THIS, widget=forms.RadioSelect, required=False,
                empty_value=Scope.THIS,
                choices=[
                    (Scope.THIS.value, _("This lesson")), (Scope.FOLLOWING.value, _("This and the following ones")),
                    (Scope.ALL.value, _("All that are still ahead")),
                ],
            )  # fmt: skip
            field.needed = True  # one is always chosen
            self.fields["scope"] = field

    def clean(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        place = Staffing(data.pop("room_id", None), data.pop("teacher_id", None))
        return data | {"staffing": place}
