"""What the rules say about a situation, in the words of its file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daftar.tuition.quote.situation import BASE
from daftar.tuition.rules import coverage, due, unpriced

if TYPE_CHECKING:
    from collections.abc import Callable

    from daftar.tuition.quote.situation import Situation
    from daftar.tuition.rules import ChargeDraft, WhyLine


def answer(given: Situation) -> dict[str, Any]:
    """Charges with their reasons, balances, and how far the money reaches."""
    drafts = due(given.facts, given.until)
    balances = _balances(given, drafts)
    reach = coverage(given.facts, given.until, balances[BASE])
    return {
        "charges": [_charge(given, draft) for draft in drafts],
        "balance": given.amounts.written(sum(balances.values())),
        "accounts": {name: given.amounts.written(amount) for name, amount in balances.items()},
        "paid_until": None if reach.paid_until is None else reach.paid_until.isoformat(),
        "lessons_left": reach.lessons_left,
        "unpriced": [given.names["lessons"][lesson_id] for lesson_id in unpriced(given.facts, given.until)],
    }


def _balances(given: Situation, drafts: list[ChargeDraft]) -> dict[str, int]:
    """What is in the base account and in each separate one at the end of the day."""
    names = {each.id: given.names["subscriptions"][each.id] for each in given.facts.subscriptions if each.is_separate}
    found = {BASE: 0, **dict.fromkeys(sorted(names.values()), 0)}
    for payment in given.facts.payments:
        if payment.on <= given.until:
            found[names.get(payment.subscription_id or 0, BASE)] += payment.amount
    for draft in drafts:
        found[names.get(draft.subscription_id, BASE)] -= draft.amount
    return found


def _charge(given: Situation, draft: ChargeDraft) -> dict[str, Any]:
    return {
        "subscription": given.names["subscriptions"][draft.subscription_id],
        "key": draft.key if draft.lesson_id is None else given.names["lessons"][draft.lesson_id],
        "date": draft.on.isoformat(),
        "amount": given.amounts.written(draft.amount),
        "discount": None if draft.discount_id is None else given.names["discounts"][draft.discount_id],
        "why": _why(given, draft),
    }


def _why(given: Situation, draft: ChargeDraft) -> list[str]:
    """The price and its part first, then what else decided."""
    lines = {line.code: line for line in draft.why}
    parts = [_PARTS[line.code](line) for line in draft.why if line.code in _PARTS]
    price = f"price {given.amounts.written(_number(lines['price'], 'amount'))}"
    said = [", ".join([price, *parts])]
    return said + [text for line in draft.why if line.code in _MORE if (text := _MORE[line.code](given, line))]


def _number(line: WhyLine, name: str) -> int:
    return int(str(line.values[name]))


def _discount(given: Situation, line: WhyLine) -> str:
    names, size = given.names["discounts"], line.values["size"]
    shown = size if isinstance(size, str) else given.amounts.written(_number(line, "size"))
    others = [names[int(each)] for each in _texts(line, "considered") if each != line.values["id"]]
    more = "older than" if line.values.get("rule") == "oldest" else "more than"
    over = f", {more} {', '.join(others)}" if others else ""
    taken = given.amounts.written(_number(line, "cut"))
    return f"discount {names[_number(line, 'id')]}: {shown}, {taken} off the price{over}"


def _picked(given: Situation, line: WhyLine) -> str:
    others = [given.names["subscriptions"][int(each)] for each in _texts(line, "over")]
    return f"picked over {', '.join(others)}: {str(line.values['rule']).replace('_', ' ')}" if others else ""


def _ends(_given: Situation, line: WhyLine) -> str:
    return f"{str(line.values['rule']).replace('_', ' ')} {line.values['on']}"


def _texts(line: WhyLine, name: str) -> list[str]:
    found = line.values[name]
    return found if isinstance(found, list) else []


def _lessons(count: int, noun: str = "lesson") -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


_PARTS: dict[str, Callable[[WhyLine], str]] = {
    "prorated": lambda line: f"{line.values['part']} of {_lessons(_number(line, 'of'))}",
    "whole_month": lambda line: f"{line.values['lessons']} of {_lessons(_number(line, 'lessons'))}",
    "bundle_place": lambda line: f"lesson {line.values['place']} of {line.values['of']}",
    "spread_place": lambda line: f"lesson {line.values['place']} of {line.values['of']}",
    "whole_course": lambda line: _course(_number(line, "months")),
    "credit": lambda line: f"{line.values['part']} of {_lessons(_number(line, 'lessons'))} not served",
}
_MORE: dict[str, Callable[[Situation, WhyLine], str]] = {
    "picked_because": _picked,
    "discount": _discount,
    "absence_charged": lambda _given, _line: "absent, the absence is charged",
    "ends_because": _ends,
    "paid_before": lambda _given, line: (
        f"{_lessons(len(_texts(line, 'dates')))} already paid for by the charge of {line.values['by']}"
    ),
    "not_served": lambda _given, line: f"{_lessons(_number(line, 'lessons'))} not served",
    "credit": lambda _given, line: f"credit of the charge of {line.values['of']}",
    "module": lambda _given, line: f"module {line.values['number']}",
}


def _course(months: int) -> str:
    return f"whole course of {_lessons(months, 'month')}" if months else "whole course"
