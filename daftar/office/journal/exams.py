"""Pages on the exams of a group: the list, an exam with its results, and the page on which they are entered."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from daftar.attendance import exams
from daftar.attendance.exam_table import exam_table
from daftar.attendance.rules import outcome
from daftar.attendance.scales import scales
from daftar.courses.queries import get_group
from daftar.courses.topics import topics_of
from daftar.office import formats, words
from daftar.office.files import as_file
from daftar.office.forms import UndoForm, done, form_page, tell, undo_page, undone
from daftar.office.journal.exam_forms import ExamForm, ResultsForm
from daftar.office.page import OfficeRequest, page
from daftar.orgs.queries import today_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpResponse

    from daftar.attendance.exam_table import TableRow
    from daftar.attendance.exams import ResultLine
    from daftar.attendance.models import Exam
    from daftar.attendance.rules import Measure, Outcome
    from daftar.courses.models import Group
    from daftar.orgs.access import Actor


@page("courses.view")
def group_exams(request: OfficeRequest, group_id: int) -> HttpResponse:
    by, row = request.by, get_group(request.by, group_id)
    rows = [
        {
            "id": line.exam.pk, "name": line.exam.name, "on": line.exam.held_on, "scale": line.exam.scale.name,
            "is_ahead": line.exam.held_on > by.today, **_figures(line.outcome, line.exam.scale.measure),
        }
        for line in exams.exams_of_group(by, group_id)
    ]  # fmt: skip
    return render(request, "office/journal/exams.html", {"group": row, "rows": rows})


@page("courses.view")
def group_results(request: OfficeRequest, group_id: int) -> HttpResponse:
    """Students by exams; on a phone one student after another."""
    by, row = request.by, get_group(request.by, group_id)
    found = exam_table(by, group_id)
    heads = [
        {
            "id": each.pk, "name": each.name, "on": each.held_on, "scale": each.scale.name,
            **_figures(found.outcomes[place], each.scale.measure),
        }
        for place, each in enumerate(found.exams)
    ]  # fmt: skip
    rows = [_across(line, found.exams) for line in found.rows]
    if request.GET.get("format") == "csv":
        return as_file(f"results-{group_id}", _table_lines(heads, rows))
    return render(request, "office/journal/results.html", {"group": row, "heads": heads, "rows": rows})


@page("attendance.edit_exams")
def exam_new(request: OfficeRequest, group_id: int) -> HttpResponse:
    by, row = request.by, get_group(request.by, group_id)
    offered = [scale for scale in scales(by) if not scale.is_archived]
    form = ExamForm(request.POST or None, initial={"held_on": by.today}, scales=offered, topics=_topics(by, row, None))
    if added := done(form, partial(exams.add_exam, by, group_id=group_id)):
        tell(request, _("The exam %(name)s is written.") % {"name": added.name}, undo=_delete(by, added))
        return redirect("office:exam", by.org_slug, added.pk)
    return form_page(
        request, "office/journal/exam_form.html", form, title=_("New exam, %(group)s") % {"group": row.name},
        submit_label=_("Write exam"), cancel_url=reverse("office:group-exams", args=[by.org_slug, group_id]),
        crumbs=_crumbs(by, row), has_scales=bool(offered),
    )  # fmt: skip


@page("courses.view")
def exam(request: OfficeRequest, exam_id: int) -> HttpResponse:
    """The results of an exam, on the screen, on paper or as a file."""
    by, row = request.by, exams.get_exam(request.by, exam_id)
    lines, measure = exams.results_of(by, row), row.scale.measure
    rows = [_result(line, row) for line in lines]
    if request.GET.get("format") == "csv":
        heads = [_("Student"), _("Score"), _("Result"), _("Comment")]
        return as_file(
            f"exam-{row.pk}", [heads, *([each["name"], each["score"], each["word"], each["comment"]] for each in rows)]
        )
    context = {
        "exam": row, "rows": rows, "scale": words.scale_text(measure),
        "pass_mark": words.score_text(row.pass_mark, measure), "is_ahead": row.held_on > today_in(by, row.group.branch),
        **_outcome(lines, row),
    }  # fmt: skip
    return render(request, "office/journal/exam.html", context)


@page("attendance.edit_exams")
def exam_results(request: OfficeRequest, exam_id: int) -> HttpResponse:
    """One page for all results; Enter goes down the column."""
    by, row = request.by, exams.get_exam(request.by, exam_id)
    measure = row.scale.measure
    form = ResultsForm(request.POST or None, lines=exams.results_of(by, row), measure=measure)
    if done(form, partial(exams.enter_results, by, exam_id=exam_id)):
        undo = reverse("office:exam-results-undo", args=[by.org_slug, exam_id])
        tell(request, _("The results are saved."), undo=undo)
        return redirect("office:exam", by.org_slug, exam_id)
    return form_page(
        request, "office/journal/exam_results.html", form, exam=row, scale=words.scale_text(measure),
        pass_mark=words.score_text(row.pass_mark, measure), crumbs=_crumbs(by, row.group),
        is_ahead=row.held_on > today_in(by, row.group.branch),
        with_comments=any(name.startswith("comment_") for name in form.errors),
    )  # fmt: skip


@page("attendance.edit_exams")
def exam_results_undo(request: OfficeRequest, exam_id: int) -> HttpResponse:
    by, row = request.by, exams.get_exam(request.by, exam_id)
    form, home = UndoForm(request.POST or None), reverse("office:exam", args=[by.org_slug, exam_id])
    if done(form, partial(exams.undo_results, by, exam_id=exam_id)):
        tell(request, _("The results are as they were before."))
        return undone(request, home)
    return undo_page(request, form, _("Take back the last results of %(name)s?") % {"name": row.name}, home)


@page("attendance.edit_exams")
def exam_edit(request: OfficeRequest, exam_id: int) -> HttpResponse:
    by, row = request.by, exams.get_exam(request.by, exam_id)
    initial = {name: getattr(row, name) for name in ("name", "held_on", "scale_id", "plan_topic_id")}
    initial["pass_mark"] = words.score_text(row.pass_mark, row.scale.measure)
    offered = [scale for scale in scales(by) if not scale.is_archived or scale.pk == row.scale_id]
    topics = _topics(by, row.group, row.plan_topic_id)
    form = ExamForm(request.POST or None, initial=initial, scales=offered, topics=topics)
    if done(form, partial(exams.edit_exam, by, exam_id=exam_id)):
        tell(request, _("Saved."))
        return redirect("office:exam", by.org_slug, exam_id)
    return form_page(
        request, "office/journal/exam_form.html", form, title=row.name, submit_label=_("Save"), has_scales=True,
        cancel_url=reverse("office:exam", args=[by.org_slug, exam_id]), crumbs=_crumbs(by, row.group),
    )  # fmt: skip


@page("attendance.edit_exams")
def exam_delete(request: OfficeRequest, exam_id: int) -> HttpResponse:
    by, row = request.by, exams.get_exam(request.by, exam_id)
    form, home = UndoForm(request.POST or None), reverse("office:group-exams", args=[by.org_slug, row.group_id])
    if done(form, partial(exams.delete_exam, by, exam_id=exam_id)):
        back = reverse("office:exam-restore", args=[by.org_slug, exam_id])
        tell(request, _("The exam %(name)s is deleted.") % {"name": row.name}, undo=back)
        return redirect(home)
    return form_page(
        request, "office/form.html", form, title=_("Delete the exam %(name)s?") % {"name": row.name},
        text=_("It leaves all lists with its results. Undo brings it back."), submit_label=_("Delete exam"),
        cancel_url=reverse("office:exam", args=[by.org_slug, exam_id]), crumbs=_crumbs(by, row.group),
    )  # fmt: skip


@page("attendance.edit_exams")
def exam_restore(request: OfficeRequest, exam_id: int) -> HttpResponse:
    by, row = request.by, exams.get_exam(request.by, exam_id)
    form = UndoForm(request.POST or None)
    home = reverse("office:exam", args=[by.org_slug, exam_id])
    if done(form, partial(exams.restore_exam, by, exam_id=exam_id)):
        tell(request, _("The exam %(name)s is back.") % {"name": row.name})
        return undone(request, home)
    return undo_page(request, form, _("Bring the exam %(name)s back?") % {"name": row.name}, home)


def _topics(by: Actor, group: Group, own: int | None) -> Iterable[Any]:
    """The topics of the plan, and the exam's own where it is in the archive by now."""
    return [row for row in topics_of(by, group.course_id) if row.place is not None or row.pk == own]


