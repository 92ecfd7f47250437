"""What the ways of charging by periods share: from when to when, and a period's charge with its credits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from daftar.lib.period import add_months
from daftar.orgs.rules import CancelledLessons, ShortMonths, UnservedLessons
from daftar.tuition.rules.charging import ChargeDraft
from daftar.tuition.rules.facts import NO_END, DeclinedCredit, GivenCredit
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
    not charged, though the days of the periods follow from the start (decision D12). `later` are those after it.
    """

    starts_on: date
    starts_because: str
    trial_on: date | None
    left_on: date
    end: End
    in_full: bool = False
    charged_from: date = date.min
    later: tuple[Run, ...] = ()

    def reaches(self, due_on: date) -> bool:
        """Whether a period due on this day is charged (pricing rule 9.24)."""
        return due_on < self.end.on and due_on < self.left_on


@dataclass(frozen=True, slots=True)
class Cycle:
    """A period to charge: due on a day, for the lessons counted from `first` up to, not including, `after`."""

    due_on: date
    first: date
    after: date


class Due(NamedTuple):
    """A cycle to charge, the key of its charge, and what earlier runs were charged for it."""

    cycle: Cycle
    key: str
    earlier: tuple[Earlier, ...]


@dataclass(frozen=True, slots=True)
class Charge:
    """What a charge of a subscription is recognised by (pricing rule 9.2)."""

    key: str
    due_on: date


@dataclass(frozen=True, slots=True)
class Earlier(Charge):
    """The charge of an earlier run of the same subscription, and which lessons it is for."""

    run: Run
    is_for: Callable[[LessonFact], bool]


@dataclass(frozen=True, slots=True)
class Bill(Charge):
    """What a period is charged for: `parts` of `of` lessons; `paid` are those of them that are listed.

    `lost` are the days from which lessons that no list has yet are known not to be served.
    """

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
    found.sort(key=lambda run: (run.starts_on, run.left_on))
    if len(found) == 1:
        return found
    return [replace(run, later=tuple(found[place:])) for place, run in enumerate(found, start=1)]


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
    case: Case, found: Iterable[Run], anchor_of: Callable[[Run], date], key_of: Callable[[Cycle], str]
) -> Iterator[ChargeDraft]:
    """For each cycle of each run price x lessons to be served / lessons of the cycle, and its credits."""
    earlier: list[Earlier] = []
    for run in found:
        for cycle in monthly(case, run, anchor_of(run)):
            if cycle.due_on < run.charged_from or (cycle.due_on < case.since and not _may_credit(case, run)):
                continue
            yield from _alike(case, run, Due(cycle, key_of(cycle), tuple(earlier)))
        if run.later:  # no other cycle than the last reaches into a later run
            *_over, last = (None, *monthly(replace(case, since=date.min), run, anchor_of(run)))
            if last is not None and last.due_on >= run.charged_from:
                due = Due(last, key_of(last), tuple(earlier))
                earlier.append(Earlier(due.key, last.due_on, run, partial(_is_in, case, run, due)))


def _is_in(case: Case, run: Run, due: Due, lesson: LessonFact) -> bool:
    """Whether the run's charge for a cycle is for this lesson."""
    is_own = due.cycle.first <= lesson.counted_on < due.cycle.after and lesson.on < run.end.on
    if not is_own or not (run.in_full or _is_paid(case, run, due.cycle, lesson)):
        return False
    return bool(not_paid_before(case, run, due.earlier, [lesson])[0])


def is_kept(case: Case, run: Run, earlier: Earlier, on: date) -> bool:
    """Whether this charge gave nothing back for a lesson of that day before the run began (pricing rule 9.41)."""
    stays = [earlier.run, *(stay for stay in earlier.run.later if stay.starts_on < run.starts_on)]
    left = left_since(case, earlier, on, stays)
    return left is None or not _gives_back(case, earlier, left)


