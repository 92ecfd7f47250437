"""Forms on prices, discounts, pauses and the end of memberships."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from daftar.office.forms import MONEY_SAYS, MoneyField, day_field, pick_field
from daftar.office.words import WEEKDAYS
from daftar.orgs.models import DiscountPer
from daftar.tuition.discounts import DiscountTerms
from daftar.tuition.tariffs import Binding

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from daftar.courses.ending_models import LeavingReason
    from daftar.courses.models import Group
    from daftar.tuition.models import Tariff

KINDS = [("percent", _("Percent of the price")), ("amount", _("Amount of money"))]
EMPTY = {"percent": _("Write a percentage."), "amount": MONEY_SAYS["empty"]}


class CreditForm(forms.Form):
    """Whether what was paid ahead comes back, and where it is otherwise than the centre decides (D8), why.

    Cleaned, `gives_credit` is None where the centre's answer holds. `keeps`: it gives nothing back.
    """

    gives_credit = forms.BooleanField(label=_("Credit the lessons that were paid ahead"), required=False)
    decline_reason = forms.CharField(label=_("Why nothing is credited"), max_length=200, required=False)
    give_reason = forms.CharField(label=_("Why they are given back"), max_length=200, required=False)

    def __init__(self, *args: Any, keeps: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("gives_credit", not keeps)
        del self.fields["decline_reason" if keeps else "give_reason"]
        self.keeps = keeps
        if keeps:
            self.fields["gives_credit"].label = _(
                "Give back the lessons that were paid ahead, though the centre keeps them"
            )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        return data | {"gives_credit": None if data["gives_credit"] is not self.keeps else self.keeps}


class PauseEditForm(forms.Form):
    """Days and reason of a pause."""

    starts_on = day_field(_("First day of the pause"))
    last_on = day_field(_("Last day"), required=False, help_text=_("Leave empty if nobody knows it yet."))
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)
    extends = forms.BooleanField(label=_("The end of the subscription moves by it"), required=False)


class PauseChangeForm(CreditForm, PauseEditForm):
    """Other days of a pause, and whether those that are added at its end are credited as those it had, or otherwise."""

    field_order = ("starts_on", "last_on", "reason", "extends", "gives_credit", "decline_reason", "give_reason")

    def __init__(self, *args: Any, keeps: bool, **kwargs: Any) -> None:
        super().__init__(*args, keeps=keeps, **kwargs)
        self.fields["gives_credit"].label = (
            _("Give back the lessons of days that are added, though the centre keeps them")
            if keeps
            else _("Credit the lessons of days that are added")
        )


class PauseForm(CreditForm, PauseEditForm):
    """A new pause."""

    field_order = ("starts_on", "last_on", "reason", "extends", "gives_credit", "decline_reason", "give_reason")

    def __init__(self, *args: Any, groups: Sequence[tuple[int, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(groups) > 1:
            self.fields["group_id"] = pick_field(_("Where"), groups, none=_("in all groups"))


class LeaveForm(CreditForm):
    """The last day in a group, and why."""

    last_on = day_field(_("Last day in the group"))
    reason = forms.CharField(label=_("In your own words"), max_length=200, required=False)

    field_order = ("last_on", "reason_id", "reason", "gives_credit", "decline_reason", "give_reason")

    def __init__(self, *args: Any, reasons: Iterable[LeavingReason], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason_id"] = leaving_field(reasons)
        self.order_fields(self.field_order)


def leaving_field(reasons: Iterable[LeavingReason]) -> Any:
    """One of the centre's reasons of leaving, or none; those in the archive are not offered."""
    offered = [(row.pk, row.name) for row in reasons if not row.is_archived]
    return pick_field(_("Reason of leaving"), offered, none=_("none given"))


