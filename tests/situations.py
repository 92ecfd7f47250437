"""Random situations of the format that is priced without a database, each valid and small enough to be read.

`situation(seed)` gives the same one for the same seed; `smallest(situation, differs)` removes what does not matter.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from tests.reference.facts import LESSON_PLANS, PERIOD_PLANS, SWITCHES
from tests.reference.refusals import problems

BEGIN = date(2025, 1, 27)  # long months around a short one: day 31 is met
SPAN = 110
SUBJECTS, TYPES, TIMES = ("english", "maths"), ("group", "individual"), (None, "09:00", "14:00", "14:00")
STEPS = (("UZS", "1"), ("UZS", None), ("UZS", "100"), ("UZS", "1000"), ("RUB", "0.01"), ("PLN", None))
Dice = random.Random


def situation(seed: int | str) -> dict:
    """A valid situation of two to four months."""
    dice, pauses = Dice(f"situation {seed}"), Dice(f"pauses {seed}")
    currency, step = dice.choice(STEPS)
    groups = [group(dice, f"g{number}") for number in range(1, dice.choice((1, 1, 2)) + 1)]
    file = {"currency": currency, "until": str(some_day(dice, 45, SPAN)), "groups": groups}
    if step:
        file["step"] = step
    with_lists = {each["id"] for each in groups if dice.random() < 0.5}
    file["enrolments"] = [row for each in groups for row in enrolments(dice, each)]
    named = [f"s{number}" for number in range(1, dice.choice((1, 2, 2, 3)) + 1)]
    file["subscriptions"] = [subscription(dice, name, groups, with_lists) for name in named]
    file["reasons"] = {"sick": {"charges": dice.random() < 0.5}} if dice.random() < 0.3 else {}
    file["lessons"] = lessons(dice, [each for each in groups if each["id"] in with_lists], file["reasons"])
    file["holidays"] = holidays(dice)
    file["discounts"] = [discount(dice, f"d{number}") for number in range(1, dice.choice((0, 1, 2, 3)) + 1)]
    file["suspensions"] = [pause | in_one_group(pauses, groups) for pause in suspensions(dice)]
    file["payments"] = payments(dice, file["subscriptions"])
    file["settings"] = settings(dice)
    file["credits"] = credits_decided(dice, file)
    tidied = {key: value for key, value in file.items() if value not in ([], {})}
    assert not list(problems(tidied)), (seed, list(problems(tidied)))
    return tidied


def some_day(dice: Dice, first: int = 0, last: int = SPAN) -> date:
    return BEGIN + timedelta(days=dice.randint(first, last))


def sometimes(dice: Dice, chance: float, row: dict) -> dict:
    """The keys, or none of them: an absent key must mean what is said of it."""
    return row if dice.random() < chance else {}


def some_of(dice: Dice, words: tuple[str, ...]) -> list[str]:
    return dice.sample(words, dice.randint(1, len(words)))


def settings(dice: Dice) -> dict:
    return {
        **sometimes(dice, 0.3, {"activation_day_counts": dice.random() < 0.3}),
        **sometimes(dice, 0.3, {"money_discount_per": dice.choice(("subscription", "lesson"))}),
        **sometimes(dice, 0.5, {"holiday": dice.choice(("count", "credit"))}),
        **{name: dice.choice(answers) for name, answers in SWITCHES.items() if dice.random() < 0.5},
    }


def group(dice: Dice, name: str) -> dict:
    starts = some_day(dice, 0, 25)
    ends = starts + timedelta(days=dice.randint(20, 80)) if dice.random() < 0.5 else None
    weekdays = sorted(dice.sample(range(1, 8), dice.choice((1, 2, 2, 3, 3))))
    return {"id": name, "starts": str(starts), "ends": ends and str(ends), "weekdays": weekdays}


def life(each: dict) -> tuple[date, date]:
    """The first and the last day of a group on which something may happen."""
    ends = date.fromisoformat(each["ends"]) if each["ends"] else BEGIN + timedelta(days=SPAN + 30)
    return date.fromisoformat(each["starts"]), ends


def between(dice: Dice, first: date, last: date) -> date:
    return first + timedelta(days=dice.randint(0, max((last - first).days, 0)))


def enrolments(dice: Dice, each: dict) -> list[dict]:
    """One or two memberships, one after the other; sometimes none (a guest)."""
    first, last = life(each)
    if dice.random() < 0.15:
        return []
    rows, joined = [], between(dice, first, first + timedelta(days=dice.choice((0, 25))))
    for _turn in range(dice.choice((1, 1, 2))):
        if joined > last:
            break
        activated = min(last, joined + timedelta(days=dice.choice((0, 0, 3, 10)))) if dice.random() < 0.9 else None
        left = between(dice, activated or joined, last) if dice.random() < 0.5 else None
        row = {"group": each["id"], "joined": str(joined), "activated": activated and str(activated)}
        entered = (activated or joined) + timedelta(days=dice.choice((0, 0, 10, 40, 75)))
        row |= sometimes(dice, 0.5, {"entered": str(entered)})
        rows.append({**row, **sometimes(dice, 0.5 if left is None else 1, {"left": left and str(left)})})
        if left is None:
            break
        joined = left + timedelta(days=dice.choice((1, 3, 15)))
    return rows


def subscription(dice: Dice, name: str, groups: list[dict], with_lists: set[str]) -> dict:
    plan = dice.choice((*PERIOD_PLANS, *LESSON_PLANS))
    bound = plan in ("group_month", "module") or dice.random() < 0.7
    chosen = dice.choice(groups)
    starts = date.fromisoformat(chosen["starts"]) + timedelta(days=dice.choice((0, 0, 5, 20)))
    ends = starts + timedelta(days=dice.randint(10, 80)) if dice.random() < 0.3 else None
    row = {"id": name, "plan": plan, "group": chosen["id"] if bound else None, "price": price(dice, starts)}
    row |= {"from": str(starts), "to": ends and str(ends)}
    row |= {"per_lesson": {"lessons_count": dice.choice((1, 3, 4, 7))}}.get(plan, {})
    row |= {"module": {"module_lessons": dice.choice((1, 3, 4, 7))}}.get(plan, {})
    row |= sometimes(dice, 0.5, {"months": dice.choice((1, 3))}) if plan == "whole_course" else {}
    # Made lessons have no subject: a subscription for subjects would have nothing to do with them.
    row |= sometimes(dice, 0.25 if chosen["id"] in with_lists else 0.02, {"subjects": some_of(dice, SUBJECTS)})
    row |= sometimes(dice, 0.2, {"lesson_types": dice.choice((["group"], ["group"], [*TYPES], ["individual"]))})
    row |= sometimes(dice, 0.35, {"account": "separate"})
    return row | sometimes(dice, 0.3, {"extended_by_suspensions": dice.random() < 0.3})


def price(dice: Dice, starts: date) -> list[dict]:
    steps = [{"from": str(starts), "amount": amount(dice)}]
    if dice.random() < 0.25:
        steps.append({"from": str(starts + timedelta(days=dice.randint(5, 50))), "amount": amount(dice)})
    return steps


def amount(dice: Dice) -> str:
    return dice.choice(
        ("0", "1000", "100000", "299000", "300000", "300000", "350000", "350000", "12345", "12345.5", "1000.004")
    )


def lessons(dice: Dice, with_lists: list[dict], reasons: dict) -> list[dict]:
    """The listed lessons of some groups, and sometimes a few without a group."""
    rows: list[dict] = []
    for each in with_lists:
        first, last = life(each)
        last = min(last, first + timedelta(days=dice.randint(60, 130)))
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        rows += [lesson(dice, on, each["id"], reasons) for on in days if on.isoweekday() in each["weekdays"]]
    if dice.random() < 0.3:
        rows += [lesson(dice, some_day(dice), None, reasons) for _each in range(dice.randint(1, 5))]
    return [{"id": f"l{number:02}", **row} for number, row in enumerate(rows)]


def lesson(dice: Dice, on: date, group_id: str | None, reasons: dict) -> dict:
    status = dice.choice(("conducted",) * 12 + ("planned", "cancelled"))
    row = {"date": str(on), "group": group_id, "type": dice.choice(("group",) * 4 + TYPES), "status": status}
    row |= sometimes(dice, 0.8, {"subject": dice.choice((None, *SUBJECTS, *SUBJECTS))}) | {"time": dice.choice(TIMES)}
    row |= sometimes(dice, 0.08, {"moved_from": str(on + timedelta(days=dice.randint(-12, 12)))})
    return row | sometimes(
        dice, 0.2, {"present": False, "reason": dice.choice((None, "excused", "unexcused", *reasons))}
    )


def holidays(dice: Dice) -> list[dict]:
    days = sorted({some_day(dice) for _each in range(dice.choice((0, 0, 3, 8, 15)))})
    return [
        {"date": str(on), "affects_payment": dice.random() < 0.6}
        | sometimes(dice, 0.4, {"holiday": dice.choice(("count", "credit"))})
        for on in days
    ]


def discount(dice: Dice, name: str) -> dict:
    starts, kind = some_day(dice, 0, 70), dice.choice(("percent", "money"))
    figures = {"percent": ("10", "20", "33", "100", "0"), "money": ("500", "20000", "400000", "777", "0.6")}
    row = {"id": name, "kind": kind, "amount": dice.choice(figures[kind]), "from": str(starts)}
    row |= {"to": str(starts + timedelta(days=dice.choice((0, 20, 40, 90))))}
    row |= sometimes(dice, 0.6, {"per": dice.choice(("subscription", "lesson"))}) if kind == "money" else {}
    row |= sometimes(dice, 0.2, {"subjects": some_of(dice, SUBJECTS)})
    return row | sometimes(dice, 0.2, {"lesson_types": some_of(dice, TYPES)})


def suspensions(dice: Dice) -> list[dict]:
    """None to three; adjacent, overlapping, the last one sometimes open."""
    rows, starts = [], some_day(dice)
    for _turn in range(dice.choice((0, 0, 1, 2, 3))):
        ends = starts + timedelta(days=dice.randint(0, 25))
        rows.append({"from": str(starts), "to": str(ends)})
        starts = ends + timedelta(days=dice.choice((-3, 1, 1, 20)))
    if rows and dice.random() < 0.25:
        rows[-1]["to"] = None
    return rows


def in_one_group(dice: Dice, groups: list[dict]) -> dict:
    """Whether a pause is of one group, and what it says of the ends of subscriptions."""
    return {
        **sometimes(dice, 0.4, {"group": dice.choice(groups)["id"]}),
        **sometimes(dice, 0.4, {"extends": dice.random() < 0.2}),
    }


def payments(dice: Dice, subscriptions: list[dict]) -> list[dict]:
    accounts = ["base", *(each["id"] for each in subscriptions if each.get("account") == "separate")]
    figures = ("1000", "50000", "300000", "1000000", "2000000", "-20000", "100.5")
    return [
        {"date": str(some_day(dice, 0, 80)), "amount": dice.choice(figures), "account": dice.choice(accounts)}
        for _each in range(dice.choice((0, 1, 2, 4, 6)))
    ]


def credits_decided(dice: Dice, file: dict) -> list[dict]:
    """Sometimes what a person decided on credits otherwise than the centre: those of days of leaving and pausing."""
    if dice.random() < 0.5:
        return []
    days = [row["left"] for row in file["enrolments"] if row.get("left")]
    days += [row["from"] for row in file["suspensions"]]
    begun = [row["activated"] for row in file["enrolments"] if row["activated"]]
    begun += [each["starts"] for each in file["groups"]]
    return [
        {"subscription": each["id"], "key": key, "date": on, "given": given}
        for each in file["subscriptions"]
        for on in dict.fromkeys(days)
        if each["plan"] in PERIOD_PLANS and dice.random() < 0.7
        for given in (dice.random() < 0.6,)
        for key in keys_around(each, on, begun)
    ]


def keys_around(each: dict, on: str, begun: list[str]) -> list[str]:
    """Keys that charges may have which are credited on this day: the month, or days on which a cycle begins."""
    if each["plan"] == "calendar_month":
        return [on[:7]]
    before = str(date.fromisoformat(on[:8] + "01") - timedelta(days=1))
    monthly = {month + since[7:] for since in begun for month in (before[:7], on[:7]) if since[8:] <= "28"}
    return sorted(key for key in {*begun, *monthly} if key <= on)


# --- making smaller --------------------------------------------------------------------------------------------------


def smallest(file: dict, differs: Callable[[dict], bool]) -> dict:
    """A situation that still differs, from which nothing more can be taken away."""
    assert differs(file)
    found = True
    while found:
        found = False
        for smaller in smaller_ones(file):
            if not list(problems_of(smaller)) and differs(smaller):
                file, found = smaller, True
                break
    return file


def problems_of(file: dict) -> Iterator[str]:
    try:
        yield from problems(file)
    except (KeyError, IndexError):
        yield "incomplete"


def smaller_ones(file: dict) -> Iterator[dict]:
    """Every situation with one thing less, the large things first."""
    for key in file:
        if key not in ("currency", "until"):
            yield {name: value for name, value in file.items() if name != key}
    for key, value in file.items():
        if isinstance(value, list):
            yield from parts(file, key)
    for key, value in file.items():
        if isinstance(value, list):
            yield from simpler_rows(file, key)
        elif isinstance(value, dict):
            yield from ({**file, key: {k: v for k, v in value.items() if k != gone}} for gone in value)
    earlier = date.fromisoformat(file["until"])
    yield from ({**file, "until": str(earlier - timedelta(days=days))} for days in (30, 7, 1) if earlier > BEGIN)


def parts(file: dict, key: str) -> Iterator[dict]:
    """The list without its halves, its quarters, single rows."""
    rows, size = file[key], max(len(file[key]) // 2, 1)
    while size:
        for start in range(0, len(rows), size):
            yield {**file, key: rows[:start] + rows[start + size :]}
        size //= 2


def simpler_rows(file: dict, key: str) -> Iterator[dict]:
    """The list with one key less in one row, or one weekday, subject or price step less."""
    for number, row in enumerate(file[key]):
        for name, value in row.items():
            changed = copy.deepcopy(file)
            if isinstance(value, list) and len(value) > 1:
                for gone in range(len(value)):
                    changed[key][number][name] = value[:gone] + value[gone + 1 :]
                    yield copy.deepcopy(changed)
            elif name not in ("id", "plan", "date", "from", "starts", "kind", "joined", "activated", "status", "price"):
                del changed[key][number][name]
                yield changed