def left_since(case: Case, charge: Charge, on: date, stays: Iterable[Run]) -> date | None:
    """The last day before the student left and was not back on this day; None: was there.

    Who comes back goes on in a charge that gave nothing back for leaving (pricing rule 9.41).
    """
    left = None
    for stay in stays:
        if left is not None and (on < stay.starts_on or _gives_back(case, charge, left)):
            return left
        if on < stay.left_on:
            return None
        left = stay.left_on - _DAY
    return left


def _gives_back(case: Case, charge: Charge, on: date) -> bool:
    """Whether a charge is credited what is lost from this day on, or known by its own day to be lost (9.22, D8)."""
    if on <= charge.due_on:
        return True
    facts, credit = case.known.facts, (case.subscription.id, charge.key, on)
    if facts.decisions.unserved_lessons is UnservedLessons.KEPT:
        return GivenCredit(*credit) in facts.given
    return DeclinedCredit(*credit) not in facts.declined


def _is_declined(case: Case, charge: Charge, on: date) -> bool:
    """Where the centre gives none back, a credit that was given all the same comes after one declined before."""
    facts, credit = case.known.facts, (case.subscription.id, charge.key, on)
    is_given = facts.decisions.unserved_lessons is UnservedLessons.KEPT and GivenCredit(*credit) in facts.given
    return DeclinedCredit(*credit) in facts.declined and not is_given


def _alike(case: Case, run: Run, due: Due) -> Iterable[ChargeDraft]:
    """The drafts of a cycle; where others share all that decides them, they are found out once and bear one's name."""
    asked, memo = _deciding(case, run, due), case.known.shared.memo
    found: tuple[ChargeDraft, ...] | None = None if asked is None else memo.get(asked)
    if found is None:
        found = tuple(_of_cycle(case, run, due))
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


def _deciding(case: Case, run: Run, due: Due) -> Hashable:
    """Everything beside the lessons that decides the drafts of a cycle; None where much of it is the student's own."""
    facts, subscription, shared, cycle = case.known.facts, case.subscription, case.known.shared, due.cycle
    if subscription.group_id is None or facts.discounts or facts.suspensions or run.later or due.earlier:
        return None
    if facts.declined or facts.given:
        return None
    # From when on somebody is charged matters only within the cycle, or where a lesson of it may be a trial.
    is_whole = cycle.first == cycle.due_on and run.trial_on is None
    return (
        shared.number_of(case.known.groups[subscription.group_id]), shared.number_of(facts.holidays),
        shared.number_of(facts.decisions), case.known.until, facts.step,
        due.key, cycle.due_on, cycle.first, cycle.after,
        subscription.price_on(cycle.due_on), subscription.subjects, subscription.lesson_types,
        run.end.on, run.end.rule, run.left_on, run.in_full,
        None if is_whole else (run.starts_on, run.starts_because, run.trial_on),
    )  # fmt: skip


def _of_cycle(case: Case, run: Run, due: Due) -> Iterator[ChargeDraft]:
    lessons = counted(case.known, case.subscription, due.cycle.first, due.cycle.after, _LEAVING)
    if lessons:  # without any, nothing is charged (pricing rule 9.10)
        yield from bill(case, run, _bill_of(case, run, due, lessons))


def _may_credit(case: Case, run: Run) -> bool:
    """Whether any lesson at all may not be served: most often none, and then it is not asked of each."""
    if run.left_on != NO_END or case.known.facts.suspensions:
        return True
    return any_among(case.known, _GIVEN_BACK[case.known.facts.decisions.cancelled_lessons])


def bill(case: Case, run: Run, due: Bill) -> Iterator[ChargeDraft]:
    """The charge, less what is known by then not to be served, and the credits that come later (9.22, 9.23)."""
    unserved = _unserved(case, run, due)
    early = [each for on, lost in unserved.items() if on <= due.due_on for each in lost]
    price = period_price(case.known.facts, case.subscription, due.due_on, due.of)
    served = due.parts - len(early)
    yield ChargeDraft(
        subscription_id=case.subscription.id, key=due.key, on=due.due_on, amount=price.part(served, due.of),
        lesson_id=None, discount_id=price.discount_id,
        serves=frozenset(lesson.id for lesson in due.paid if case.subscription.names(lesson)).difference(early),
        why=(
            *subscription_lines(case.subscription, rule="period"), *price.why, *due.why,
            *_part_lines(due, served), *price.rounding(served, due.of),
        ),
    )  # fmt: skip
    later = sorted((on, lost) for on, lost in unserved.items() if on > due.due_on)
    yield from _credits(case, due, price, later)


