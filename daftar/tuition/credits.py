"""Credits on which a person decides otherwise than the centre, declined or given: facts like any other (D8)."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from django.utils.translation import gettext_lazy as _

from daftar.courses.models import Suspension
from daftar.lib.errors import Refusal
from daftar.orgs.access import Actor, change, note
from daftar.orgs.queries import today_in, tuition_settings
from daftar.orgs.rules import UnservedLessons
from daftar.people.models import Student
from daftar.tuition import rules
from daftar.tuition.facts import facts_of
from daftar.tuition.models import CreditDeclined, CreditGiven

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from datetime import date

    from daftar.orgs.models import Branch

    _Asked: TypeAlias = Callable[[rules.StudentFacts, date, date], set[tuple[int, str, date]]]


class ReasonToDeclineMissing(Refusal):
    field = "decline_reason"
    text = _("Write why nothing is credited.")


class ReasonToGiveMissing(Refusal):
    field = "give_reason"
    text = _("Write why it is given back.")


class Credit(NamedTuple):
    """A credit: whose, of which subscription, of the charge with which key, and dated when."""

    student_id: int
    subscription_id: int
    key: str
    on: date


class Wish(NamedTuple):
    """Whether what was paid ahead comes back (None: as the centre decides), and why, where it decides otherwise."""

    gives_credit: bool | None = None
    decline_reason: str = ""
    give_reason: str = ""


def students_to_price(by: Actor, student_ids: Collection[int]) -> list[Student]:
    """The students with what their facts need."""
    return list(Student.objects.visible_to(by).filter(pk__in=student_ids).select_related("branch__org").order_by("id"))


def keeps_unserved(branch: Branch) -> bool:
    """Whether nothing comes back of what was paid ahead, unless a person gives it."""
    return tuition_settings(branch).unserved_lessons == UnservedLessons.KEPT


def is_credited(by: Actor, pause: Suspension) -> bool:
    """Whether what was paid ahead for a pause comes back, by what was decided of it; the branch has to be loaded."""
    keeps = keeps_unserved(pause.student.branch)
    table: Any = CreditGiven if keeps else CreditDeclined
    decided = table.objects.visible_to(by).filter(student_id=pause.student_id, on=pause.starts_on)
    return bool(decided.exists()) is keeps


def move_decisions(by: Actor, pause: Suspension, on: date) -> None:
    """What was decided of the credits of a pause goes along when its first day moves.

    Where another pause of the student began on the same day, it stays there: it may be about both.
    """
    if pause.starts_on == on:
        return
    twins = Suspension.objects.visible_to(by).filter(student_id=pause.student_id, starts_on=pause.starts_on)
    if twins.exclude(pk=pause.pk).exists():
        return
    for table in (CreditDeclined, CreditGiven):
        rows = table.objects.visible_to(by).filter(student_id=pause.student_id)
        there = set(rows.filter(on=on).values_list("subscription_id", "key"))
        for row in rows.filter(on=pause.starts_on):
            if (row.subscription_id, row.key) not in there:
                change(by, row, on=on)


@contextmanager
def by_hand(by: Actor, students: Collection[Student], on: date, wish: Wish) -> Iterator[None]:
    """Within a verb: of what it makes due to be credited on that day is declined, or given, what the person wishes.

    Students of branches that do as wished in any case need no reason, and nothing is kept of them.
    """
    gives = wish.gives_credit
    concerned = [each for each in students if keeps_unserved(each.branch) is gives]
    table, asked, missing = _DECIDED[bool(gives)]
    reason = (wish.give_reason if gives else wish.decline_reason).strip()
    if concerned and not reason:
        raise missing
    before = _of_each(by, concerned, on, asked)
    yield
    rows = [
        table(org_id=by.org_id, **credit._asdict(), reason=reason, member_id=by.member_id)
        for credit in sorted(_of_each(by, concerned, on, asked) - before)
    ]
    for row in table.objects.bulk_create(rows) if rows else ():
        note(by, row, was=None, now={"on": row.on, "reason": row.reason})


def _of_each(by: Actor, students: Collection[Student], on: date, asked: _Asked) -> set[Credit]:
    facts = facts_of(by, students) if students else {}
    return {
        Credit(student.pk, *credit)
        for student in students
        for credit in asked(facts[student.pk], max(on, today_in(by, student.branch)), on)
    }


def _credits_due(facts: rules.StudentFacts, until: date, _on: date) -> set[tuple[int, str, date]]:
    """What is due to be credited by a day."""
    return {(draft.subscription_id, draft.key, draft.on) for draft in rules.due(facts, until) if draft.amount < 0}


def _credits_to_give(facts: rules.StudentFacts, until: date, on: date) -> set[tuple[int, str, date]]:
    """What would be credited on this day, were it given: more than is, or where nothing is."""
    plain = rules.due(facts, until)
    charged = {
        (draft.subscription_id, draft.key, on) for draft in plain if draft.lesson_id is None and draft.amount > 0
    }
    given = replace(facts, given=facts.given | {rules.GivenCredit(*credit) for credit in charged})
    more = set(rules.due(given, until)).difference(plain)
    return {(draft.subscription_id, draft.key, draft.on) for draft in more if draft.amount < 0 and draft.on == on}


_DECIDED: dict[bool, tuple[Any, _Asked, type[Refusal]]] = {
    True: (CreditGiven, _credits_to_give, ReasonToGiveMissing),
    False: (CreditDeclined, _credits_due, ReasonToDeclineMissing),
}
"""Where a decision stands, what it may be about, and what is said where it lacks a reason; by whether it gives."""
