"""Pages on people."""

from __future__ import annotations

from datetime import timedelta
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from daftar.attendance.announced import announced_of
from daftar.attendance.exams import exams_of_student
from daftar.attendance.queries import recent_lessons
from daftar.attendance.results_of_tests import taken_by
from daftar.courses.alone import regular_lessons
from daftar.courses.queries import enrolments_of, schedules
from daftar.courses.rules import EnrolmentState, standing, state_on
from daftar.ledger.queries import statement
from daftar.lib.money import Money
from daftar.office import formats, words
from daftar.office.forms import done, form_page, number_in, typed
from daftar.office.lesson_words import regular_rows
from daftar.office.own_accounts import own_accounts
from daftar.office.page import OfficeRequest, page
from daftar.office.people.contracts import contracts_said
from daftar.office.people.forms import StudentForm
from daftar.office.statements import StatementRow, statement_rows
from daftar.office.terms import terms_said
from daftar.orgs.queries import branches, tuition_settings
from daftar.orgs.rules import ZeroBalance
from daftar.people import services as people
from daftar.people.models import ContactKind
from daftar.people.queries import contacts, get_student
from daftar.reports.debts import standing_promises
from daftar.reports.queries import overall_standing, students_page
from daftar.tuition.queries import reach

if TYPE_CHECKING:
    from django.http import HttpResponse

    from daftar.orgs.access import Actor
    from daftar.people.models import Student
    from daftar.people.queries import Reach
    from daftar.tuition.queries import Reach as Outreach
    from daftar.tuition.rules import Reached

NO_MONEY: dict[str, Any] = dict.fromkeys(("balance", "owes_since", "paid_until", "promise", "bonus"))


@page("people.view")
def students(request: OfficeRequest) -> HttpResponse:
    q, state = typed(request, "q"), request.GET.get("state", "")
    number = number_in(request, "page") or 1
    found = students_page(request.by, q=q, state=state, number=number)
    context = {
        "rows": found.rows, "page": found.page, "counts": found.counts, "is_cut": found.is_cut, "q": q, "state": state
    }  # fmt: skip
    return render(request, "office/people/students.html", context)


@page("people.edit")
def student_new(request: OfficeRequest) -> HttpResponse:
    by = request.by
    form = StudentForm(
        request.POST or None, initial={"full_name": request.GET.get("name", "")}, branches=branches(by),
        contacts=by.may("people.see_contacts"),
    )  # fmt: skip
    if added := done(form, lambda **values: people.add_student(by, **values)):
        messages.success(request, _("%(name)s is added.") % {"name": added.full_name})
        return redirect("office:student", by.org_slug, added.pk)
    return form_page(
        request, "office/people/student_form.html", form, title=_("New student"), submit_label=_("Add student"),
        cancel_url="../",
    )  # fmt: skip


@page("people.edit", every_branch=True)
def student_edit(request: OfficeRequest, student_id: int) -> HttpResponse:
    by, student = request.by, get_student(request.by, student_id)
    form = StudentForm(
        request.POST or None, initial=_known(by, student), branches=branches(by), contacts=by.may("people.see_contacts")
    )
    kept: dict[str, Any] = {}
    if words.readable(by, student.note) != student.note:
        # A note with a phone in it is not theirs to read: it stays as it is.
        kept = {"note": student.note}
        del form.fields["note"]
    if done(form, lambda **values: people.edit_student(by, student_id=student_id, **kept, **values)):
        messages.success(request, _("Saved."))
        return redirect("office:student", by.org_slug, student_id)
    return form_page(
        request, "office/people/student_form.html", form, title=student.full_name, submit_label=_("Save"),
        cancel_url="../",
    )  # fmt: skip


