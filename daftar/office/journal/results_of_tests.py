"""Pages on results of tests: those of a group, and the form in which one is entered."""

from __future__ import annotations

from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

from django import forms
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from daftar.attendance import results_of_tests as tests
from daftar.attendance.exams import LONGEST_COMMENT
from daftar.attendance.rules import ScoreError, average_of, read_score
from daftar.attendance.scales import scales
from daftar.courses.models import Group
from daftar.courses.queries import get_group, subjects
from daftar.lib.errors import NotFound
from daftar.office import formats, words
from daftar.office.files import as_file
from daftar.office.forms import UndoForm, day_field, done, form_page, number_in, pick_field, tell, undo_page, undone
from daftar.office.page import OfficeRequest, page
from daftar.orgs.queries import teachers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpResponse

    from daftar.attendance.models import TestResult
    from daftar.orgs.access import Actor
    from daftar.people.models import Student

SAME_TEST = ("name", "taken_on", "scale_id", "teacher_id")


class TestForm(forms.Form):
    """A result: of a student chosen here (`learners`), or of one who is known, in a group or in none."""

    name = forms.CharField(label=gettext_lazy("Test"), max_length=120)
    taken_on = day_field(gettext_lazy("Date"))
    score = forms.CharField(
        label=gettext_lazy("Score"), max_length=20, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    comment = forms.CharField(label=gettext_lazy("Comment"), max_length=LONGEST_COMMENT, required=False)

    field_order = (
        "student_id", "name", "taken_on", "scale_id", "score", "group_id", "subject", "teacher_id", "comment",
    )  # fmt: skip

    def __init__(
        self, *args: Any, by: Actor, learners: Iterable[tuple[int, str]] | None = None, groups: Iterable[Group] = (),
        had: TestResult | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        """`had`: the result that is changed; what it has stays a choice, whatever is offered for new ones."""
        super().__init__(*args, **kwargs)
        self.scales = {row.pk: row for row in scales(by) if not row.is_archived or (had and row.pk == had.scale_id)}
        named = [(pk, f"{row.name}: {words.scale_text(row.measure)}") for pk, row in self.scales.items()]
        self.fields["scale_id"] = pick_field(gettext_lazy("Scale"), named)
        if not any(row.words for row in self.scales.values()):
            self.fields["score"].widget.attrs["inputmode"] = "decimal"
        staff = {row.pk: row.name for row in teachers(by)}
        if had and had.teacher:
            staff.setdefault(had.teacher.pk, had.teacher.name)
        self.fields["teacher_id"] = pick_field(gettext_lazy("Teacher"), staff.items(), none=gettext_lazy("not said"))
        if learners is not None:
            # Nobody is chosen for whoever enters it.
            self.fields["student_id"] = pick_field(gettext_lazy("Student"), learners, none=gettext_lazy("choose"))
            self.fields["student_id"].required = True
        else:
            alone = gettext_lazy("no group") if by.may("people.view") else None
            self.fields["group_id"] = pick_field(
                gettext_lazy("Group"), [(row.pk, row.name) for row in groups], none=alone
            )
            taught = dict.fromkeys([*subjects(by.trusted()), *([had.subject] if had and had.subject else [])])
            self.fields["subject"] = forms.ChoiceField(
                label=gettext_lazy("Subject"), required=False,
                choices=[("", gettext_lazy("not said")), *((each, each) for each in taught)],
                help_text=gettext_lazy("With a group it is the subject of its course."),
            )  # fmt: skip
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        data, scale = dict(self.cleaned_data), self.scales.get(self.cleaned_data.get("scale_id") or 0)
        if scale and data.get("score"):
            try:
                data["score"] = read_score(data["score"], scale.measure)
            except ScoreError as wrong:
                self.add_error("score", words.score_wrong(wrong.code, scale.measure))
        return data


@page("courses.view")
def group_tests(request: OfficeRequest, group_id: int) -> HttpResponse:
    """On the screen, on paper or as a file."""
    by, row = request.by, get_group(request.by, group_id)
    found = []
    for (on, name), same in groupby(tests.taken_in(by, group_id), key=lambda each: (each.taken_on, each.name)):
        results = list(same)
        found.append({"name": name, "on": on, "rows": [_line(each) for each in results], "average": _average(results)})
    if request.GET.get("format") == "csv":
        return as_file(f"tests-{group_id}", _file_lines(found))
    context = {"group": row, "tests": found, "like": number_in(request, "like")}
    return render(request, "office/journal/tests.html", context)


@page("attendance.edit_exams")
def group_test_new(request: OfficeRequest, group_id: int) -> HttpResponse:
    """A result of somebody in the group; `like` in the address begins with the test of another result."""
    by, row, home = request.by, get_group(request.by, group_id), _group_page(request.by, group_id)
    form = TestForm(
        request.POST or None, by=by, learners=tests.learners_of(by, group_id),
        initial={"taken_on": by.today, "teacher_id": row.teacher_id} | _same_test(request, group_id),
    )  # fmt: skip

    def enter(student_id: int, **values: Any) -> TestResult:
        return tests.add_test_result(by, student_id=student_id, test=tests.Taken(**values, group_id=group_id))

    if added := done(form, enter):
        _tell_added(request, added)
        return redirect(f"{home}?like={added.pk}")
    crumbs = [(row.name, reverse("office:group", args=[by.org_slug, group_id])), (_("Tests"), home)]
    return _form_page(request, form, _("New test result, %(group)s") % {"group": row.name}, crumbs)


@page("attendance.edit_exams")
def student_test_new(request: OfficeRequest, student_id: int) -> HttpResponse:
    """A result of a student, of one of the student's groups or of none."""
    by = request.by
    student, groups = tests.may_take(by, student_id)
    form = TestForm(request.POST or None, by=by, groups=groups, initial={"taken_on": by.today})
    if added := done(
        form, lambda **values: tests.add_test_result(by, student_id=student_id, test=tests.Taken(**values))
    ):
        _tell_added(request, added)
        return redirect(_home(request, added)[1])
    crumb = _crumb(by, student) if by.may("people.view") else _crumb(by, groups[0])
    return _form_page(request, form, _("New test result, %(name)s") % {"name": student.full_name}, [crumb])


@page("attendance.edit_exams")
def test_edit(request: OfficeRequest, test_id: int) -> HttpResponse:
    """`group` in the address: it is changed on the page of this group, and seen there again."""
    by, row = request.by, tests.get_test_result(request.by, test_id)
    if row.removed_at is not None and request.method == "GET":
        return redirect("office:test-restore", by.org_slug, test_id)
    _student, groups = tests.may_take(by, row.student_id, kept=row.group)
    initial = {name: getattr(row, name) for name in (*SAME_TEST, "group_id", "subject", "comment")}
    initial["score"] = words.score_text(row.score, row.scale.measure)
    form = TestForm(request.POST or None, by=by, groups=groups, had=row, initial=initial)
    crumb = _home(request, row)
    if changed := done(form, lambda **values: tests.edit_test_result(by, test_id=test_id, test=tests.Taken(**values))):
        tell(request, _("Saved."))
        return redirect(_home(request, changed)[1])
    delete_url = f"{reverse('office:test-delete', args=[by.org_slug, test_id])}?{request.GET.urlencode()}".rstrip("?")
    title = f"{row.name}, {row.student.full_name}"
    return _form_page(request, form, title, [crumb], label=_("Save"), delete_url=delete_url)


@page("attendance.edit_exams")
def test_delete(request: OfficeRequest, test_id: int) -> HttpResponse:
    by, row = request.by, tests.get_test_result(request.by, test_id)
    form, name, crumb = UndoForm(request.POST or None), row.student.full_name, _home(request, row)
    if done(form, partial(tests.delete_test_result, by, test_id=test_id)):
        back = reverse("office:test-restore", args=[by.org_slug, test_id])
        tell(request, _("The test result of %(name)s is deleted.") % {"name": name}, undo=back)
        return undone(request, crumb[1])
    return form_page(
        request, "office/form.html", form, title=_("Delete the test result of %(name)s?") % {"name": name},
        text=_("It leaves all lists. Undo brings it back."), submit_label=_("Delete this result"),
        cancel_url=reverse("office:test-edit", args=[by.org_slug, test_id]), crumbs=[crumb],
    )  # fmt: skip


@page("attendance.edit_exams")
def test_restore(request: OfficeRequest, test_id: int) -> HttpResponse:
    by, row = request.by, tests.get_test_result(request.by, test_id)
    form, name = UndoForm(request.POST or None), row.student.full_name
    home = _home(request, row)[1]
    if done(form, partial(tests.restore_test_result, by, test_id=test_id)):
        tell(request, _("The test result of %(name)s is back.") % {"name": name})
        return undone(request, home)
    return undo_page(request, form, _("Bring the test result of %(name)s back?") % {"name": name}, home)


def _form_page(
    request: OfficeRequest, form: TestForm, title: str, crumbs: list[tuple[str, str]], *, label: str = "",
    delete_url: str = "",
) -> HttpResponse:  # fmt: skip
    """Cancel leads where the last crumb leads."""
    return form_page(
        request, "office/journal/test_form.html", form, title=title, submit_label=label or _("Enter the result"),
        cancel_url=crumbs[-1][1], crumbs=crumbs, has_scales=bool(form.scales), delete_url=delete_url,
    )  # fmt: skip


def _tell_added(request: OfficeRequest, added: TestResult) -> None:
    undo = reverse("office:test-delete", args=[request.by.org_slug, added.pk])
    tell(request, _("The test result of %(name)s is entered.") % {"name": added.student.full_name}, undo=undo)


def _same_test(request: OfficeRequest, group_id: int) -> dict[str, Any]:
    """The test of the result that `like` names, if it is one of this group."""
    like = number_in(request, "like")
    if like is None:
        return {}
    try:
        row = tests.get_test_result(request.by, like)
    except NotFound:
        return {}
    return {name: getattr(row, name) for name in SAME_TEST} if row.group_id == group_id else {}


def _line(row: TestResult) -> dict[str, Any]:
    return {
        "id": row.pk, "student_id": row.student_id, "student": row.student.full_name, "comment": row.comment,
        "teacher": row.teacher.name if row.teacher else "", "score": words.score_text(row.score, row.scale.measure),
    }  # fmt: skip


def _file_lines(found: list[dict[str, Any]]) -> list[list[str]]:
    shown = ("student", "score", "teacher", "comment")
    lines = [
        [test["name"], test["on"].isoformat(), *(row[name] for name in shown)] for test in found for row in test["rows"]
    ]
    return [[_("Test"), _("Date"), _("Student"), _("Score"), _("Teacher"), _("Comment")], *lines]


def _average(found: list[TestResult]) -> str:
    """What the scores of several come to, in words: of one scale a score, of different ones in percent."""
    said = average_of([(row.score, row.scale.measure) for row in found])
    if said is None or len(found) == 1:
        return ""
    value, measure = said
    return words.score_text(value, measure) if measure else f"{formats.score(value)} %"


def _home(request: OfficeRequest, row: TestResult) -> tuple[str, str]:
    """Where a result is seen, by name and address: on the student's card, or on the page of its group.

    There, if that is the group in the address, and for those who may not open the card.
    """
    by, group = request.by, row.group
    if group is not None and (number_in(request, "group") == group.pk or not by.may("people.view")):
        return _crumb(by, group)
    return _crumb(by, row.student)


def _crumb(by: Actor, row: Student | Group) -> tuple[str, str]:
    if isinstance(row, Group):
        return row.name, _group_page(by, row.pk)
    return row.full_name, reverse("office:student", args=[by.org_slug, row.pk])


def _group_page(by: Actor, group_id: int) -> str:
    return reverse("office:group-tests", args=[by.org_slug, group_id])
