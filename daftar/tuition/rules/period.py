"""What the ways of charging by periods share: from when to when, and a period's charge with its credits."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from daftar.lib.period import add_months
from daftar.orgs.rules import CancelledLessons, ShortMonths, UnservedLessons
from daftar.tuition.rules.charging import ChargeDraft
from daftar.tuition.rules.facts import NO_END, DeclinedCredit
from daftar.tuition.rules.known import Fate, any_among, counted, fate_of, is_paid_for, suspended_since
from daftar.tuition.rules.price import period_price
from daftar.tuition.rules.why import line, subscription_line, subscription_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator

    from daftar.tuition.rules.charging import Case
    from daftar.tuition.rules.facts import EnrolmentFact, LessonFact
    from daftar.tuition.rules.price import Price
    from daftar.tuition.rules.why import Why, WhyLine

_DAY = timedelta(days=1)
_LEAVING = frozenset({Fate.DROPPED})
_GIVEN_BACK = {
    CancelledLessons.CREDITED: frozenset({Fate.CANCELLED, Fate.CREDITED}),
    CancelledLessons.KEPT: frozenset({Fate.CREDITED}),
}
"""The fates of a lesson that is credited (decisions D9 and D9a)."""


@dataclass(frozen=True, slots=True)
class End:
    """The first day that is known not to be charged any more, and what ends there."""

    on: date
    rule: str


@dataclass(frozen=True, slots=True)
class Run:
    """One time of being charged: from `starts_on`, for the lessons from then to the known end.

    Who left is served up to, not including, `left_on`; that is not known ahead. `trial_on` is the day of the activation
    where its lesson is not paid (decision D1). `in_full`: that does not matter. What is due before `charged_from` is
    not charged, though the days of the periods follow from the start (decision D12).
    """

    starts_on: date
    starts_because: str
    trial_on: date | None
    left_on: date
    end: End
    in_full: bool = False
    charged_from: date = date.min

    def reaches(self, due_on: date) -> bool:
        """Whether a period due on this day is charged (pricing rule 9.24)."""
        return due_on < self.end.on and due_on < self.left_on


@dataclass(frozen=True, slots=True)
class Cycle:
    """A period to charge: due on a day, for the lessons counted from `first` up to, not including, `after`."""

    due_on: date
    first: date
    after: date


@dataclass(frozen=True, slots=True)
class Bill:
    """What a period is charged for: `parts` of `of` lessons; `paid` are those of them that are listed.

    `lost` are the days from which lessons that no list has yet are known not to be served.
    """

    key: str
    due_on: date
    paid: list[LessonFact]
    parts: int
    of: int
    why: Why
    is_month: bool = True
    lost: tuple[date, ...] = ()


def runs(case: Case) -> list[Run]:
    """Every activation starts one; without an enrolment the subscription itself does (pricing rules 9.14, 9.24)."""
    subscription = case.subscription
    rows = [] if subscription.group_id is None else case.known.rows.get(subscription.group_id, [])
    found = [_run_of(case, row, row.activated_on) for row in rows if row.activated_on is not None]
    if not rows:
        begins_on, because = _beginning(case)
        found = [Run(begins_on, because, None, left_on=NO_END, end=_end(case))]
    return sorted(found, key=lambda run: (run.starts_on, run.left_on))


def monthly(case: Case, run: Run, anchor: date) -> Iterator[Cycle]:
    """The cycles that begin on the anchor's day of each month and are due by now; the first is due at the start.

    Those that are over before the charges asked for are left out: whatever is credited of them is dated before, too.
    """
    short = case.known.facts.decisions.short_months
    turn = _months_between(anchor, run.starts_on)
    if _due_day(anchor, turn, short) > run.starts_on:
        turn -= 1
    due_on = run.starts_on
    if case.since > run.starts_on and (later := _months_between(anchor, case.since) - 1) > turn:
        turn, due_on = later, _due_day(anchor, later, short)
    while due_on <= case.known.until and run.reaches(due_on):
        after = _due_day(anchor, turn + 1, short)
        if after > case.since:
            yield Cycle(due_on, _due_day(anchor, turn, short), after)
        due_on, turn = after, turn + 1


def _due_day(anchor: date, months: int, short: ShortMonths) -> date:
    """The anchor's day so many months later; in a month without it the last, or the first of the next (D14)."""
    on = add_months(anchor, months)
    return on + _DAY if on.day < anchor.day and short is ShortMonths.NEXT_FIRST else on


def _months_between(anchor: date, on: date) -> int:
    return (on.year - anchor.year) * 12 + on.month - anchor.month