def _result(line: ResultLine, row: Exam) -> dict[str, Any]:
    """A line of the results."""
    entry = line.entry
    state = words.exam_state(entry.score, row.pass_mark, is_absent=entry.is_absent)
    return {
        "student_id": line.student_id, "name": line.name, "state": state, "comment": entry.comment,
        "score": "" if entry.score is None else words.score_text(entry.score, row.scale.measure),
        "word": words.EXAM_STATES[state],
    }  # fmt: skip


def _across(line: TableRow, all_exams: list[Exam]) -> dict[str, Any]:
    """A student's line of the table of results."""
    average = line.average
    cells: list[dict[str, Any]] = []
    for row, entry in zip(all_exams, line.entries, strict=True):
        if entry is None:
            cells.append({"state": None, "score": "", "word": _("not in the group")})
            continue
        state = words.exam_state(entry.score, row.pass_mark, is_absent=entry.is_absent)
        score = "" if entry.score is None else words.score_text(entry.score, row.scale.measure)
        cells.append({"state": state, "score": score, "word": words.EXAM_STATES[state]})
    said = ""
    if average is not None:
        value = formats.hundredths(average.value)
        said = words.score_text(value, average.measure) if average.measure else f"{formats.score(value)} %"
    return {
        "student_id": line.student_id, "name": line.name, "cells": cells, "average": said, "scored": line.scored,
        "passed": line.passed,
    }  # fmt: skip


