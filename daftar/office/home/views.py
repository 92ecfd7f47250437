"""The day at a glance, and what was done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from daftar.attendance.queries import forgotten_lessons, lesson_figures
from daftar.courses.queries import groups, lessons_on
from daftar.courses.waiting import groups_with_a_place
from daftar.lib.money import Money
from daftar.office.forms import form_page, number_in, typed, undone
from daftar.office.home.forms import BranchSwitchForm
from daftar.office.home.journal import said
from daftar.office.menu import entries
from daftar.office.page import OfficeRequest, choose_branch, page
from daftar.orgs.queries import branches, demo_until
from daftar.orgs.queries import history as audit_rows
from daftar.reports.debts import Bucket, debt_totals, promises_due
from daftar.reports.left import left_this_month
from daftar.reports.queries import find_students, setup_progress, student_counts
from daftar.reports.takings import takings_of_month

if TYPE_CHECKING:
    from django.http import HttpResponse

    from daftar.courses.models import Lesson
    from daftar.orgs.access import Actor

PER_PAGE, MOST_LESSONS, MOST_GROUPS = 50, 60, 5


@page("courses.view")
def today(request: OfficeRequest) -> HttpResponse:
    by = request.by
    day = lessons_on(by, by.today, most=None if "all" in request.GET else MOST_LESSONS)
    rows = day.lessons
    figures = lesson_figures(by, [row.pk for row in rows])
    context = {
        "today": by.today, "demo_until": demo_until(by), "checklist": _checklist(by),
        "waiting": _waiting(by), "tiles": _tiles(by) if by.may("people.view") else None,
        "lessons": [
            _lesson(by, row)
            | {"present": figures[row.pk].present, "expected": figures[row.pk].expected, "is_mine": _is_mine(by, row)}
            for row in rows
        ],
        "more_lessons": day.more,
        "unmarked": [_lesson(by, row) for row in forgotten_lessons(by)] if by.may("attendance.mark") else [],
    }  # fmt: skip
    return render(request, "office/home/today.html", context)


@page("courses.view", every_branch=True)
def branch(request: OfficeRequest) -> HttpResponse:
    """The switch of the top bar, and the page of it for those without script."""
    form = BranchSwitchForm(request.POST or None, branches=request.branches)
    if form.is_valid():
        choose_branch(request, form.cleaned_data["branch_id"])
        return undone(request, reverse("office:today", args=[request.by.org_slug]))
    return form_page(
        request, "office/form.html", form, title=_("Which branch?"), submit_label=_("Show"), cancel_url="../"
    )


@page("courses.view", every_branch=True)
def find(request: OfficeRequest) -> HttpResponse:
    """What the palette shows for what was typed: people, groups, pages; before typing, the pages."""
    by, q = request.by, typed(request, "q")
    context = {
        "q": q,
        "people": find_students(by, q, limit=6) if by.may("people.view") else [],
        "groups": groups(by, q=q)[:5] if q else [],
        "pages": [entry for entry in entries(request) if q.casefold() in str(entry.name).casefold()][:8],
    }
    return render(request, "office/home/find.html", context)


@page("orgs.see_history")
def history(request: OfficeRequest) -> HttpResponse:
    by = request.by
    before = number_in(request, "before")
    rows = audit_rows(by, subject=typed(request, "subject", 60), before_id=before, limit=PER_PAGE + 1)
    older = rows[PER_PAGE - 1].pk if len(rows) > PER_PAGE else None
    shown = [said(by, row) for row in rows[:PER_PAGE]]
    return render(request, "office/home/history.html", {"rows": shown, "older": older})


def _is_mine(by: Actor, row: Lesson) -> bool:
    return by.member_id in {row.teacher_id, row.group.teacher_id if row.group else None}


def _lesson(by: Actor, row: Any) -> dict[str, Any]:
    return {
        "id": row.pk, "group_name": row.name, "teacher": row.teacher.name if row.teacher else "",
        "room": row.room.name if row.room_id and row.room else "", "on": row.held_on, "starts_at": row.starts_time,
        "ends_at": row.ends_at, "state": row.status,
        "is_off": (is_off := row.status == "planned" and getattr(row, "is_off", False)),
        "is_unmarked": row.status == "planned" and row.starts_at < by.at and not is_off,
    }  # fmt: skip


def _tiles(by: Actor) -> dict[str, Any]:
    counts = student_counts(by)
    money: dict[str, Any] = {"debtors": 0, "debts": [], "paid": None, "payers": 0, "refunded": [], "sold": []}
    if by.may("tuition.view"):
        owed = debt_totals(by)
        money |= {"debtors": owed.count, "debts": [Money(-sum_.amount, sum_.currency) for sum_ in owed.totals]}
    if by.may("finance.view"):
        month = takings_of_month(by)
        money |= {
            "paid": _sums(month.sums) or [Money(0, branches(by)[0].currency)], "payers": month.students,
            "refunded": _sums(month.refunded), "sold": _sums(month.sold),
        }  # fmt: skip
    # Each leads to the list of just these days.
    days = {"since": by.today.replace(day=1).isoformat(), "until": by.today.isoformat()}
    return {
        "active": counts["active"], "trial": counts["trial"], **money, "left": left_this_month(by), "month": days,
    }  # fmt: skip


def _sums(by_currency: dict[str, int]) -> list[Money]:
    return [Money(total, currency) for currency, total in sorted(by_currency.items()) if total]


def _waiting(by: Actor) -> list[dict[str, str]]:
    """What somebody at the desk should see to today, each with the list that it is about."""
    places = _places(by) if by.may("courses.enrol") else []
    if not (by.may("finance.promise") and by.may("tuition.view")):
        return places
    due, home = promises_due(by), reverse("office:debtors", args=[by.org_slug])
    today, broken = due.get(Bucket.PROMISED_TODAY, 0), due.get(Bucket.BROKEN, 0)
    promised = ngettext("%(num)s person promised to pay today", "%(num)s people promised to pay today", today)
    missed = ngettext("%(num)s person did not keep a promise", "%(num)s people did not keep a promise", broken)
    lines = ((today, promised, Bucket.PROMISED_TODAY), (broken, missed, Bucket.BROKEN))
    promises = [
        {"text": text % {"num": count}, "url": f"{home}?bucket={bucket.value}"}
        for count, text, bucket in lines
        if count
    ]
    return promises + places


def _places(by: Actor) -> list[dict[str, str]]:
    """Groups with a place for somebody who waits."""
    told = []
    for group, count in groups_with_a_place(by)[:MOST_GROUPS]:
        text = ngettext(
            "%(group)s has a free place, %(num)s student waits", "%(group)s has a free place, %(num)s students wait",
            count,
        ) % {"group": group.name, "num": count}  # fmt: skip
        told.append({"text": text, "url": reverse("office:group", args=[by.org_slug, group.pk]) + "?tab=students"})
    return told


def _checklist(by: Actor) -> list[dict[str, Any]]:
    """The first steps of a new centre, ticked by what exists; gone once the first payment is in."""
    if not by.may("courses.edit"):
        return []
    done = setup_progress(by)
    if all(done.values()):
        return []
    steps = {
        "course": (_("Add a course and its price"), "course-new"),
        "group": (_("Add a group with its days and time"), "group-new"),
        "student": (_("Add a student"), "student-new"), "enrolment": (_("Put the student into the group"), "groups"),
        "lesson": (_("Conduct a lesson"), "today"), "payment": (_("Record a payment"), "payment-new"),
    }  # fmt: skip
    return [
        {"text": text, "done": done[key], "url": reverse(f"office:{route}", args=[by.org_slug])}
        for key, (text, route) in steps.items()
    ]
