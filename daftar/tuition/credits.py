"""Credits that a person declines: facts like any other (decision D8)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, TypeAlias

from django.utils.translation import gettext_lazy as _

from daftar.lib.errors import Refusal
from daftar.orgs.access import Actor, note
from daftar.orgs.queries import today_in
from daftar.people.models import Student
from daftar.tuition import rules
from daftar.tuition.facts import facts_of
from daftar.tuition.models import CreditDeclined

if TYPE_CHECKING:
    from collections.abc import Collection


CreditDue: TypeAlias = tuple[int, int, str, date]
"""Whose, of which subscription, of the charge with which key, and dated when."""


class ReasonToDeclineMissing(Refusal):
    field = "decline_reason"
    text = _("Write why nothing is credited.")


def students_to_price(by: Actor, student_ids: Collection[int]) -> list[Student]:
    """The students with what their facts need."""
    return list(Student.objects.visible_to(by).filter(pk__in=student_ids).select_related("branch__org").order_by("id"))


def credits_due(by: Actor, students: Collection[Student]) -> set[CreditDue]:
    """What is due to be credited by now: student, subscription, key and day."""
    facts = facts_of(by, students)
    return {
        (student.pk, draft.subscription_id, draft.key, draft.on)
        for student in students
        for draft in rules.due(facts[student.pk], today_in(by, student.branch))
        if draft.amount < 0
    }


def decline(by: Actor, students: Collection[Student], before: set[CreditDue], reason: str) -> None:
    """Declines what has become due since `before` was asked, within the verb that made it due."""
    if not reason.strip():
        raise ReasonToDeclineMissing
    rows = [
        CreditDeclined(
            org_id=by.org_id, student_id=student_id, subscription_id=subscription_id, key=key, on=on,
            reason=reason.strip(), member_id=by.member_id,
        )
        for student_id, subscription_id, key, on in sorted(credits_due(by, students) - before, key=str)
    ]  # fmt: skip
    for row in CreditDeclined.objects.bulk_create(rows):
        note(by, row, was=None, now={"on": row.on, "reason": row.reason})
