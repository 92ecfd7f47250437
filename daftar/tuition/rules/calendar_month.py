"""`calendar_month`: the month's price in advance; at the start its part for the lessons left, then on every 1st."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from daftar.lib.money import part_of
from daftar.lib.period import Month
from daftar.tuition.rules.charging import ChargeDraft
from daftar.tuition.rules.facts import NO_END
from daftar.tuition.rules.roster import enrolments_in, group_of, lessons_of_month
from daftar.tuition.rules.why import line, subscription_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daftar.tuition.rules.charging import Case
    from daftar.tuition.rules.facts import EnrolmentFact, LessonFact
    from daftar.tuition.rules.why import WhyLine


@dataclass(frozen=True, slots=True)
class _End:
    """The first day that is known not to be charged any more, and what ends there."""

    on: date
    rule: str


@dataclass(frozen=True, slots=True)
class _Run:
    """One time of being charged: from `starts_on`, for the lessons from `paid_from` to the known end."""

    starts_on: date
    starts_because: str
    paid_from: date
    left_on: date
    end: _End


def charges(case: Case) -> list[ChargeDraft]:
    """One charge per month begun, the first dated the start, the others the 1st (pricing rules 9.14, 9.20, 9.24).

    Coming back within a month that is already charged costs nothing more.
    """
    drafts: dict[str, ChargeDraft] = {}
    for run in sorted(_runs(case), key=lambda run: (run.starts_on, run.paid_from, run.starts_because)):
        for due_on in _due_days(run, case.until):
            draft = _charge(case, run, due_on)
            drafts.setdefault(draft.key, draft)
    return list(drafts.values())


def key_of(lesson: LessonFact) -> str:
    """The lesson's month."""
    return str(Month.of(lesson.on))


def _runs(case: Case) -> Iterator[_Run]:
    """Every activation starts one; without an enrolment the subscription itself does (pricing rule 9.14)."""
    subscription = case.subscription
    rows = enrolments_in(case.facts, subscription.group_id)
    for row in rows:
        if row.activated_on is not None:
            yield _run_of(case, row, row.activated_on)
    if not rows:
        begins_on = subscription.starts_on
        yield _Run(begins_on, "subscription_starts", begins_on, left_on=NO_END, end=_end(case, subscription.group_id))


def _run_of(case: Case, row: EnrolmentFact, activated_on: date) -> _Run:
    group = group_of(case.facts, row.group_id)
    begins_on = max(case.subscription.starts_on, group.starts_on)
    begins_because = "subscription_starts" if case.subscription.starts_on >= group.starts_on else "group_starts"
    return _Run(
        starts_on=max(activated_on, begins_on),
        starts_because="activated" if activated_on >= begins_on else begins_because,
        paid_from=max(row.first_paid_on(activation_day_counts=case.facts.activation_day_counts) or NO_END, begins_on),
        left_on=min(row.ends_on or NO_END, group.ends_on or NO_END),
        end=_end(case, case.subscription.group_id),
    )


def _end(case: Case, group_id: int | None) -> _End:
    """The known end: the subscription's or the group's, whichever is first (pricing rule 9.20)."""
    end = _End(case.subscription.ends_on or NO_END, "subscription_ends")
    group_ends_on = NO_END if group_id is None else group_of(case.facts, group_id).ends_on or NO_END
    return _End(group_ends_on, "group_ends") if group_ends_on < end.on else end


def _due_days(run: _Run, until: date) -> Iterator[date]:
    due_on = run.starts_on
    while due_on <= until and due_on < min(run.end.on, run.left_on):
        yield due_on
        due_on = Month.of(due_on).next.first


def _charge(case: Case, run: _Run, due_on: date) -> ChargeDraft:
    month = Month.of(due_on)
    counted = lessons_of_month(case.facts, case.subscription, month)
    paid = [day for day in counted if run.paid_from <= day < run.end.on]
    price = case.subscription.price_on(due_on)
    amount = part_of(price.amount, len(paid), len(counted), step=case.facts.step) if counted else 0
    why = [
        *subscription_lines(case.subscription, rule="period"),
        line("price", amount=price.amount, from_on=price.from_on.isoformat()),
        line("lessons_counted", month=str(month), dates=[day.isoformat() for day in counted]),
        *_part_lines(run, counted, paid),
    ]
    product = price.amount * len(paid)
    if amount * len(counted) != product:
        why.append(line("rounding", step=case.facts.step, numerator=product, denominator=len(counted), amount=amount))
    return ChargeDraft(
        subscription_id=case.subscription.id, key=str(month), on=due_on, amount=amount, lesson_id=None, why=tuple(why)
    )


def _part_lines(run: _Run, counted: list[date], paid: list[date]) -> Iterator[WhyLine]:
    if len(paid) == len(counted):
        yield line("whole_month", lessons=len(counted))
        return
    if counted[0] < run.paid_from:
        yield line("starts_because", rule=run.starts_because, on=run.starts_on.isoformat())
    if counted[-1] >= run.end.on:
        yield line("ends_because", rule=run.end.rule, on=(run.end.on - timedelta(days=1)).isoformat())
    yield line("lessons_paid", dates=[day.isoformat() for day in paid])
    yield line("prorated", part=len(paid), of=len(counted))