def _credits(case: Case, due: Bill, price: Price, unserved: list[tuple[date, list[int]]]) -> Iterator[ChargeDraft]:
    """One per day, rounded cumulatively; a declined one keeps its place."""
    before = 0
    for on, lost in unserved:
        count = len(lost)
        amount = price.part(before + count, due.of) - price.part(before, due.of)
        before += count
        if on > case.known.until or _is_declined(case, due, on):
            continue
        yield ChargeDraft(
            subscription_id=case.subscription.id, key=due.key, on=on, amount=-amount, lesson_id=None,
            discount_id=price.discount_id, serves=frozenset(pk for pk in lost if pk),
            why=(
                *subscription_lines(case.subscription, rule="period"), *price.why,
                line("credit", of=due.due_on.isoformat(), part=count, lessons=due.of),
                *price.rounding(before, due.of),
            ),
        )  # fmt: skip


def _unserved(case: Case, run: Run, due: Bill) -> dict[date, list[int]]:
    """The lessons that are given back, by day: lost to leaving, then to a pause, then by their own fate (9.22).

    Where what is lost to leaving and pauses is kept, only what of it is known by the charge's day, or is given by hand
    (decision D8). What no list has yet is number 0.
    """
    decisions = case.known.facts.decisions
    back = _GIVEN_BACK[decisions.cancelled_lessons]
    away, own = [(on, 0) for on in due.lost], []
    for lesson in due.paid if _may_credit(case, run) else ():
        since = _away_since(case, run, due, lesson)
        if since is not None:
            away.append((since, lesson.id))
        elif fate_of(case.known, lesson) in back:
            own.append((lesson.on, lesson.id))
    if decisions.unserved_lessons is UnservedLessons.KEPT:
        away = [(on, pk) for on, pk in away if _gives_back(case, due, on)]
    found: dict[date, list[int]] = {}
    for on, pk in (*away, *own):
        found.setdefault(on, []).append(pk)
    return found


def _away_since(case: Case, run: Run, due: Bill, lesson: LessonFact) -> date | None:
    """The day from which the student is known to miss a lesson: the last one before leaving, else a pause's first."""
    if lesson.on >= run.left_on:
        left = left_since(case, due, lesson.on, (run, *run.later))
        if left is not None:
            return left
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


def _bill_of(case: Case, run: Run, due: Due, lessons: list[LessonFact]) -> Bill:
    cycle, key = due.cycle, due.key
    began = [lesson for lesson in lessons if run.in_full or _is_paid(case, run, cycle, lesson)]
    own = [lesson for lesson in began if lesson.on < run.end.on]
    paid, before = not_paid_before(case, run, due.earlier, own)
    last_on = cycle.after - _DAY
    span = (
        {"month": key}
        if key == last_on.isoformat()[:7]
        else {"first": cycle.first.isoformat(), "last": last_on.isoformat()}
    )
    said = [line("lessons_counted", **span, dates=_days(lessons))]
    if len(paid) < len(lessons):
        said += [*_narrowed(run, lessons, began), *before, line("lessons_paid", dates=_days(paid))]
    return Bill(key, cycle.due_on, paid, len(paid), len(lessons), tuple(said))


def not_paid_before(
    case: Case, run: Run, earlier: Iterable[Earlier], lessons: list[LessonFact]
) -> tuple[list[LessonFact], list[WhyLine]]:
    """Those that no earlier charge is for, unless it gave them back (rule 9.41), and what is said of the others."""
    said = []
    for charge in earlier:
        before = [each for each in lessons if charge.is_for(each) and is_kept(case, run, charge, each.on)]
        if before:
            said.append(line("paid_before", by=charge.due_on.isoformat(), dates=_days(before)))
            lessons = [each for each in lessons if each not in before]
    return lessons, said


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
