"""Forms on exams and on their results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from daftar.attendance.exams import LONGEST_COMMENT, Entry
from daftar.attendance.rules import ScoreError, read_score
from daftar.office import words
from daftar.office.forms import day_field, pick_field

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from daftar.attendance.exams import ResultLine
    from daftar.attendance.models import Scale
    from daftar.attendance.rules import Measure
    from daftar.courses.models import Topic

# What somebody writes for one who was not there, and how it is shown.
ABSENT, DASHES = "-", frozenset("-–—−")


class ExamForm(forms.Form):
    """An exam of a group."""

    name = forms.CharField(label=_("Name"), max_length=120)
    held_on = day_field(_("Date"))

    def __init__(self, *args: Any, scales: Iterable[Scale], topics: Iterable[Topic], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scales = {row.pk: row for row in scales}
        named = [(pk, f"{row.name}: {words.scale_text(row.measure)}") for pk, row in self.scales.items()]
        self.fields["scale_id"] = pick_field(_("Scale"), named)
        self.fields["pass_mark"] = forms.CharField(
            label=_("Pass mark"), max_length=20, required=False,
            help_text=_("The least score that is enough. Leave empty for that of the scale."),
        )  # fmt: skip
        rows = [(row.pk, f"{row.place}. {row.title}" if row.place else row.title) for row in topics]
        if rows:
            self.fields["plan_topic_id"] = pick_field(_("Topic of the plan"), rows, none=_("none of the plan"))

    def clean(self) -> dict[str, Any]:
        data, scale = dict(self.cleaned_data), self.scales.get(self.cleaned_data.get("scale_id") or 0)
        text = data.pop("pass_mark", "")
        if text and scale:
            data["pass_mark"] = _mark(self, text, scale.measure)
        return data


class ResultsForm(forms.Form):
    """The results of an exam: a score and a comment of each student.

    Each field carries what it held when the page was opened: what was not touched here stays as it is by now.
    """

    def __init__(self, *args: Any, lines: list[ResultLine], measure: Measure, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines, self.measure = lines, measure
        for line in lines:
            self.fields[f"score_{line.student_id}"] = _score_field(line, measure)
            self.fields[f"comment_{line.student_id}"] = forms.CharField(
                label=_("Comment on %(name)s") % {"name": line.name}, max_length=LONGEST_COMMENT, required=False,
                initial=line.entry.comment, show_hidden_initial=True,
                widget=forms.TextInput(attrs={"data-column": "comment", "autocomplete": "off"}),
            )  # fmt: skip

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The students with their fields."""
        return [
            {
                "student_id": line.student_id, "name": line.name,
                "score": self[f"score_{line.student_id}"], "comment": self[f"comment_{line.student_id}"],
            }
            for line in self.lines
        ]  # fmt: skip

    def clean(self) -> dict[str, Any]:
        touched = set(self.changed_data)
        entries = {}
        for line in self.lines:
            pk, comment, entry = line.student_id, line.entry.comment, line.entry
            if f"comment_{pk}" in touched:
                comment = self.cleaned_data.get(f"comment_{pk}", "")
            if f"score_{pk}" in touched:
                entry = _read(self, f"score_{pk}", self.measure)
            entries[pk] = Entry(entry.score, entry.is_absent, comment)
        return {"entries": {pk: each for pk, each in entries.items() if touched & {f"score_{pk}", f"comment_{pk}"}}}


def _score_field(line: ResultLine, measure: Measure) -> Any:
    said = ABSENT if line.entry.is_absent else ""
    if line.entry.score is not None:
        said = words.score_text(line.entry.score, measure)
    common: dict[str, Any] = {
        "label": line.name, "required": False, "initial": said, "show_hidden_initial": True,
    }  # fmt: skip
    attrs = {"data-column": "score", "autocomplete": "off"}
    if not measure.words:
        number = forms.TextInput(attrs=attrs | {"inputmode": "decimal", "enterkeyhint": "next"})
        return forms.CharField(max_length=20, widget=number, **common)
    choices = [("", ""), *((word, word) for word in measure.words), (ABSENT, pgettext_lazy("exam", "absent"))]
    return forms.ChoiceField(choices=choices, widget=forms.Select(attrs=attrs), **common)


def _read(form: ResultsForm, name: str, measure: Measure) -> Entry:
    text = form.cleaned_data.get(name, "")
    if not text or text in DASHES:
        return Entry(is_absent=bool(text))
    try:
        return Entry(read_score(text, measure))
    except ScoreError as wrong:
        form.add_error(name, words.score_wrong(wrong.code, measure))
        return Entry()


def _mark(form: ExamForm, text: str, measure: Measure) -> Decimal | None:
    try:
        return read_score(text, measure)
    except ScoreError as wrong:
        form.add_error("pass_mark", words.score_wrong(wrong.code, measure))
        return None
