"""Pages on the scales of exams."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from django import forms
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from daftar.attendance import scales as grading
from daftar.attendance.rules import Measure, ScoreError, measure_wrong, read_score
from daftar.office import words
from daftar.office.forms import UndoForm, done, form_page, tell, undo_page, undone
from daftar.office.page import OfficeRequest, page

if TYPE_CHECKING:
    from django.http import HttpResponse

    from daftar.attendance.models import Scale

SIZES = ("lowest", "highest", "step")


class NumberField(forms.DecimalField):
    """A number with a point or a comma."""

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.replace(",", ".") if isinstance(value, str) else value)


def _number(label: Any, **kwargs: Any) -> forms.DecimalField:
    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    field = NumberField(
        label=label,
        required=False,
        widget=widget,
        error_messages={"invalid": gettext_lazy("Write a number.")},
        **kwargs,
    )
    field.needed = True  # type: ignore[attr-defined] # for the label: where the scale is of numbers
    field.shown_by = ("kind", "numbers")  # type: ignore[attr-defined] # for the template
    return field


class ScaleForm(forms.Form):
    """A scale of numbers or of words."""

    KINDS = (("numbers", gettext_lazy("Numbers")), ("words", gettext_lazy("Words or letters")))

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    kind = forms.ChoiceField(
        label=gettext_lazy("Scores are"), choices=KINDS, widget=forms.RadioSelect, initial="numbers"
    )
    lowest = _number(gettext_lazy("Lowest score"), initial=0)
    highest = _number(gettext_lazy("Highest score"), initial=100)
    step = _number(gettext_lazy("Step"), initial=1, help_text=gettext_lazy("1 for whole points, 0.5 for halves."))
    words = forms.CharField(
        label=gettext_lazy("Grades, the best first"), max_length=700, required=False,
        help_text=gettext_lazy("With commas between them: A, B, C, D, E, F."),
    )  # fmt: skip
    pass_mark = forms.CharField(
        label=gettext_lazy("Pass mark"), max_length=20, help_text=gettext_lazy("The least score that is enough.")
    )

    def __init__(self, *args: Any, fixed: Measure | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fixed = fixed
        words_field: Any = self.fields["words"]
        words_field.needed, words_field.shown_by = True, ("kind", "words")
        if fixed:
            for name in ("kind", *SIZES, "words"):
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        measure = self.fixed or self._measure()
        found: dict[str, Any] = {"name": data.get("name"), "measure": measure}
        if self.errors or measure is None or measure_wrong(measure):  # what is wrong with a scale the verb says
            return found | {"pass_mark": Decimal(0)}
        try:
            return found | {"pass_mark": read_score(data["pass_mark"], measure)}
        except ScoreError as wrong:
            self.add_error("pass_mark", words.score_wrong(wrong.code, measure))
            return found

    def _measure(self) -> Measure | None:
        data = self.cleaned_data
        if data.get("kind") == "words":
            grades = [" ".join(word.split()) for word in data.get("words", "").split(",")]
            return Measure.of_words([word for word in grades if word])
        sizes = [data.get(name) for name in SIZES]
        for name, size in zip(SIZES, sizes, strict=True):
            if size is None and name not in self.errors:
                self.add_error(name, _("Write a number."))
        lowest, highest, step = sizes
        if lowest is None or highest is None or step is None:
            return None
        return Measure(lowest, highest, step)


@page("attendance.edit_scales")
def scales(request: OfficeRequest) -> HttpResponse:
    rows = [
        {
            "id": row.pk, "name": row.name, "scores": words.scale_text(row.measure), "is_archived": row.is_archived,
            "pass_mark": words.score_text(row.pass_mark, row.measure),
        }
        for row in grading.scales(request.by)
    ]  # fmt: skip
    return render(request, "office/settings/scales.html", {"rows": rows})


@page("attendance.edit_scales")
def scale_new(request: OfficeRequest) -> HttpResponse:
    by, form = request.by, ScaleForm(request.POST or None)
    if added := done(form, partial(grading.add_scale, by)):
        tell(request, _("The scale %(name)s is added.") % {"name": added.name}, undo=_archive(request, added))
        return redirect("office:scales", by.org_slug)
    return form_page(
        request, "office/form.html", form, title=_("New scale"), submit_label=_("Add scale"), cancel_url="../",
        crumbs=[(_("Scales of exams"), reverse("office:scales", args=[by.org_slug]))],
    )  # fmt: skip


@page("attendance.edit_scales")
def scale_edit(request: OfficeRequest, scale_id: int) -> HttpResponse:
    by, row = request.by, grading.get_scale(request.by, scale_id)
    measure, home = row.measure, reverse("office:scales", args=[by.org_slug])
    is_fixed = grading.is_used(by, scale_id)
    initial = {
        "name": row.name, "kind": "words" if measure.words else "numbers", "words": ", ".join(measure.words),
        "pass_mark": words.score_text(row.pass_mark, measure),
        **{name: f"{getattr(row, name).normalize():f}" for name in SIZES},
    }  # fmt: skip
    form = ScaleForm(request.POST or None, initial=initial, fixed=measure if is_fixed else None)
    if done(form, partial(grading.edit_scale, by, scale_id=scale_id)):
        tell(request, _("Saved."))
        return redirect(home)
    text = _("Exams have this scale: its scores stay. A new pass mark holds for exams to come.") if is_fixed else ""
    return form_page(
        request, "office/form.html", form, title=row.name, submit_label=_("Save"), cancel_url=home, text=text,
        crumbs=[(_("Scales of exams"), home)],
    )  # fmt: skip


@page("attendance.edit_scales")
def scale_archive(request: OfficeRequest, scale_id: int) -> HttpResponse:
    by, row = request.by, grading.get_scale(request.by, scale_id)
    form, home = UndoForm(request.POST or None), reverse("office:scales", args=[by.org_slug])
    if done(form, partial(grading.archive_scale, by, scale_id=scale_id)):
        back = reverse("office:scale-restore", args=[by.org_slug, scale_id])
        tell(request, _("The scale %(name)s is in the archive.") % {"name": row.name}, undo=back)
        return undone(request, home)
    return form_page(
        request, "office/form.html", form, title=_("Put the scale %(name)s into the archive?") % {"name": row.name},
        text=_("It is offered for no new exam. Exams that have it keep it."), submit_label=_("Put into the archive"),
        cancel_url=home, crumbs=[(_("Scales of exams"), home)],
    )  # fmt: skip


@page("attendance.edit_scales")
def scale_restore(request: OfficeRequest, scale_id: int) -> HttpResponse:
    by, row = request.by, grading.get_scale(request.by, scale_id)
    form = UndoForm(request.POST or None)
    home = reverse("office:scales", args=[by.org_slug])
    if done(form, partial(grading.restore_scale, by, scale_id=scale_id)):
        tell(request, _("The scale %(name)s is offered again.") % {"name": row.name})
        return undone(request, home)
    return undo_page(request, form, _("Offer the scale %(name)s again?") % {"name": row.name}, home)


def _archive(request: OfficeRequest, row: Scale) -> str:
    return reverse("office:scale-archive", args=[request.by.org_slug, row.pk])