@page("people.view")
def student(request: OfficeRequest, student_id: int) -> HttpResponse:
    by, row = request.by, get_student(request.by, student_id)
    sees_money = by.may("tuition.view")
    tab = request.GET.get("tab", "") if sees_money else ""
    tab = tab if tab in {"money", "prices"} else "lessons"
    money = _money(by, row) if sees_money else NO_MONEY
    at_zero = sees_money and tuition_settings(row.branch).zero_balance == ZeroBalance.DUE
    enrolments, states = _enrolments(by, row, money["balance"], zero_is_due=at_zero)
    stands = overall_standing(row, states, _minor(money["balance"]), zero_is_due=at_zero)
    context: dict[str, Any] = {
        "student": _head(by, row) | {"standing": stands}, "contacts": _contacts(by, student_id),
        "enrolments": enrolments, "tab": tab,
        "lessons": recent_lessons(by, student_id) if tab == "lessons" else [],
        "absences": announced_of(by, student_id) if tab == "lessons" and by.may("attendance.mark") else [],
        "regular": _regular(by, student_id) if tab == "lessons" else [],
        "statement": _statement(by, row, with_reversed="all" in request.GET) if tab == "money" else [],
        "terms": terms_said(by, student_id) if tab == "prices" else None,
        "shows_all": "all" in request.GET, "lessons_left": None, "next_charge": None, "unpriced": 0, "prices": [],
        "may_pick": False,
        "exams": _exams(by, student_id) if tab == "lessons" else [],
        "may_test": tab == "lessons" and by.may("attendance.edit_exams"),
        "contracts": contracts_said(by, student_id) if by.may("finance.view") else None,
    }  # fmt: skip
    context["student"]["phone"] = next((way["text"] for way in context["contacts"] if way["kind"] == "mobile"), "")
    return render(request, "office/people/student.html", context | money)


def _regular(by: Actor, student_id: int) -> list[dict[str, Any]]:
    return regular_rows(regular_lessons(by, student_id=student_id)) if by.may("courses.view") else []


def _exams(by: Actor, student_id: int) -> list[dict[str, Any]]:
    """The exams and tests of a student as the card shows them."""
    rows = [
        {
            "link": reverse("office:exam", args=[by.org_slug, row.exam_id]), "name": row.exam.name,
            "on": row.exam.held_on, "about": row.exam.group.name,
            "score": "" if row.score is None else words.score_text(row.score, row.exam.scale.measure),
            "state": words.exam_state(row.score, row.exam.pass_mark, is_absent=row.is_absent), "comment": row.comment,
        }
        for row in exams_of_student(by, student_id)
    ]  # fmt: skip
    changes = by.may("attendance.edit_exams")
    rows += [
        {
            "link": reverse("office:test-edit", args=[by.org_slug, row.pk]) if changes and row.is_theirs else "",
            "name": row.name,
            "on": row.taken_on, "about": row.group.name if row.group else row.subject,
            "score": words.score_text(row.score, row.scale.measure), "state": None, "comment": row.comment,
        }
        for row in taken_by(by, student_id)
    ]  # fmt: skip
    return sorted(rows, key=itemgetter("on"), reverse=True)


def _minor(balance: Money | None) -> int:
    return balance.amount if balance else 0


def _head(by: Actor, row: Student) -> dict[str, Any]:
    return {
        "id": row.pk, "name": row.full_name, "born_on": row.born_on, "note": words.readable(by, row.note),
        "is_archived": row.archived_on is not None, "payer": row.payer.name if row.payer else "",
        "source": row.source, "study_status": row.study_status,
        "extra": {heading: words.readable(by, value) for heading, value in row.extra.items()},
    }  # fmt: skip


def _known(by: Actor, student: Student) -> dict[str, Any]:
    ways = contacts(by, [student.pk])[student.pk] if by.may("people.see_contacts") else []
    first = {way.kind: way.raw for way in reversed(ways)}
    return {
        "full_name": student.full_name, "branch_id": student.branch_id, "born_on": student.born_on,
        "payer_name": student.payer.name if student.payer else "", "source": student.source, "note": student.note,
        "phone": first.get(ContactKind.MOBILE, ""), "email": first.get(ContactKind.EMAIL, ""),
    }  # fmt: skip


def _contacts(by: Actor, student_id: int) -> list[dict[str, str]]:
    if not by.may("people.see_contacts"):
        return []
    return [_contact(way) for way in contacts(by, [student_id])[student_id]]


def _contact(way: Reach) -> dict[str, str]:
    scheme = {"mobile": "tel:", "email": "mailto:"}[way.kind]
    label = way.owner or str(ContactKind(way.kind).label)
    return {
        "kind": way.kind,
        "label": label,
        "text": way.value or way.raw,
        "link": f"{scheme}{way.value}" if way.value else "",
    }