def charge_cycles(
    case: Case, run: Run, cycles: Iterable[Cycle], key_of: Callable[[Cycle], str]
) -> Iterator[ChargeDraft]:
    """For each cycle price x lessons to be served / lessons of the cycle, and its credits."""
    for cycle in cycles:
        if cycle.due_on < run.charged_from or (cycle.due_on < case.since and not _may_credit(case, run)):
            continue
        yield from _alike(case, run, cycle, key_of(cycle))


def _alike(case: Case, run: Run, cycle: Cycle, key: str) -> Iterable[ChargeDraft]:
    """The drafts of a cycle; where others share all that decides them, they are found out once and bear one's name."""
    asked, memo = _deciding(case, run, cycle, key), case.known.shared.memo
    found: tuple[ChargeDraft, ...] | None = None if asked is None else memo.get(asked)
    if found is None:
        found = tuple(_of_cycle(case, run, cycle, key))
        if asked is not None:
            memo[asked] = found
        return found
    mine = subscription_line(case.subscription)
    return [
        ChargeDraft(
            subscription_id=case.subscription.id, key=draft.key, on=draft.on, amount=draft.amount, lesson_id=None,
            why=(mine, *draft.why[1:]), serves=draft.serves,
        )
        for draft in found
    ]  # fmt: skip


def _deciding(case: Case, run: Run, cycle: Cycle, key: str) -> Hashable:
    """Everything beside the lessons that decides the drafts of a cycle; None where much of it is the student's own."""
    facts, subscription, shared = case.known.facts, case.subscription, case.known.shared
    if subscription.group_id is None or facts.discounts or facts.suspensions or facts.declined:
        return None
    # From when on somebody is charged matters only within the cycle, or where a lesson of it may be a trial.
    is_whole = cycle.first == cycle.due_on and run.trial_on is None
    return (
        shared.number_of(case.known.groups[subscription.group_id]), shared.number_of(facts.holidays),
        shared.number_of(facts.decisions), case.known.until, facts.step,
        key, cycle.due_on, cycle.first, cycle.after,
        subscription.price_on(cycle.due_on), subscription.subjects, subscription.lesson_types,
        run.end.on, run.end.rule, run.left_on, run.in_full,
        None if is_whole else (run.starts_on, run.starts_because, run.trial_on),
    )  # fmt: skip


def _of_cycle(case: Case, run: Run, cycle: Cycle, key: str) -> Iterator[ChargeDraft]:
    lessons = counted(case.known, case.subscription, cycle.first, cycle.after, _LEAVING)
    if lessons:  # without any, nothing is charged (pricing rule 9.10)
        yield from bill(case, run, _bill_of(case, run, cycle, lessons, key))


def _may_credit(case: Case, run: Run) -> bool:
    """Whether any lesson at all may not be served: most often none, and then it is not asked of each."""
    if run.left_on != NO_END or case.known.facts.suspensions:
        return True
    return any_among(case.known, _GIVEN_BACK[case.known.facts.decisions.cancelled_lessons])


def bill(case: Case, run: Run, due: Bill) -> Iterator[ChargeDraft]:
    """The charge, less what is known by then not to be served, and the credits that come later (9.22, 9.23)."""
    unserved = _unserved(case, run, due)
    early = sum(count for on, count in unserved.items() if on <= due.due_on)
    price = period_price(case.known.facts, case.subscription, due.due_on, due.of)
    served = due.parts - early
    yield ChargeDraft(
        subscription_id=case.subscription.id, key=due.key, on=due.due_on, amount=price.part(served, due.of),
        lesson_id=None, discount_id=price.discount_id,
        serves=frozenset(lesson.id for lesson in due.paid if case.subscription.names(lesson)),
        why=(
            *subscription_lines(case.subscription, rule="period"), *price.why, *due.why,
            *_part_lines(due, served), *price.rounding(served, due.of),
        ),
    )  # fmt: skip
    later = sorted((on, count) for on, count in unserved.items() if on > due.due_on)
    yield from _credits(case, due, price, later)


def _credits(case: Case, due: Bill, price: Price, unserved: list[tuple[date, int]]) -> Iterator[ChargeDraft]:
    """One per day, rounded cumulatively; a declined one keeps its place."""
    before = 0
    for on, count in unserved:
        amount = price.part(before + count, due.of) - price.part(before, due.of)
        before += count
        if on > case.known.until or DeclinedCredit(case.subscription.id, due.key, on) in case.known.facts.declined:
            continue
        yield ChargeDraft(
            subscription_id=case.subscription.id, key=due.key, on=on, amount=-amount, lesson_id=None,
            discount_id=price.discount_id,
            why=(
                *subscription_lines(case.subscription, rule="period"), *price.why,
                line("credit", of=due.due_on.isoformat(), part=count, lessons=due.of),
                *price.rounding(before, due.of),
            ),
        )  # fmt: skip


