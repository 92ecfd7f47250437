"""A student's rows written down as `quote` takes them, so that the reference can price what the database holds.

Nothing of the product's own reading of its tables (`daftar/tuition/facts.py`) is used here.
"""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

from django.db.models import Q

from daftar.attendance.models import Attendance, Guest, MakeUp
from daftar.courses.models import Enrolment, Group, Holiday, Lesson, Recurrence, Suspension
from daftar.ledger.models import Account, Transfer
from daftar.orgs.models import Branch, Organization
from daftar.tuition.models import CreditDeclined, CreditGiven, Discount, LessonPick, PriceStep, Subscription
from tests.reference import quote
from tests.reference.facts import SWITCHES

DAY = timedelta(days=1)
SOUM = 100  # minor units: what sums are rounded to unless a centre says otherwise
Charges = set[tuple[int, str, date, int]]


def decided(student, question: str):
    """The answer of the student's branch, or where it has none that of the centre."""
    branch = Branch.unguarded.get(pk=student.branch_id)
    own = getattr(branch, question)
    return getattr(Organization.objects.get(pk=branch.org_id), question) if own in (None, "") else own


def step_of(student) -> int:
    """Minor units that sums are rounded to."""
    return decided(student, "rounding_step") or SOUM


def situation_of(by, student) -> dict:
    """The student as section 8 of the specification would tell it, on the actor's day."""
    subscriptions = list(Subscription.objects.visible_to(by).filter(student=student).order_by("id"))
    enrolments = list(Enrolment.objects.visible_to(by).filter(student=student).order_by("id"))
    groups = list(Group.objects.visible_to(by).filter(pk__in={row.group_id for row in enrolments}))
    marked = Attendance.objects.visible_to(by).filter(student=student).values("lesson__group")
    pauses = Suspension.objects.visible_to(by).filter(student=student)
    named = Group.objects.visible_to(by).filter(Q(pk__in=marked) | Q(pk__in=pauses.values("group")))
    named = named.exclude(pk__in=[row.pk for row in groups])
    days_off = Holiday.objects.visible_to(by).filter(Q(branch=None) | Q(branch=student.branch_id))
    discounts = Discount.objects.visible_to(by).filter(student=student)
    outside = _before_the_group(by, groups) if decided(student, "group_edges") == "whole_month" else ()
    return {
        "currency": "UZS", "step": major(step_of(student)), "until": str(by.today),
        "settings": {
            "activation_day_counts": decided(student, "activation_day_counts"),
            "money_discount_per": decided(student, "money_discount_per"),
            "holiday": "credit" if decided(student, "holidays_credited") else "count",
            **{name: decided(student, name) for name in SWITCHES},
        },
        "groups": [
            {"id": name(row.pk), "starts": str(row.starts_on), "ends": last(row.ends_on)}
            for row in [*groups, *named]
        ],
        "enrolments": [
            {"group": name(row.group_id), "joined": str(row.starts_on), "activated": text(row.activated_on),
             "entered": text(row.entered_on), "left": last(row.ends_on)} for row in enrolments
        ],
        "subscriptions": [_subscription(by, row) for row in subscriptions],
        "lessons": [*_lessons(by, student, groups), *outside],
        "reasons": {"excused": {"charges": False}, "unexcused": {"charges": True}},
        "holidays": [
            {"date": str(row.on), "affects_payment": row.affects_payment,
             "holiday": None if row.is_credited is None else "credit" if row.is_credited else "count"}
            for row in days_off
        ],
        "discounts": [
            {"id": name(row.pk), "kind": "money" if row.percent is None else "percent",
             "amount": str(row.percent) if row.percent is not None else major(row.amount),
             "per": row.per or None, "from": str(row.starts_on), "to": last(row.ends_on),
             "subjects": row.subjects, "lesson_types": row.lesson_types} for row in discounts
        ],
        "suspensions": [
            {"from": str(row.starts_on), "to": last(row.ends_on), "extends": row.extends,
             "group": None if row.group_id is None else name(row.group_id)} for row in pauses
        ],
        "payments": _payments(by, student),
        "credits": [
            {"subscription": name(row.subscription_id), "key": row.key, "date": str(row.on), "given": given}
            for given, table in ((False, CreditDeclined), (True, CreditGiven))
            for row in table.objects.visible_to(by).filter(student=student)
        ],
    }  # fmt: skip


def charges_by_the_reference(by, student) -> Charges:
    """What should be charged: subscription, key, day and minor units."""
    found = set()
    for row in quote(situation_of(by, student))["charges"]:
        key = str(int(row["key"])) if row["key"].isdecimal() else row["key"]
        found.add((int(row["subscription"]), key, date.fromisoformat(row["date"]), int(Fraction(row["amount"]) * 100)))
    return found


def charges_in_the_ledger(by, student) -> Charges:
    """What stands: charges, and credits below zero, that were not reversed, from the account they belong to."""
    undone = set(Transfer.objects.visible_to(by).exclude(reverses=None).values_list("reverses_id", flat=True))
    own = {row.pk: row for row in Account.objects.visible_to(by).filter(student=student)}
    separate = set(
        Subscription.objects.visible_to(by).filter(student=student, is_separate=True).values_list("id", flat=True)
    )
    found = set()
    for side, kind, sign in (("debit_id", "charge", 1), ("credit_id", "credit", -1)):
        for row in Transfer.objects.visible_to(by).filter(kind=kind, **{f"{side}__in": own}):
            if row.pk in undone:
                continue
            subscription, key = row.charge_key.split("@")[0].split(":", 1)
            whose = own[getattr(row, side)].subscription_id
            assert whose == (int(subscription) if int(subscription) in separate else None), "the account of another"
            found.add((int(subscription), key, row.effective_on, sign * row.amount))
    return found