def _table_lines(heads: list[dict[str, Any]], rows: list[dict[str, Any]]) -> list[list[str]]:
    """The table as a file: a column for each score, and one for whether it was enough."""
    titles = [[f"{head['name']}, {formats.day(head['on'])}", _("Result")] for head in heads]
    lines = [
        [row["name"], *(text for cell in row["cells"] for text in (cell["score"], str(cell["word"]))), row["average"]]
        for row in rows
    ]
    averages = [text for head in heads for text in (head["average"], "")]
    shares = [text for head in heads for text in ("" if head["share"] is None else f"{head['share']} %", "")]
    return [
        [_("Student"), *(text for pair in titles for text in pair), _("Average")], *lines,
        [_("Average"), *averages, ""], [_("Share passed"), *shares, ""],
    ]  # fmt: skip


def _outcome(lines: list[ResultLine], row: Exam) -> dict[str, Any]:
    scores = [line.entry.score for line in lines if line.entry.score is not None]
    absent = sum(line.entry.is_absent for line in lines)
    return _figures(outcome(scores, row.pass_mark, absent), row.scale.measure)


def _figures(found: Outcome, measure: Measure) -> dict[str, Any]:
    average = "" if found.average is None else words.score_text(formats.hundredths(found.average), measure)
    return {
        "scored": found.scored, "passed": found.passed, "absent": found.absent, "share": found.share,
        "average": average,
    }  # fmt: skip


def _delete(by: Actor, row: Exam) -> str:
    return reverse("office:exam-delete", args=[by.org_slug, row.pk])


def _crumbs(by: Actor, group: Group) -> list[tuple[Any, str]]:
    slug = by.org_slug
    return [
        (group.name, reverse("office:group", args=[slug, group.pk])),
        (_("Exams"), reverse("office:group-exams", args=[slug, group.pk])),
    ]