def _unserved(case: Case, run: Run, due: Bill) -> Counter[date]:
    """How many lessons are given back on which day: lost to leaving, then to a pause, then by their own fate (9.22).

    Where what is lost to leaving and pauses is kept, only as much of it as is known by the charge's day (decision D8).
    """
    decisions = case.known.facts.decisions
    back = _GIVEN_BACK[decisions.cancelled_lessons]
    away, own = list(due.lost), []
    for lesson in due.paid if _may_credit(case, run) else ():
        since = _away_since(case, run, lesson)
        if since is not None:
            away.append(since)
        elif fate_of(case.known, lesson) in back:
            own.append(lesson.on)
    if decisions.unserved_lessons is UnservedLessons.KEPT:
        away = [on for on in away if on <= due.due_on]
    return Counter([*away, *own])


def _away_since(case: Case, run: Run, lesson: LessonFact) -> date | None:
    """The day from which the student is known to miss a lesson: the last one before leaving, else a pause's first."""
    if lesson.on >= run.left_on:
        return run.left_on - _DAY
    return suspended_since(case.known, lesson.on, lesson.group_id)


def _run_of(case: Case, row: EnrolmentFact, activated_on: date) -> Run:
    begins_on, because = _beginning(case)
    return Run(
        starts_on=max(activated_on, begins_on),
        starts_because="activated" if activated_on >= begins_on else because,
        trial_on=None if case.known.facts.activation_day_counts else activated_on,
        left_on=row.ends_on or NO_END,
        end=_end(case),
        charged_from=row.charged_from(case.known.facts.decisions.backdated_charges),
    )


def _beginning(case: Case) -> tuple[date, str]:
    """The first day that the subscription can be charged on, and why not before."""
    subscription = case.subscription
    group = None if subscription.group_id is None else case.known.groups[subscription.group_id]
    if group is None or subscription.starts_on >= group.starts_on:
        return subscription.starts_on, "subscription_starts"
    return group.starts_on, "group_starts"


def _end(case: Case) -> End:
    """The known end: the subscription's or the group's, whichever is first (pricing rule 9.20)."""
    end = End(case.subscription.ends_on or NO_END, "subscription_ends")
    group_id = case.subscription.group_id
    group_ends_on = NO_END if group_id is None else case.known.groups[group_id].ends_on or NO_END
    return End(group_ends_on, "group_ends") if group_ends_on < end.on else end


def _bill_of(case: Case, run: Run, cycle: Cycle, lessons: list[LessonFact], key: str) -> Bill:
    began = [lesson for lesson in lessons if run.in_full or _is_paid(case, run, cycle, lesson)]
    paid = [lesson for lesson in began if lesson.on < run.end.on]
    last_on = cycle.after - _DAY
    span = (
        {"month": key}
        if key == last_on.isoformat()[:7]
        else {"first": cycle.first.isoformat(), "last": last_on.isoformat()}
    )
    said = [line("lessons_counted", **span, dates=_days(lessons))]
    if len(paid) < len(lessons):
        said += _narrowed(run, lessons, began)
        said.append(line("lessons_paid", dates=_days(paid)))
    return Bill(key, cycle.due_on, paid, len(paid), len(lessons), tuple(said))


def _is_paid(case: Case, run: Run, cycle: Cycle, lesson: LessonFact) -> bool:
    """No trial; and where the run starts within the cycle, from its start on (rules 9.14 and 9.24).

    A cycle that is due as a whole is paid as a whole, also for a lesson that was moved to before it. Where lessons are
    of several groups, each of these has its own trial.
    """
    if cycle.first < cycle.due_on and lesson.on < run.starts_on:
        return False
    return lesson.on != run.trial_on if case.subscription.group_id is not None else is_paid_for(case.known, lesson)


def _narrowed(run: Run, lessons: list[LessonFact], began: list[LessonFact]) -> Iterator[WhyLine]:
    if len(began) < len(lessons):
        yield line("starts_because", rule=run.starts_because, on=run.starts_on.isoformat())
    if max(lesson.on for lesson in lessons) >= run.end.on:
        yield line("ends_because", rule=run.end.rule, on=(run.end.on - _DAY).isoformat())


def _part_lines(due: Bill, served: int) -> Iterator[WhyLine]:
    if served < due.parts:
        yield line("not_served", lessons=due.parts - served)
    if served == due.of and due.is_month:
        yield line("whole_month", lessons=due.of)
    else:
        yield line("prorated", part=served, of=due.of)


def _days(lessons: Iterable[LessonFact]) -> list[str]:
    return [lesson.on.isoformat() for lesson in lessons]
