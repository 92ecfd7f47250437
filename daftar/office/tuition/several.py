"""Several members of a group at once: one page, one of six deeds, with the money of all shown first."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from daftar.courses.leaving_reasons import leaving_reasons
from daftar.courses.queries import get_group, groups, roster
from daftar.office.forms import UndoForm, day_field, done, form_page, pick_field, tell, undone
from daftar.office.page import OfficeRequest, page
from daftar.office.places import full_if_chosen
from daftar.office.previews import filled, priced_page, undo_address
from daftar.office.tuition.forms import CreditForm, leaving_field
from daftar.tuition import several
from daftar.tuition.credits import Wish, keeps_unserved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from django.http import HttpResponse

    from daftar.courses.ending_models import LeavingReason
    from daftar.courses.models import Group
    from daftar.orgs.access import Actor

LABELS = {
    "leave": gettext_lazy("Leave the group"), "transfer": gettext_lazy("Move to another group"),
    "pause": gettext_lazy("Pause"), "end_pause": gettext_lazy("End the pause"),
    "trial": gettext_lazy("Back to trial"), "activate": gettext_lazy("Activate"),
}  # fmt: skip
MEANS = {
    "leave": gettext_lazy("The day is their last one. What was paid for later lessons is credited."),
    "transfer": gettext_lazy("From the day on they are in the other group."),
    "pause": gettext_lazy("From the day on nothing is charged in this group, until the pause ends."),
    "end_pause": gettext_lazy("On the day they come again and are charged; a pause in all groups ends in all of them."),
    "trial": gettext_lazy("From the day on they are on trial and charged for nothing."),
    "activate": gettext_lazy("From the day on they are charged as the group says."),
}
# Where the centre gives nothing back (decision D8).
MEANS_KEPT = MEANS | {
    "leave": gettext_lazy("The day is their last one. What was paid for later lessons stays charged."),
}
OF_CREDIT = ("gives_credit", "decline_reason", "give_reason")


class SeveralForm(CreditForm):
    """Who, what, and from when."""

    on = day_field(gettext_lazy("Day"))
    last_on = day_field(
        gettext_lazy("Last day of the pause"),
        required=False,
        help_text=gettext_lazy("Leave empty if nobody knows it yet."),
    )
    reason = forms.CharField(label=gettext_lazy("In your own words"), max_length=200, required=False)

    field_order = ("enrolment_ids", "deed", "group_id", "on", "last_on", "reason_id", "reason", *OF_CREDIT)

    def __init__(
        self, *args: Any, members: Iterable[tuple[int, str]], others: Iterable[Group],
        reasons: Iterable[LeavingReason], may_activate: bool, keeps: bool, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, keeps=keeps, **kwargs)
        self.fields["enrolment_ids"] = forms.TypedMultipleChoiceField(
            label=gettext_lazy("Students"), choices=list(members), coerce=int, widget=forms.CheckboxSelectMultiple,
            error_messages={"required": gettext_lazy("Choose at least one student.")},
        )  # fmt: skip
        choices = [(code, label) for code, label in LABELS.items() if may_activate or code != "activate"]
        deed: Any = forms.ChoiceField(label=gettext_lazy("What"), choices=choices, widget=forms.RadioSelect)
        deed.explains = MEANS_KEPT if keeps else MEANS
        self.fields["deed"] = deed
        group: Any = pick_field(gettext_lazy("Into the group"), [(row.pk, row.name) for row in others], none="")
        self.fields["group_id"] = group
        group.shown_by = ("deed", "transfer")
        self.fields["reason_id"] = why = leaving_field(reasons)
        why.shown_by = ("deed", "leave")
        self.fields["last_on"].shown_by = ("deed", "pause")  # type: ignore[attr-defined] # for the template
        self.fields["reason"].shown_by = ("deed", "leave pause")  # type: ignore[attr-defined] # for the template
        for name in self.fields.keys() & OF_CREDIT:
            self.fields[name].shown_by = ("deed", "leave transfer pause trial")  # type: ignore[attr-defined] # as above
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if values.get("deed") == "transfer" and values.get("group_id") is None:
            self.add_error("group_id", _("Choose the group."))
        return values


@page("tuition.pause")
def group_several(request: OfficeRequest, group_id: int) -> HttpResponse:
    by, group = request.by, get_group(request.by, group_id)
    members = {row.pk: row for row in roster(by, group_id) if row.ends_on is None or row.ends_on > by.today}
    others = groups(by).filter(branch_id=group.branch_id).exclude(pk=group_id)
    form = SeveralForm(
        filled(request), initial={"on": by.today, "deed": "leave"}, others=others, reasons=leaving_reasons(by),
        members=[(pk, row.student.full_name) for pk, row in members.items()],
        may_activate=by.may("tuition.activate"), keeps=keeps_unserved(group.branch),
    )  # fmt: skip
    home = reverse("office:group", args=[by.org_slug, group_id]) + "?tab=students"
    # The form is asked for them before it is done: the preview prices those chosen and nobody else.
    chosen = form.cleaned_data["enrolment_ids"] if form.is_valid() else []
    return priced_page(
        request, form, sorted({members[pk].student_id for pk in chosen}), partial(_deed, by),
        title=_("Several students of %(group)s") % {"group": group.name}, submit_label=_("Save"),
        crumbs=[(group.name, home)], back=home, told=_done_text(len(chosen)),
        undo=partial(undo_address, by),
        full=full_if_chosen(by, form, others, len(chosen)) if form.data.get("deed") == "transfer" else None,
    )  # fmt: skip


@page("tuition.pause")
def group_several_undo(request: OfficeRequest, done_id: int) -> HttpResponse:
    by, row = request.by, several.get_done(request.by, done_id)
    form, home = UndoForm(request.POST or None), reverse("office:group", args=[by.org_slug, row.group_id])
    if done(form, lambda: several.take_back_together(by, done_id=done_id)):
        number = len(row.changes)
        tell(request, ngettext("Undone for %(num)s student.", "Undone for %(num)s students.", number) % {"num": number})
        return undone(request, f"{home}?tab=students")
    return form_page(
        request, "office/form.html", form, title=_("Undo what was just done in %(group)s?") % {"group": row.group.name},
        submit_label=_("Undo"), cancel_url=f"{home}?tab=students",
    )  # fmt: skip


def _deed(by: Actor, /, **values: Any) -> object:
    """What the form says, done to those chosen."""
    ids, on = values["enrolment_ids"], values["on"]
    wish = Wish(values["gives_credit"], values.get("decline_reason", ""), values.get("give_reason", ""))
    deeds: dict[str, Callable[[], object]] = {
        "leave": lambda: several.leave_together(
            by, enrolment_ids=ids, last_on=on, reason=values["reason"], reason_id=values["reason_id"], wish=wish
        ),
        "transfer": lambda: several.transfer_together(
            by, enrolment_ids=ids, group_id=values["group_id"], starts_on=on, wish=wish
        ),
        "pause": lambda: several.pause_together(
            by, enrolment_ids=ids, starts_on=on, last_on=values["last_on"], reason=values["reason"], wish=wish
        ),
        "end_pause": lambda: several.end_pauses_together(by, enrolment_ids=ids, from_on=on),
        "trial": lambda: several.return_together(by, enrolment_ids=ids, from_on=on, wish=wish),
        "activate": lambda: several.activate_together(by, enrolment_ids=ids, on=on),
    }  # fmt: skip
    return deeds[values["deed"]]()


def _done_text(count: int) -> str:
    return ngettext("Done for %(num)s student.", "Done for %(num)s students.", count) % {"num": count}
