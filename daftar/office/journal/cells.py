"""The journal of a group: its cells are saved by the script of the page, and taken home as a file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse, JsonResponse
from django.utils.text import slugify
from django.utils.translation import gettext as _

from daftar.attendance.cells import Overtaken, Wish, mark_cells
from daftar.attendance.queries import reasons
from daftar.attendance.rules import Cell
from daftar.attendance.services import CellIsWrong, WhyCorrected
from daftar.courses.queries import get_group
from daftar.lib.errors import Refusal
from daftar.office import formats
from daftar.office.files import as_file
from daftar.office.forms import said, typed
from daftar.office.grid import as_text, grid, kind_of, lines, month_of, words
from daftar.office.page import OfficeRequest, page
from daftar.reports.journal import charged_cells

if TYPE_CHECKING:
    from daftar.orgs.access import Actor

LARGEST = 200_000  # characters of one request: 400 cells with comments


@page("attendance.mark")
def group_cells(request: OfficeRequest, group_id: int) -> HttpResponse:
    """Saves cells sent as [[lesson, student, was, now]] and answers those that somebody else set meanwhile."""
    by, row = request.by, get_group(request.by, group_id)
    if request.method != "POST":
        return JsonResponse({"group": row.pk})
    try:
        wishes = _wishes(request.POST.get("cells", ""))
        found = mark_cells(by, group_id=group_id, wishes=wishes, because=typed(request, "because", 200))
    except Refusal as refusal:
        asks = isinstance(refusal, WhyCorrected)
        return JsonResponse({"refused": str(said(refusal)), "asks": asks}, status=422)
    free = frozenset(each.pk for each in reasons(by) if not each.charges)
    return JsonResponse({"overtaken": [_told(by, each, free) for each in found], "charged": _charged(by, wishes)})


def _charged(by: Actor, wishes: list[Wish]) -> list[tuple[int, int]]:
    """Which of these cells are charged now, for those who may see it."""
    if not wishes or not by.may("tuition.view"):
        return []
    lessons, students = {wish.lesson_id for wish in wishes}, {wish.student_id for wish in wishes}
    return sorted(charged_cells(by, students, lessons))


def _told(by: Actor, found: Overtaken, free: frozenset[int]) -> dict[str, Any]:
    what = words()[kind_of(found.cell, free)]
    text = _("Somebody cleared this mark meanwhile.")
    if found.at is not None:
        values = {"name": found.who or by.org_name, "mark": what, "time": formats.clock(found.at)}
        text = _("%(name)s set %(mark)s at %(time)s") % values
    return {
        "lesson": found.lesson_id, "student": found.student_id, "cell": json.loads(as_text(found.cell)), "text": text
    }  # fmt: skip


@page("attendance.mark")
def group_journal_file(request: OfficeRequest, group_id: int) -> HttpResponse:
    by, row = request.by, get_group(request.by, group_id)
    month = month_of(typed(request, "month", 7), by.today)
    return as_file(slugify(f"{row.name} {month:%Y-%m}") or "journal", lines(grid(by, group_id, month)))


def _wishes(text: str) -> list[Wish]:
    """What the script sent; anything that is not as it sends it is refused whole."""
    try:
        sent = json.loads(text[:LARGEST])
        return [Wish(_whole(lesson), _whole(student), _cell(was), _cell(now)) for lesson, student, was, now in sent]
    except (TypeError, ValueError) as wrong:
        raise CellIsWrong from wrong


def _cell(sent: Any) -> Cell:
    is_present, reason_id, late, grade, homework, comment = sent
    if is_present not in (True, False, None) or not isinstance(comment, str) or "\x00" in comment:
        raise ValueError(sent)
    numbers = [None if each is None else _whole(each) for each in (reason_id, late, grade, homework)]
    present = None if is_present is None else bool(is_present)
    return Cell(present, numbers[0], numbers[1], numbers[2], numbers[3], comment.strip()[:300])


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**63:
        raise ValueError(value)
    return value
