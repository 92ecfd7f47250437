"""Forms of an import: the file, its columns, its groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from daftar.courses.plans import OFFERED_PLANS
from daftar.courses.rules import EVEN, EVERY_DAY, ODD, WEEKEND
from daftar.office.forms import MoneyField, day_field, pick_field
from daftar.office.transfer.words import FIELDS
from daftar.office.words import WEEKDAYS
from daftar.transfer.files import LARGEST
from daftar.transfer.groups import GroupChoice
from daftar.transfer.rules import Field, wrong_fields

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import time

    from daftar.courses.models import Course, Group
    from daftar.orgs.models import Branch
    from daftar.transfer.models import Import

LEFT_OUT, MADE, NEW_COURSE = "out", "new", "new"
FIELD_CHOICES = [(field.value, label) for field, label in FIELDS.items()]
ORDER_CHOICES = [
    ("", _("Ask me: such rows stay out")), ("dmy", _("The day first: 6 May")), ("mdy", _("The month first: 5 June")),
]  # fmt: skip
DAYS = {"none": (), "odd": ODD, "even": EVEN, "weekend": WEEKEND, "every_day": EVERY_DAY}
DAY_CHOICES = [
    ("none", _("Not set yet")), ("odd", pgettext_lazy("days", "Odd (Mon, Wed, Fri)")),
    ("even", pgettext_lazy("days", "Even (Tue, Thu, Sat)")), ("weekend", pgettext_lazy("days", "weekend")),
    ("every_day", pgettext_lazy("days", "every day")),
]  # fmt: skip


class ImportForm(forms.Form):
    """The file, where it goes, and the day from which money counts here."""

    file = forms.FileField(
        label=_("File"), help_text=_("Excel (.xlsx, .xls), OpenDocument (.ods) or CSV, up to 20 MB."),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.xlsm,.ods,.csv,.tsv,.txt"}),
    )  # fmt: skip
    opens_on = day_field(
        _("Opening date"),
        help_text=_(
            "Balances of the file stand at the beginning of this day. Months are charged here from the 1st after it, "
            "lessons from this day on."
        ),
    )

    def __init__(self, *args: Any, branches: list[Branch], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = [(branch.pk, branch.name) for branch in branches]
        branch = pick_field(_("Branch"), rows, initial=rows[0][0])
        if len(rows) == 1:
            branch.widget = forms.HiddenInput()
        self.fields = {"file": self.fields["file"], "branch_id": branch, "opens_on": self.fields["opens_on"]}

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        file = data.pop("file", None)
        if file is not None:
            data |= {"file_name": file.name.replace("\x00", ""), "content": file.read(LARGEST + 1)}
        return data


class ColumnsForm(forms.Form):
    """What each column of the file is."""

    def __init__(self, *args: Any, row: Import, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.row = row
        for place, heading in enumerate(row.headings):
            self.fields[f"column_{place}"] = forms.ChoiceField(
                label=heading or str(place + 1), choices=FIELD_CHOICES, initial=row.fields[place]
            )
        self.fields["date_order"] = forms.ChoiceField(
            label=_("Days written like 6/5/14"), choices=ORDER_CHOICES, required=False, initial=row.date_order
        )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        names = [data.get(f"column_{place}", Field.EXTRA) for place in range(len(self.row.headings))]
        fields = [Field(name) for name in names]
        for field in wrong_fields(fields):
            if field is not Field.NAME and not self.errors:
                twice = len(fields) - 1 - fields[::-1].index(field)
                self.add_error(f"column_{twice}", _("Another column is this already."))
        return {"fields": fields, "date_order": data.get("date_order", "")}


class GroupsForm(forms.Form):
    """What becomes of each group that the file names."""

    def __init__(
        self, *args: Any, choices: Sequence[GroupChoice], groups: Sequence[Group], courses: Sequence[Course],
        currency: str, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        self.choices = choices
        here = [(str(group.pk), group.name) for group in groups]
        taught = [(NEW_COURSE, _("a new course, named below")), *((str(course.pk), course.name) for course in courses)]
        for place, choice in enumerate(choices):
            self._add(place, choice, here, taught, currency)

    def _add(
        self, place: int, choice: GroupChoice, here: list[tuple[str, str]], taught: list[tuple[str, Any]], currency: str
    ) -> None:
        fates = [(MADE, _("Make a new group")), (LEFT_OUT, _("Leave it out")), *here]
        initial = LEFT_OUT if choice.is_left_out else str(choice.group_id or MADE)
        days: list[tuple[str, Any]] = list(DAY_CHOICES)
        chosen = next((key for key, weekdays in DAYS.items() if weekdays == choice.weekdays), "file")
        if chosen == "file":
            days.append(("file", ", ".join(str(WEEKDAYS[day - 1]) for day in choice.weekdays)))
        self.fields |= {
            f"fate_{place}": forms.ChoiceField(label=_("What becomes of it"), choices=fates, initial=initial),
            f"course_{place}": forms.ChoiceField(
                label=_("Course"), choices=taught, initial=str(choice.course_id or NEW_COURSE), required=False
            ),
            f"name_{place}": forms.CharField(
                label=_("Name of the new course"), max_length=120, initial=choice.course_name, required=False
            ),
            f"plan_{place}": forms.ChoiceField(
                label=_("Way of charging"), choices=OFFERED_PLANS, initial=choice.plan, required=False
            ),
            f"price_{place}": MoneyField(currency, label=_("Price"), initial=choice.price, required=False),
            f"days_{place}": forms.ChoiceField(label=_("Days"), choices=days, initial=chosen, required=False),
            f"time_{place}": forms.TimeField(
                label=_("Time"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"), required=False,
                initial=choice.starts_time,
            ),
        }  # fmt: skip

    def cards(self) -> list[dict[str, Any]]:
        """The fields of each group together."""
        names = ("fate", "course", "name", "plan", "price", "days", "time")
        return [
            {"choice": choice, **{name: self[f"{name}_{place}"] for name in names}}
            for place, choice in enumerate(self.choices)
        ]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        return {"choices": [self._chosen(place, choice, data) for place, choice in enumerate(self.choices)]}

    def _chosen(self, place: int, choice: GroupChoice, data: dict[str, Any]) -> GroupChoice:
        fate, course = data.get(f"fate_{place}", LEFT_OUT), data.get(f"course_{place}") or NEW_COURSE
        made = fate == MADE
        days, at = self._schedule(place, choice, data) if made else ((), None)
        return GroupChoice(
            name=choice.name, rows=choice.rows, group_id=int(fate) if fate.isdecimal() else None,
            is_left_out=fate == LEFT_OUT, course_id=int(course) if made and course.isdecimal() else None,
            course_name=data.get(f"name_{place}") or "", plan=data.get(f"plan_{place}") or choice.plan,
            price=data.get(f"price_{place}"), weekdays=days, starts_time=at,
        )  # fmt: skip

    def _schedule(self, place: int, choice: GroupChoice, data: dict[str, Any]) -> tuple[tuple[int, ...], time | None]:
        key = data.get(f"days_{place}") or "none"
        days = choice.weekdays if key == "file" else DAYS[key]
        at = data.get(f"time_{place}")
        if days and at is None and f"time_{place}" not in self.errors:
            self.add_error(f"time_{place}", _("Write the time the lessons begin."))
        return (days, at) if days and at else ((), None)
