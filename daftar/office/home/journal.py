"""Audit rows in words: what was done to what, and what it changed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from daftar.office import formats
from daftar.office.words import WEEKDAYS

if TYPE_CHECKING:
    from datetime import datetime

    from daftar.orgs.access import Actor
    from daftar.orgs.models import AuditEntry

VERBS = {
    "orgs.change_settings": _("changed the settings"), "orgs.add_branch": _("opened the branch"),
    "orgs.edit_branch": _("edited the branch"), "orgs.add_member": _("added the member"),
    "orgs.edit_member": _("edited the member"), "people.add_student": _("added the student"),
    "people.add_students": _("added students"), "people.edit_student": _("edited the student"),
    "courses.add_course": _("added the course"), "courses.edit_course": _("edited the course"),
    "courses.add_room": _("added the room"), "courses.edit_room": _("edited the room"),
    "courses.add_group": _("added the group"), "courses.edit_group": _("edited the group"),
    "courses.plan_lesson": _("planned the lesson"), "courses.enrol_student": _("enrolled"),
    "courses.undo_enrolment": _("took back the enrolment"),
    "attendance.undo_marks": _("took back the marks of the lesson"),
    "tuition.activate": _("activated"), "tuition.enrol_active": _("enrolled and activated"),
    "attendance.conduct_lesson": _("marked the lesson"), "finance.take_payment": _("recorded the payment"),
    "finance.promise": _("noted the promise of"), "finance.withdraw_promise": _("took back the promise of"),
    "finance.reverse_payment": _("reversed the payment"), "finance.open_desk": _("opened the desk"),
    "finance.edit_desk": _("edited the desk"), "transfer.import_clients": _("imported a file"),
    "transfer.begin_import": _("brought the file"), "transfer.choose_columns": _("chose the columns of the file"),
    "transfer.choose_groups": _("chose the groups of the file"), "transfer.start_import": _("started the import of"),
    "transfer.take_rows": _("imported rows of"),
    "transfer.undo_import": _("undid the import of"), "transfer.take_rows_back": _("took back rows of"),
    "transfer.resume_import": _("started the import of"),
    "finance.open_first_desks": _("opened the desks"),
}  # fmt: skip
PAGES = {
    "student": "student",
    "group": "group",
    "lesson": "lesson",
    "payment": "payment",
    "enrolment": "",
    "import": "import",
}
MOST_LINES = 12
# What is worth telling of a change, in words; everything else is kept but not shown.
FIELDS = {
    "payer": _("Payer"), "name": _("Name"),
    "full_name": _("Full name"), "born_on": _("Birthday"), "source": _("How they found us"),
    "note": _("Note"), "mobile": _("Phone"), "email": _("E-mail"), "role": _("Role"), "is_active": _("Has access"),
    "topic": _("Topic"), "attendance": _("Marks changed"), "activated_on": _("Active from"),
    "starts_on": _("First day"), "capacity": _("Places"), "weekdays": _("Days"), "starts_time": _("Time"),
    "lessons_count": _("Lessons the price is for"), "lesson_minutes": _("Length of a lesson, minutes"),
    "activation_day_counts": _("The lesson on the day of activation is charged"), "is_open": _("Takes money"),
    "address": _("Address"), "phone": _("Phone"), "subject": _("Subject"), "level": _("Level"), "reason": _("Reason"),
    "promised_for": _("Will pay on"),
}  # fmt: skip
DAY = re.compile(r"\d{4}-\d\d-\d\d")
MINUTE = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d)")


@dataclass(frozen=True)
class Change:
    """One value that is not what it was."""

    field: str
    old: str
    new: str


@dataclass(frozen=True)
class Deed:
    """An audit row as it is shown."""

    at: datetime
    who: str
    what: Any
    subject: str
    link: str
    changes: list[Change]


def said(by: Actor, row: AuditEntry) -> Deed:
    """An audit row in the reader's words, with a link to what it is about where there is a page for it."""
    first = row.changes[0]
    route = PAGES.get(first["row"], "")
    link = reverse(f"office:{route}", args=[by.org_slug, first["id"]]) if route else ""
    changes = [
        Change(str(FIELDS[name]), "" if name == "attendance" else _text(change["was"].get(name)), _text(value))
        for change in row.changes
        if change["was"] is not None
        for name, value in change["now"].items()
        if FIELDS.get(name)
    ]
    return Deed(row.at, row.actor, VERBS.get(row.verb, row.verb), _text(first["name"]), link, changes[:MOST_LINES])


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, dict):
        return str(len(value))
    if isinstance(value, list):
        return ", ".join(str(WEEKDAYS[day - 1]) for day in value)
    text = "" if value is None else str(value)
    if minute := MINUTE.fullmatch(text):
        return f"{formats.day(date.fromisoformat(minute[1]))}, {minute[2]}"
    return formats.day(date.fromisoformat(text)) if DAY.fullmatch(text) else text
