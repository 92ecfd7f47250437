"""What has to be looked at to charge students: everything, or only what may have changed since they were charged."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from daftar.orgs.queries import today_in
from daftar.tuition import rules
from daftar.tuition.facts import facts_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from daftar.ledger.services import Held
    from daftar.orgs.access import Actor
    from daftar.people.queries import Learner

_DAY = timedelta(days=1)


@dataclass(slots=True)  # one to a student: frozen, it would take Python three times as long to make
class ToCharge:
    """A student, what prices the student, and the first day whose charges may not be right yet."""

    student: Learner
    facts: rules.StudentFacts
    today: date
    since: date
    has_separate_accounts: bool

    @property
    def needs_all_charges(self) -> bool:
        """Whether what is posted before `since` counts too: it takes the places in bundles."""
        return self.since == date.min or any(each.lessons_count > 1 for each in self.facts.subscriptions)

    def difference(self, posted: Sequence[rules.PostedCharge]) -> tuple[list[int], list[rules.ChargeDraft]]:
        """The transfers to reverse and the charges to post. What a later clock has charged is left to that."""
        before = [each.subscription_id for each in posted if each.on < self.since and each.amount > 0]
        turns = Counter(before) if before else None
        due = rules.due(self.facts, self.today, since=self.since, turns=turns)
        return rules.difference(due, [each for each in posted if self.since <= each.on <= self.today])


def to_charge(
    by: Actor, students: Sequence[Learner], accounts: Mapping[int, Held], since: date | None
) -> list[ToCharge]:
    """Those for whom something may be due that is not posted, or the other way round; their accounts are locked.

    `since` as `reconcile` is given it. What was charged up to a day is settled there; before that, and where the
    lessons around the day do not tell what is due, everything is looked at.
    """
    places = {student.branch_id: student.branch for student in students}
    clocks = {pk: today_in(by, branch) for pk, branch in places.items()}
    begins = {student.id: _begin(accounts[student.id].charged_until, since) for student in students}
    asked = [student for student in students if begins[student.id] <= clocks[student.branch_id]]
    windows = {
        student.id: rules.Window(begins[student.id], clocks[student.branch_id])
        for student in asked
        if begins[student.id] > date.min
    }
    facts = _facts_near(by, [student for student in asked if student.id in windows], windows)
    whole = [student for student in asked if student.id not in facts]
    begins |= dict.fromkeys((student.id for student in whole), date.min)
    facts |= facts_of(by, whole) if whole else {}
    return [_to_charge(each, facts[each.id], clocks[each.branch_id], begins[each.id]) for each in asked]


def _to_charge(student: Learner, facts: rules.StudentFacts, today: date, since: date) -> ToCharge:
    return ToCharge(student, facts, today, since, any(each.is_separate for each in facts.subscriptions))


def _begin(charged_until: date | None, since: date | None) -> date:
    if charged_until is None or since is None:
        return date.min
    return min(since, charged_until + _DAY)


def _facts_near(
    by: Actor, students: Sequence[Learner], windows: Mapping[int, rules.Window]
) -> dict[int, rules.StudentFacts]:
    """The facts of those for whom the lessons around these days are enough."""
    if not students:
        return {}
    widest = rules.Window(min(each.since for each in windows.values()), max(each.until for each in windows.values()))
    found = facts_of(by, students, widest)
    return {pk: known for pk, known in found.items() if rules.is_enough(known, windows[pk])}