def _enrolments(
    by: Actor, student: Student, balance: Money | None, *, zero_is_due: bool
) -> tuple[list[dict[str, Any]], set[EnrolmentState]]:
    """The student's groups as they are shown, and the states the student has in them."""
    rows = enrolments_of(by, student.pk)
    plans = schedules(by, {row.group_id for row in rows})
    shown, states = [], set()
    for row in rows:
        last = min(row.ends_on or row.group.ends_on, row.group.ends_on)
        on = max(by.today, row.starts_on)
        state = state_on(
            on, joined_on=row.starts_on, activated_on=row.activated_on, ends_on=last, is_frozen=row.is_paused
        )
        state = state or EnrolmentState.TRIAL
        states.add(state)
        shown.append(
            {
                "enrolment_id": row.pk, "student_id": student.pk, "group_id": row.group_id,
                "group_name": row.group.name, "since": row.starts_on,
                "standing": standing(state, _minor(balance), zero_is_due=zero_is_due).value,
                "last_day": row.ends_on - timedelta(days=1) if row.ends_on else None,
                "teacher": row.group.teacher.name if row.group.teacher else "",
                "schedule": words.schedule_text(plans[row.group_id]),
                "off": words.days_text(row.off),
                "may_activate": row.activated_on is None and last > by.today and by.may("tuition.activate"),
                "may_leave": last > by.today and by.may("tuition.pause"),
                "is_active": row.activated_on is not None,
                "may_remove": row.activated_on is None and not row.was_taught and by.may("courses.enrol"),
            }
        )  # fmt: skip
    return shown, states


def _money(by: Actor, student: Student) -> dict[str, Any]:
    known = reach(by, [student.pk])[student.pk]
    ahead = known.coverage.next_charge
    held, since = known.held, known.held.owes_since
    return {
        "balance": Money(known.balance, known.currency), "accounts": _accounts(by, student, known),
        "bonus": Money(held.bonus, known.currency) if held.bonus else None,
        "owes_since": since, "owes": Money(held.owed, known.currency),
        "paid_until": known.coverage.paid_until, "lessons_left": known.coverage.lessons_left,
        "promise": standing_promises(by, {student.pk: since}).get(student.pk) if since else None,
        "promise_days": words.promise_days(by.today),
        "unpriced": len(known.unpriced), "prices": _prices(by, known),
        "may_pick": len(known.subscriptions) > 1 and by.may("tuition.price"),
        "next_charge": ahead and {"on": ahead.on, "amount": Money(ahead.amount, known.currency)},
    }  # fmt: skip


def _accounts(by: Actor, student: Student, known: Outreach) -> list[tuple[str, Money, Reached | None]]:
    """What is on the student's account and on each of a subscription, with how far that reaches where it runs on.

    Empty where there is no other account than the first.
    """
    held, reaches = known.held, known.coverage.own
    own = own_accounts(by, student, held.separate) if held.separate else []
    shown = [
        (each.name, each.balance, None if each.is_over else reaches.get(each.id))
        for each in own
        if each.balance.amount or not each.is_over
    ]
    base = _("the student's balance").capitalize(), Money(held.base, student.branch.currency), None
    return [base, *shown] if shown else []


def _statement(by: Actor, student: Student, *, with_reversed: bool) -> list[StatementRow]:
    """The statement, newest first."""
    lines = statement(by, student.pk, with_reversed=with_reversed)
    return statement_rows(by, lines[::-1], student.branch.currency)


def _prices(by: Actor, known: Outreach) -> list[str]:
    """What the student is charged now, in words; where that is nothing yet, from when on how much."""
    found = []
    for row in known.subscriptions:
        if row.ends_on is not None and row.ends_on <= by.today:
            continue
        plan, step = words.charged_as(row), row.price_on(by.today)
        ahead = min(
            (each for each in row.prices if each.from_on > by.today), default=None, key=lambda each: each.from_on
        )
        if step.amount == 0 and ahead is not None:
            told = {"sum": formats.money_text(Money(ahead.amount, known.currency)), "day": formats.day(ahead.from_on)}
            found.append(f"{_('%(sum)s from %(day)s') % told} · {plan}")
        else:
            found.append(f"{formats.money_text(Money(step.amount, known.currency))} · {plan}")
    return found
