"""Pages of an import: the file, its columns, its groups, the check, the run and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _

from daftar.courses.queries import courses as all_courses
from daftar.courses.queries import groups as all_groups
from daftar.lib.paging import paged
from daftar.office.files import as_file
from daftar.office.forms import UndoForm, done, form_page, number_in
from daftar.office.page import OfficeRequest, page
from daftar.office.transfer.forms import ColumnsForm, GroupsForm, ImportForm
from daftar.office.transfer.words import COLUMN_SAYS, problem_text
from daftar.orgs.queries import branches, today_in
from daftar.transfer import queries, services, undoing
from daftar.transfer.groups import from_json
from daftar.transfer.models import VERDICT_LABELS, ImportState
from daftar.transfer.rules import Verdict

if TYPE_CHECKING:
    from django.http import HttpResponse

    from daftar.transfer.models import Import

MOST_KEPT = 100
TONES = {
    Verdict.CREATE: ("green", "user-plus"), Verdict.WARNING: ("yellow", "alert-triangle"),
    Verdict.ERROR: ("red", "alert-circle"), Verdict.DUPLICATE: ("secondary", "users"),
    Verdict.KNOWN: ("secondary", "user-check"),
}  # fmt: skip
NEXT = {
    ImportState.COLUMNS: "import-columns", ImportState.GROUPS: "import-groups", ImportState.CHECKED: "import-check",
    ImportState.RUNNING: "import", ImportState.DONE: "import", ImportState.UNDOING: "import",
    ImportState.UNDONE: "import",
}  # fmt: skip


@page("transfer.import")
def imports(request: OfficeRequest) -> HttpResponse:
    rows, at = paged(queries.imports(request.by), number_in(request, "page") or 1)
    shown = [
        {
            "id": row.pk, "name": row.file_name, "begun_at": row.begun_at, "begun_by": row.begun_by,
            "rows": row.rows_count, "state": row.get_state_display(), "is_done": row.state == ImportState.DONE,
            "branch": row.branch.name, "route": NEXT[ImportState(row.state)],
        }
        for row in rows
    ]  # fmt: skip
    return render(request, "office/transfer/imports.html", {"rows": shown, "page": at})


@page("transfer.import")
def import_new(request: OfficeRequest) -> HttpResponse:
    by = request.by
    places = branches(by)
    form = ImportForm(
        request.POST or None, request.FILES or None, branches=places, initial={"opens_on": today_in(by, places[0])}
    )  # fmt: skip
    row = done(form, lambda **values: services.begin_import(by, **values))
    if row is not None:
        return redirect("office:import-columns", by.org_slug, row.pk)
    return form_page(request, "office/transfer/import_new.html", form)


@page("transfer.import")
def import_columns(request: OfficeRequest, import_id: int) -> HttpResponse:
    by, row = request.by, queries.get_import(request.by, import_id)
    trying = "column_0" in request.GET
    sent = request.POST if request.method == "POST" else request.GET if trying else None
    form = ColumnsForm(sent, row=row)
    if request.method == "POST":
        chosen = done(form, lambda **values: services.choose_columns(by, import_id=import_id, **values))
        if chosen is not None:
            return redirect(f"office:{NEXT[ImportState(chosen.state)]}", by.org_slug, import_id)
    values = form.cleaned_data if form.is_bound and form.is_valid() else {}
    found = queries.columns(by, row, values.get("fields"), values.get("date_order"))
    shown = [
        {
            "field": form[f"column_{place}"], "heading": column.heading, "samples": column.samples,
            "fine": column.fine, "wrong": column.wrong, "says": COLUMN_SAYS.get(column.code, ""),
        }
        for place, column in enumerate(found)
    ]  # fmt: skip
    context = _about(row) | {
        "columns": shown, "is_unclear": any(column.code == "unclear_date" for column in found) or row.date_order,
        "is_rounded": any(column.code == "rounded_phone" for column in found),
        "before": _before(request, row),
    }  # fmt: skip
    return form_page(request, "office/transfer/import_columns.html", form, **context)


@page("transfer.import")
def import_groups(request: OfficeRequest, import_id: int) -> HttpResponse:
    by, row = request.by, queries.get_import(request.by, import_id)
    here = [
        group
        for is_over in (False, True)
        for group in all_groups(by, is_over=is_over)
        if group.branch_id == row.branch_id
    ]
    taught = [course for course in all_courses(by) if course.currency == row.branch.currency]
    form = GroupsForm(
        request.POST or None, choices=from_json(row.groups), groups=here, courses=taught, currency=row.branch.currency
    )  # fmt: skip
    chosen = done(form, lambda **values: services.choose_groups(by, import_id=import_id, **values))
    if chosen is not None:
        return redirect("office:import-check", by.org_slug, import_id)
    return form_page(request, "office/transfer/import_groups.html", form, cards=form.cards(), **_about(row))


@page("transfer.import")
def import_check(request: OfficeRequest, import_id: int) -> HttpResponse:
    by, row = request.by, queries.get_import(request.by, import_id)
    if request.method == "POST":
        services.start_import(by, import_id=import_id)
        return redirect("office:import", by.org_slug, import_id)
    progress = queries.progress(by, row)
    problems, at = paged(queries.problem_rows(by, row), number_in(request, "page") or 1)
    context = _about(row) | {
        "tiles": _tiles(progress), "to_take": progress.to_take,
        "problems": [_problem(row, each) for each in problems], "page": at, "examples": queries.examples(by, row),
        "before": _before(request, row),
    }  # fmt: skip
    return render(request, "office/transfer/import_check.html", context)


@page("transfer.import")
def import_progress(request: OfficeRequest, import_id: int) -> HttpResponse:
    by, row = request.by, queries.get_import(request.by, import_id)
    if request.method == "POST":
        services.resume_import(by, import_id=import_id)
        return redirect("office:import", by.org_slug, import_id)
    progress = queries.progress(by, row)
    problems, at = paged(queries.problem_rows(by, row), number_in(request, "page") or 1)
    context = _about(row) | {
        "tiles": _tiles(progress, is_over=row.state == ImportState.DONE), "taken": progress.taken,
        "to_take": progress.to_take, "may_undo": undoing.may_undo(by, row),
        "kept": [(each.student_id, each.student.full_name) for each in undoing.kept_rows(by, row)[:MOST_KEPT]],
        "problems": [_problem(row, each) for each in problems], "page": at, "next": NEXT[ImportState(row.state)],
    }  # fmt: skip
    return render(request, "office/transfer/import.html", context)


@page("transfer.import")
def import_undo(request: OfficeRequest, import_id: int) -> HttpResponse:
    by, row = request.by, queries.get_import(request.by, import_id)
    form, home = UndoForm(request.POST or None), reverse("office:import", args=[by.org_slug, import_id])
    if done(form, lambda: undoing.undo_import(by, import_id=import_id)):
        return redirect(home)
    text = _(
        "Everybody whom the file brought is archived and the balances are reversed. Who has paid, was marked in a"
        " lesson, promised something or was edited since is kept, and so are courses."
    )
    title = _("Undo the import of %(name)s?") % {"name": row.file_name}
    return form_page(
        request, "office/form.html", form, title=title, text=text, submit_label=_("Undo import"), cancel_url=home
    )


@page("transfer.import")
def import_errors(request: OfficeRequest, import_id: int) -> HttpResponse:
    """The rows that were not taken, as they were, with what is wrong: to be corrected and brought again."""
    by, row = request.by, queries.get_import(request.by, import_id)
    lines = [[*row.headings, _("What is wrong")]]
    for each in queries.problem_rows(by, row):
        cells = (each.cells + [""] * len(row.headings))[: len(row.headings)]
        lines.append([*cells, problem_text(each.problems)])
    return as_file(f"{slugify(row.file_name.rpartition('.')[0]) or 'import'}-errors", lines)


def _about(row: Import) -> dict[str, Any]:
    mark = {"\t": _("tab")}.get(row.delimiter, row.delimiter)
    return {
        "about": {
            "id": row.pk, "name": row.file_name, "rows": row.rows_count, "branch": row.branch.name,
            "opens_on": row.opens_on, "encoding": row.encoding, "delimiter": mark, "state": row.state,
            "is_open": row.state in {ImportState.COLUMNS, ImportState.GROUPS, ImportState.CHECKED},
            "has_groups": bool(row.groups),
        }
    }  # fmt: skip


def _before(request: OfficeRequest, row: Import) -> dict[str, Any] | None:
    before = queries.same_file_before(request.by, row)
    return None if before is None else {"id": before.pk, "begun_at": before.begun_at}


def _tiles(progress: queries.Progress, *, is_over: bool = False) -> list[dict[str, Any]]:
    labels = VERDICT_LABELS | ({Verdict.CREATE: _("Added")} if is_over else {})
    tiles = []
    for verdict, label in labels.items():
        tone, drawing = TONES[verdict]
        tiles.append({"label": label, "count": progress.verdicts.get(verdict, 0), "tone": tone, "icon": drawing})
    return tiles


def _problem(row: Import, each: Any) -> dict[str, Any]:
    place = row.fields.index("name") if "name" in row.fields else 0
    name = each.cells[place] if place < len(each.cells) else ""
    verdict = Verdict(each.verdict)
    return {
        "number": each.number, "name": name, "text": problem_text(each.problems), "tone": TONES[verdict][0],
        "icon": TONES[verdict][1], "verdict": VERDICT_LABELS[verdict],
    }  # fmt: skip
