"""`whole_course`: the price of the course once, at the first activation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daftar.tuition.rules.charging import ChargeDraft
from daftar.tuition.rules.period import runs
from daftar.tuition.rules.price import period_price
from daftar.tuition.rules.why import line, subscription_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daftar.tuition.rules.charging import Case


def charges(case: Case) -> Iterator[ChargeDraft]:
    """The price x its months (none: the total) in full whenever one joins; never again, and no credits (rule 9.13)."""
    subscription, known = case.subscription, case.known
    run = next((run for run in runs(case) if run.reaches(run.starts_on)), None)
    if run is None or run.starts_on > known.until:
        return
    price = period_price(known.facts, subscription, run.starts_on, 0, times=subscription.months or 1)
    yield ChargeDraft(
        subscription_id=subscription.id, key=run.starts_on.isoformat(), on=run.starts_on, amount=price.part(1, 1),
        lesson_id=None, discount_id=price.discount_id,
        serves=frozenset(lesson.id for lesson in known.lessons if subscription.fits(lesson)),
        why=(
            *subscription_lines(subscription, rule="period"), *price.why,
            line("whole_course", months=subscription.months or 0, on=run.starts_on.isoformat()), *price.rounding(1, 1),
        ),
    )  # fmt: skip