class TransferForm(CreditForm):
    """From one group into another."""

    last_on = day_field(_("Last day in this group"))
    starts_on = day_field(_("First day in the other group"))

    field_order = ("group_id", "last_on", "starts_on", "gives_credit", "decline_reason", "give_reason")

    def __init__(self, *args: Any, groups: Iterable[Group], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["group_id"] = pick_field(_("Into the group"), [(row.pk, row.name) for row in groups])
        self.order_fields(self.field_order)


class AgainForm(forms.Form):
    """From when a student comes again."""

    from_on = day_field(_("Comes again from"))


class ReturnForm(CreditForm):
    """From when a student is on trial again."""

    from_on = day_field(_("On trial from"))

    field_order = ("from_on", "gives_credit", "decline_reason", "give_reason")


class WeekdaysForm(forms.Form):
    """On which weekdays of the group a member comes; cleaned to those on which not."""

    comes_on = forms.TypedMultipleChoiceField(
        label=_("Comes on"), coerce=int, widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("At least one weekday must stay. To end the membership, choose that.")},
    )  # fmt: skip
    from_on = day_field(_("From"))

    def __init__(self, *args: Any, weekdays: Iterable[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shown: Any = self.fields["comes_on"]
        shown.choices = [(day, WEEKDAYS[day - 1]) for day in weekdays]
        self.weekdays = frozenset(weekdays)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        comes_on = data.pop("comes_on", ())
        return data | {"weekdays_off": self.weekdays.difference(comes_on)}


class DiscountForm(forms.Form):
    """A discount of one student."""

    kind = forms.ChoiceField(label=_("Kind"), choices=KINDS, widget=forms.RadioSelect, initial="percent")
    percent = forms.DecimalField(label=_("Percent"), required=False, max_digits=5, decimal_places=2)
    per = forms.ChoiceField(
        label=_("The amount is off"), choices=[("", _("as the branch does")), *DiscountPer.choices], required=False
    )
    starts_on = day_field(_("First day"))
    last_on = day_field(_("Last day"), required=False, help_text=_("Leave empty for a discount without end."))
    subjects = forms.MultipleChoiceField(
        label=_("Only for subjects"), required=False, widget=forms.CheckboxSelectMultiple
    )
    lesson_types = forms.MultipleChoiceField(
        label=_("Only for types of lessons"), required=False, widget=forms.CheckboxSelectMultiple
    )
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)

    field_order = (
        "kind", "percent", "amount", "per", "starts_on", "last_on", "subjects", "lesson_types", "reason",
    )  # fmt: skip

    def __init__(
        self, *args: Any, currency: str, subjects: Sequence[str], lesson_types: Sequence[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"] = MoneyField(currency, label=_("Amount"), required=False)
        _limit(self, "subjects", [(name, name) for name in subjects])
        _limit(self, "lesson_types", lesson_types)
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        kind = values.pop("kind", None)
        if kind is not None:
            self._only(kind)
        terms = {name: values.get(name) for name in ("starts_on", "last_on", "per", "reason")}
        if self.errors:
            return values
        terms |= {name: values[name] if name == kind else None for name in EMPTY}
        return {
            "terms": DiscountTerms(
                subjects=tuple(values.get("subjects") or ()),
                lesson_types=tuple(values.get("lesson_types") or ()),
                **terms,  # type: ignore[arg-type] # the fields above give what they hold
            )
        }

    def _only(self, kind: str) -> None:
        """The field of this kind must say something; what stands in that of the other says nothing."""
        for name, empty in EMPTY.items():
            if name != kind:
                self.errors.pop(name, None)
            elif name not in self.errors and self.cleaned_data.get(name) is None:
                self.add_error(name, empty)


class BindForm(forms.Form):
    """Binds a student to a tariff."""

    starts_on = day_field(_("First day"))
    last_on = day_field(_("Last day"), required=False, help_text=_("Leave empty to take the tariff's own."))
    is_separate = forms.BooleanField(
        label=_("Keep its money apart"), required=False,
        help_text=_("Payments into it are spent on its lessons only."),
    )  # fmt: skip
    extended_by_suspensions = forms.BooleanField(
        label=_("Pauses move its last day"), required=False, initial=True,
        help_text=_("By as many days as they take, if the pause says so."),
    )  # fmt: skip
    note = forms.CharField(label=_("Note"), max_length=300, required=False)

    field_order = (
        "tariff_id", "group_id", "starts_on", "last_on", "extended_by_suspensions", "price", "is_separate", "note",
    )  # fmt: skip

    def __init__(
        self, *args: Any, tariffs: Sequence[Tariff], groups: Sequence[tuple[int, str]], currency: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tariff_id"] = pick_field(_("Tariff"), [(row.pk, row.name) for row in tariffs])
        self.fields["group_id"] = pick_field(_("Only for the group"), groups, none=_("any group"))
        self.fields["price"] = MoneyField(currency, label=_("Price of one's own"), required=False)
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        if self.errors:
            return self.cleaned_data
        values = dict(self.cleaned_data)
        return {"tariff_id": values.pop("tariff_id"), "binding": Binding(**values)}


class PayerForm(forms.Form):
    """Which subscription pays for one lesson."""

    def __init__(self, *args: Any, subscriptions: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["subscription_id"] = pick_field(
            _("Subscription"), subscriptions, none=_("as the rules choose"), radio=True,
            help_text="" if subscriptions else _("No subscription is for such a lesson on that day: bind a tariff."),
        )  # fmt: skip


class EndForm(forms.Form):
    """The last day of a subscription."""

    last_on = day_field(_("Last day"), required=False, help_text=_("Leave empty for one without end."))


class OwnPriceEndForm(forms.Form):
    """From when the price is that of the course or tariff again."""

    from_on = day_field(_("From"))


class OwnPriceForm(forms.Form):
    """A price of the student's own."""

    from_on = day_field(_("From"))

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields = {"price": MoneyField(currency, label=_("Price"), required=True), **self.fields}


def _limit(form: forms.Form, name: str, choices: Sequence[tuple[str, str]]) -> None:
    """Nothing to choose from is no field."""
    if choices:
        form.fields[name].choices = choices  # type: ignore[attr-defined] # of fields with choices
    else:
        del form.fields[name]