# --- rows ------------------------------------------------------------------------------------------------------------


def name(pk: int) -> str:
    """Ids compare as text in the reference (9.28)."""
    return f"{pk:09}"


def text(on: date | None) -> str | None:
    return None if on is None else str(on)


def last(ends_on: date | None) -> str | None:
    """The last day of what is kept half open."""
    return None if ends_on is None else str(ends_on - DAY)


def major(amount: int) -> str:
    return f"{amount // 100}.{amount % 100:02}" if amount >= 0 else f"-{major(-amount)}"


def _subscription(by, row: Subscription) -> dict:
    steps = PriceStep.objects.visible_to(by).filter(subscription=row)
    return {
        "id": name(row.pk), "plan": row.plan, "group": None if row.group_id is None else name(row.group_id),
        "price": [{"from": str(step.from_on), "amount": major(step.amount)} for step in steps],
        "lessons_count": row.lessons_count, "module_lessons": row.module_lessons, "months": row.months,
        "from": str(row.starts_on), "to": last(row.ends_on), "subjects": row.subjects,
        "lesson_types": row.lesson_types, "account": "separate" if row.is_separate else "base",
        "extended_by_suspensions": row.extended_by_suspensions,
    }  # fmt: skip


def _lessons(by, student, groups: list[Group]) -> list[dict]:
    """Those of the groups, the student's own, and the others in which the student was marked."""
    marks = {
        row.lesson_id: row for row in Attendance.objects.visible_to(by).filter(student=student).select_related("reason")
    }
    picks = dict(LessonPick.objects.visible_to(by).filter(student=student).values_list("lesson", "subscription"))
    # Who makes up for a miss as a member for that day, or alone, pays as a member, or for a lesson alone.
    as_guest = Guest.objects.visible_to(by).filter(student=student).values("lesson")
    made_up = MakeUp.objects.visible_to(by).filter(student=student, made_in__in=as_guest)
    missed = dict(made_up.values_list("made_in", "missed"))
    there = Q(group__in=groups) | Q(student=student) | Q(pk__in=[*marks, *missed.values()])
    return [
        _lesson(row, marks.get(row.pk), picks.get(row.pk), missed.get(row.pk))
        for row in Lesson.objects.visible_to(by).filter(there).select_related("group__course", "course")
    ]


def _lesson(row: Lesson, mark: Attendance | None, picked: int | None, missed: int | None) -> dict:
    # Conducted without a mark of the student: held, and nothing to charge for.
    is_excused = mark is None or (mark.reason is not None and not mark.reason.charges)
    is_present = row.status != "conducted" or (mark is not None and mark.is_present)
    is_plain_trial = row.group_id is None and row.student_id is None and missed is None and row.type_id is None
    return {
        "id": name(row.pk), "date": str(row.held_on), "time": f"{row.starts_time:%H:%M}",
        "group": None if row.group_id is None else name(row.group_id), "type": _type(row, missed),
        "subject": (row.course or row.group.course).subject or None, "status": row.status,
        "moved_from": text(row.moved_from), "present": is_present,
        "reason": None if is_present else ("unexcused", "excused")[is_excused],
        "paid_by": None if picked is None else name(picked), "makes_up_for": None if missed is None else name(missed),
        "only_if_named": is_plain_trial,
    }  # fmt: skip


def _type(row: Lesson, missed: int | None) -> str:
    """A lesson of no group that makes up for one of a group is as one of a group."""
    if row.type_id is not None:
        return str(row.type_id)
    if row.group_id is not None:
        return "group"
    if row.student_id is not None:
        return "individual"
    if missed is None:
        return "trial"
    return "group" if Lesson.unguarded.get(pk=missed).group_id else "individual"


def _before_the_group(by, groups: list[Group]) -> list[dict]:
    """Pattern days before a group's life count too (9.8); listed lessons are taken as the whole list."""
    found = []
    for group in groups:
        weekdays = set(Recurrence.objects.visible_to(by).filter(group=group).values_list("weekday", flat=True))
        days = [group.starts_on - DAY * count for count in range(1, 63)]
        found += [
            {"id": f"{name(group.pk)}:{on}", "date": str(on), "time": "14:00", "group": name(group.pk),
             "type": "group", "subject": group.course.subject or None, "status": "planned"}
            for on in days if on.isoweekday() in weekdays
        ]  # fmt: skip
    return found


def _payments(by, student) -> list[dict]:
    found = []
    for account in Account.objects.visible_to(by).filter(student=student):
        name_of = "base" if account.subscription_id is None else name(account.subscription_id)
        rows = Transfer.objects.visible_to(by).filter(Q(debit=account) | Q(credit=account), charge_key=None)
        for row in rows:
            amount = row.amount if row.credit_id == account.pk else -row.amount
            found.append({"date": str(row.effective_on), "amount": major(amount), "account": name_of})
    return found
