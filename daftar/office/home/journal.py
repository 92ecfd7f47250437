"""Audit rows in words: what was done to what, and what it changed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from daftar.lib.phone import HIDDEN, without_contacts
from daftar.office import formats
from daftar.office.questions import QUESTIONS
from daftar.office.rights import LABELS
from daftar.office.words import WEEKDAYS

if TYPE_CHECKING:
    from datetime import datetime

    from daftar.orgs.access import Actor
    from daftar.orgs.models import AuditEntry

VERBS = {
    "orgs.change_settings": _("changed the settings"), "orgs.add_branch": _("opened the branch"),
    "orgs.edit_branch": _("edited the branch"), "orgs.add_member": _("added the member"),
    "orgs.edit_member": _("edited the member"), "orgs.begin_roles": _("made the roles of the centre"),
    "orgs.add_role": _("added the role"), "orgs.rename_role": _("renamed the role"),
    "orgs.delete_role": _("deleted the role"), "orgs.change_rights": _("changed the rights of"),
    "orgs.invite": _("invited"), "orgs.send_invitation_again": _("invited again"),
    "orgs.withdraw_invitation": _("withdrew the invitation of"), "orgs.join": _("came in by an invitation"),
    "orgs.require_two_steps": _("began to require a second step of signing in"),
    "orgs.stop_requiring_two_steps": _("stopped requiring a second step of signing in"),
    "people.add_student": _("added the student"),
    "people.add_students": _("added students"), "people.edit_student": _("edited the student"),
    "courses.add_course": _("added the course"), "courses.edit_course": _("edited the course"),
    "courses.add_room": _("added the room"), "courses.edit_room": _("edited the room"),
    "courses.add_group": _("added the group"), "courses.edit_group": _("edited the group"),
    "courses.plan_lesson": _("planned the lesson"), "courses.enrol_student": _("enrolled"),
    "courses.undo_enrolment": _("took back the enrolment"),
    "courses.write_comment": _("commented on the group"), "courses.edit_comment": _("changed a comment on the group"),
    "courses.remove_comment": _("took away a comment on the group"),
    "courses.restore_comment": _("brought back a comment on the group"),
    "courses.add_leaving_reason": _("added the reason of leaving"),
    "courses.edit_leaving_reason": _("edited the reason of leaving"),
    "courses.archive_leaving_reason": _("put into the archive the reason of leaving"),
    "courses.restore_leaving_reason": _("brought back the reason of leaving"),
    "courses.begin_leaving_reasons": _("made the reasons of leaving"),
    "courses.open_feed": _("made the calendar link of"), "courses.withdraw_feed": _("withdrew the calendar link of"),
    "attendance.announce_absence": _("noted the absence"),
    "attendance.withdraw_announcement": _("took back the absence"),
    "attendance.restore_announcement": _("noted the absence again"),
    "attendance.add_guest": _("added the guest"), "attendance.remove_guest": _("took out the guest"),
    "attendance.link_make_up": _("noted what makes up for the miss of"),
    "attendance.unlink_make_up": _("noted as owed again the miss of"),
    "attendance.undo_marks": _("took back the marks of the lesson"),
    "attendance.undo_topic": _("gave back its topic to the lesson"),
    "attendance.undo_results": _("took back results of the exam"),
    "attendance.set_how_marks_begin": _("said how marks begin in the group"),
    "attendance.take_marks_back": _("took back all marks of the lesson"),
    "courses.add_lesson_type": _("added the type of lesson"),
    "courses.edit_lesson_type": _("edited the type of lesson"),
    "courses.archive_lesson_type": _("archived the type of lesson"),
    "courses.restore_lesson_type": _("brought back the type of lesson"),
    "courses.add_holiday": _("added the days off"),
    "courses.remove_holiday": _("removed the days off"), "courses.remove_holidays": _("removed the days off"),
    "courses.cancel_lesson": _("cancelled the lesson"), "courses.restore_lesson": _("restored the lesson"),
    "courses.keep_view": _("kept the view"), "courses.drop_view": _("forgot the view"),
    "courses.put_on_waiting_list": _("put on the waiting list:"),
    "courses.take_off_waiting_list": _("took off the waiting list:"),
    "courses.wait_on": _("put back on the waiting list:"),
    "courses.change_type": _("changed the type of the lesson"),
    "courses.plan_single_lesson": _("planned the lesson"), "courses.plan_regular_lessons": _("planned regular lessons"),
    "courses.set_last_day": _("changed the last day of the regular lessons of"),
    "courses.set_last_regular_day": _("changed the last day of the regular lessons of"),
    "courses.add_regular_lessons": _("planned regular lessons of"),
    "courses.undo_regular_lessons": _("took back what was done to the regular lessons of"),
    "courses.plan_own_make_up": _("planned a lesson that makes up for a missed one"),
    "courses.plan_make_up_lesson": _("planned a lesson that makes up for missed ones"),
    "courses.undo_move": _("moved the lesson back"), "courses.change_hours": _("changed the hours of"),
    "courses.move_lesson": _("moved the lesson"), "orgs.change_charging": _("changed how the centre charges"),
    "orgs.change_branch_charging": _("changed how the branch charges"),
    "attendance.add_reason": _("added the reason of absence"),
    "attendance.edit_reason": _("edited the reason of absence"), "tuition.add_tariff": _("added the tariff"),
    "tuition.edit_tariff": _("edited the tariff"), "tuition.change_tariff_price": _("wrote a price of the tariff"),
    "tuition.change_course_price": _("wrote a price of the course"),
    "tuition.change_group_price": _("wrote a price of the group"), "tuition.begin_prices": _("began the prices"),
    "tuition.settle_siblings": _("settled the discounts of siblings"),
    "tuition.choose_weekdays": _("chose the weekdays of"), "courses.set_weekdays_off": _("chose the weekdays of"),
    "tuition.activate": _("activated"), "tuition.enrol_active": _("enrolled and activated"),
    "tuition.activate_together": _("activated several:"), "tuition.leave_together": _("ended several memberships:"),
    "tuition.stay_together": _("took back the end of several memberships:"),
    "tuition.pause_together": _("paused several students:"), "tuition.pause_group": _("paused several students:"),
    "tuition.join_together": _("enrolled several students:"),
    "tuition.join_active_together": _("enrolled and activated several students:"),
    "tuition.activate_one": _("activated"), "tuition.transfer_one": _("moved to another group:"),
    "tuition.end_pauses_together": _("ended the pauses of several students:"),
    "tuition.end_pause_of_one": _("ended the pause of"),
    "tuition.return_one": _("returned to trial:"), "tuition.take_back_together": _("took back the deed on"),
    "tuition.transfer_together": _("moved several students:"),
    "tuition.return_together": _("returned several students to trial:"),
    "attendance.conduct_lesson": _("marked the lesson"), "attendance.mark_cells": _("marked in the journal"),
    "attendance.receive_lesson": _("sent the marks of the lesson"),
    "finance.take_payment": _("recorded the payment"),
    "finance.undo_payment": _("took back the payment"), "finance.refund": _("refunded"),
    "finance.raise_balance": _("corrected the balance upwards of"),
    "finance.lower_balance": _("corrected the balance downwards of"),
    "finance.sell_goods": _("sold goods, receipt"), "finance.move_money": _("moved money between desks:"),
    "finance.edit_payment": _("edited the payment"), "finance.restore_payment": _("took back the reversal of"),
    "finance.close_books": _("closed the books of"), "finance.reopen_books": _("opened the books again of"),
    "finance.promise": _("noted the promise of"), "finance.withdraw_promise": _("took back the promise of"),
    "finance.reverse_payment": _("reversed the payment"), "finance.open_desk": _("opened the desk"),
    "finance.edit_desk": _("edited the desk"), "transfer.import_clients": _("imported a file"),
    "transfer.begin_import": _("brought the file"), "transfer.choose_columns": _("chose the columns of the file"),
    "transfer.choose_groups": _("chose the groups of the file"), "transfer.start_import": _("started the import of"),
    "transfer.take_rows": _("imported rows of"),
    "transfer.undo_import": _("undid the import of"), "transfer.take_rows_back": _("took back rows of"),
    "transfer.resume_import": _("started the import of"),
    "finance.open_first_desks": _("opened the desks"), "contracts.add_contract": _("wrote the contract"),
    "contracts.edit_contract": _("edited the contract"), "contracts.delete_contract": _("deleted the contract"),
    "contracts.restore_contract": _("brought back the contract"),
    "attendance.choose_topic": _("chose the topic of the lesson"),
    "attendance.add_lesson_file": _("attached the file"), "attendance.add_group_file": _("attached the file"),
    "courses.add_topic_file": _("attached the file"), "attendance.remove_material": _("took away the file"),
    "attendance.restore_material": _("brought back the file"), "attendance.add_scale": _("added the scale"),
    "attendance.edit_scale": _("edited the scale"), "attendance.archive_scale": _("archived the scale"),
    "attendance.restore_scale": _("brought back the scale"), "attendance.add_exam": _("wrote the exam"),
    "attendance.edit_exam": _("edited the exam"), "attendance.delete_exam": _("deleted the exam"),
    "attendance.restore_exam": _("brought back the exam"),
    "attendance.enter_results": _("entered results of the exam"),
    "attendance.add_test_result": _("entered the test result of"),
    "attendance.edit_test_result": _("edited the test result of"),
    "attendance.delete_test_result": _("deleted the test result of"),
    "attendance.restore_test_result": _("brought back the test result of"),
    "tuition.keep_forecast": _("kept the forecast of"), "orgs.note_invitation_mailed": _("mailed the invitation of"),
    "attendance.begin_reasons": _("made the reasons of absence"),
    "tuition.open_balances": _("brought in balances"), "tuition.leave_group": _("ended the membership:"),
    "tuition.transfer": _("moved to another group:"), "tuition.return_to_trial": _("returned to trial:"),
    "tuition.undo_leaving": _("took back the end of the membership:"), "tuition.bind_tariff": _("bound a tariff:"),
    "tuition.unbind_tariff": _("took back a tariff:"),
    "tuition.end_subscription": _("ended the subscription"),
    "tuition.set_own_price": _("wrote an own price of the subscription"),
    "tuition.end_own_price": _("ended the own price of the subscription"),
    "tuition.choose_payer": _("chose what pays for the lesson"), "tuition.suspend": _("paused"),
    "tuition.change_suspension": _("changed the pause of"), "tuition.remove_suspension": _("removed the pause of"),
    "tuition.give_discount": _("gave a discount:"), "tuition.change_discount": _("changed a discount:"),
    "tuition.withdraw_discount": _("took back a discount:"), "finance.give_bonus": _("gave a bonus"),
    "finance.spend_bonus": _("used a bonus"), "courses.add_topics": _("added topics to the plan, the first:"),
    "courses.edit_topic": _("edited the topic"), "courses.move_topic": _("moved the topic"),
    "courses.archive_topic": _("archived the topic"), "courses.restore_topic": _("brought back the topic"),
}  # fmt: skip
PAGES = {
    "student": "student",
    "group": "group",
    "lesson": "lesson",
    "payment": "payment",
    "enrolment": "",
    "import": "import",
    "exam": "exam",
    "testresult": "test-edit",
}
MOST_LINES = 12
# What is worth telling of a change, in words; everything else is kept but not shown.
FIELDS = {
    "payer": _("Payer"), "name": _("Name"),
    "full_name": _("Full name"), "born_on": _("Birthday"), "source": _("How they found us"),
    "note": _("Note"), "mobile": _("Phone"), "email": _("E-mail"), "role": _("Role"), "is_active": _("Has access"),
    "topic": _("Topic"), "attendance": _("Marks changed"), "results": _("Results changed"),
    "activated_on": _("Active from"),
    "starts_on": _("First day"), "capacity": _("Places"), "weekdays": _("Days"), "weekdays_off": _("Does not come on"),
    "starts_time": _("Time"),
    "lessons_count": _("Lessons the price is for"), "lesson_minutes": _("Length of a lesson, minutes"),
    "activation_day_counts": _("The lesson on the day of activation is charged"), "is_open": _("Takes money"),
    "given": _("May now"), "taken": _("May no longer"),
    "address": _("Address"), "phone": _("Phone"), "subject": _("Subject"), "level": _("Level"), "reason": _("Reason"),
    "promised_for": _("Will pay on"), "closed_until": _("Books closed up to"),
    "left_reason": _("Reason of leaving"), "left_because": _("Why left"),
    "cancel_reason": _("Reason"), "corrected_because": _("Why corrected"), "homework": _("Homework"),
    "held_on": _("Date"), "taken_on": _("Date"), "text": _("Comment"),
    "rounding_step": _("Rounding"), "suspensions_extend": _("A pause moves the end of the subscription"),
    "holidays_credited": _("Days off are credited"), "sibling_percent": _("Percent off for siblings"),
    "charges": _("Charges"), "pays_teacher": _("Pays the teacher"), "gives_credit": _("Gives a make-up lesson"),
    "is_archived": _("Archived"), "valid_days": _("Valid for so many days"),
    **{name: label for name, (label, answers) in QUESTIONS.items() if "yes" not in answers},
}  # fmt: skip
# Of a student: told only to those who may see contacts. Free text is told without the phones in it.
CONTACTS, FREE = (
    {"mobile", "email"},
    {
        "note", "payer", "source", "topic", "reason", "cancel_reason", "corrected_because", "homework", "text",
        "left_because",
    },
)  # fmt: skip
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
        _change(by, change, name, value)
        for change in row.changes
        if change["was"] is not None
        for name, value in change["now"].items()
        if FIELDS.get(name) and (value or change["was"].get(name))
    ]
    return Deed(row.at, row.actor, VERBS.get(row.verb, row.verb), _text(first["name"]), link, changes[:MOST_LINES])


def _change(by: Actor, change: dict[str, Any], name: str, value: Any) -> Change:
    """One value in words; without the right to see contacts those of a student are not told, old or new."""
    if name in {"given", "taken"}:
        return Change(str(FIELDS[name]), "", ", ".join(str(LABELS.get(code, code)) for code in value))
    was = change["was"].get(name)
    if name in QUESTIONS and not isinstance(value, bool):
        return Change(str(FIELDS[name]), _answer(name, was), _answer(name, value))
    old, new = "" if name in {"attendance", "results"} else _text(was), _text(value)
    if not by.may("people.see_contacts"):
        if name in CONTACTS and change["row"] == "student":
            old, new = HIDDEN, HIDDEN
        elif name in FREE:
            old, new = without_contacts(old), without_contacts(new)
    return Change(str(FIELDS[name]), old, new)


def _answer(name: str, value: Any) -> str:
    """A decision as the page on charging tells it; none of a branch is: as the centre."""
    answers = QUESTIONS[name][1]
    return str(answers[value][0]) if value in answers else str(_("as the centre"))


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
