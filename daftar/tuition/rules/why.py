"""Why a charge is what it is: codes and values in no language, kept with the charge and rendered later.

| code | values | says |
|---|---|---|
| `subscription` | `id`, `plan`, `starts_on` | the subscription that prices it |
| `picked_because` | `rule`: one of the rules below; `over`: the ids of those not taken | why this one |
| `price` | `amount`, `from_on` | the price step in force, times the months of a whole course |
| `discount` | `id`, `size` (`20%` or minor units), `cut`; `considered`, `instead_of`; `rule`: `oldest` | what is off |
| `absence_charged` | `on` | missed, and the miss is charged |
| `made_up` | `on`: the day of the missed one | it is charged in the place of a lesson that was missed |
| `bundle_place` | `place`, `of`, `before`, `after` | sums of the bundle before and with this lesson |
| `spread_place` | `place`, `of`, `before`, `after`, `first` | the same of the month or week that begins on `first` |
| `lessons_counted` | `month`, or else `first` and `last`; `dates` | the lessons the price is for |
| `lessons_paid` | `dates` | those this charge is for |
| `paid_before` | `by`: the day of that charge; `dates` | those that an earlier charge has paid for already |
| `module` | `number`, `lessons`, `dates` | which module it is, how long they are, and the lessons this charge is for |
| `whole_course` | `months` (0: the price is the total), `on` | the course is paid at once |
| `starts_because` | `rule`: `activated`, `subscription_starts` or `group_starts`; `on` | why not the lessons before |
| `ends_because` | `rule`: `group_ends` or `subscription_ends`; `on`: the last day | why not the lessons after |
| `not_served` | `lessons` | how many are known by the due day not to be served |
| `whole_month` | `lessons` | every lesson of the period is charged |
| `prorated` | `part`, `of` | only a part of the lessons is charged |
| `credit` | `of`: the day of the charge it corrects; `part`, `lessons` | how many of its lessons were not served |
| `rounding` | `step`, `numerator`, `denominator`, `amount` | price x part is divided once and rounded half up |

Amounts are minor units, days and months ISO text, ids text. Of a discount `considered` are the ids of all that held,
`instead_of` those not taken, each as its size and what it would have taken off. Rules of picking: `only` (no other
fits), `by_hand`, `period` (it runs and pays by the period) and, over others that fit, `has_money`, `earliest_end`,
`base`, `base_first`, `bound_to_group`, `subject`, `lesson_type`, `later_start`, `higher_id` (pricing rules 9.27 and
9.28).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daftar.tuition.rules.facts import SubscriptionFact

Value: TypeAlias = str | int | list[str]


@dataclass(frozen=True, slots=True)
class WhyLine:
    """One step of the explanation."""

    code: str
    values: dict[str, Value]


Why: TypeAlias = tuple[WhyLine, ...]


def line(code: str, **values: Value) -> WhyLine:
    return WhyLine(code, values)


def subscription_lines(subscription: SubscriptionFact, *, rule: str, over: Iterable[int] = ()) -> Why:
    """The subscription, the rule of picking it and the ids it was picked over."""
    return subscription_line(subscription), line("picked_because", rule=rule, over=[str(other) for other in over])


def subscription_line(subscription: SubscriptionFact) -> WhyLine:
    starts_on = subscription.starts_on.isoformat()
    return line("subscription", id=str(subscription.id), plan=subscription.plan.value, starts_on=starts_on)


def as_json(why: Why) -> list[dict[str, object]]:
    """The lines as lists and dictionaries, ready for json.dumps."""
    return [{"code": step.code, "values": step.values} for step in why]


class Writer:
    """Writes explanations as JSON; lines that many share are written once."""

    def __init__(self) -> None:
        # By where they are; kept, so that no other lines can come to be there.
        self._written: dict[tuple[int, ...], tuple[str, Why]] = {}

    def parts(self, why: Why) -> tuple[list[dict[str, object]], str]:
        """The first line, which says whose subscription it is, as `as_json` has it; the others as text."""
        first, *rest = why
        place = tuple(map(id, rest))
        kept = self._written.get(place)
        if kept is None:
            kept = self._written[place] = (json.dumps(as_json(tuple(rest))), tuple(rest))
        return as_json((first,)), kept[0]


def from_json(rows: list[dict[str, object]]) -> Why:
    """The lines as kept by as_json."""
    return tuple(WhyLine(str(row["code"]), dict(row["values"])) for row in rows)  # type: ignore[call-overload]
