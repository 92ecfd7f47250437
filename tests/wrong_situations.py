"""Situations with one thing wrong, and the path by which a refusal must name it."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta

from tests.reference.facts import SWITCHES
from tests.reference.refusals import LISTS
from tests.situations import Dice, situation

Spoiled = tuple[dict, str]
ROWS = LISTS


def wrong_situation(seed: int) -> Spoiled:
    """A situation that must be refused, and where it is wrong; the same for the same seed."""
    dice = random.Random(f"wrong {seed}")
    while True:
        spoil, file = dice.choice(SPOILERS), situation(f"{seed} {dice.random()}")
        found = spoil(dice, file)
        if found:
            return file, found


def some_row(dice: Dice, file: dict, *lists: str) -> tuple[str, dict] | None:
    """A row of one of the lists, and its path."""
    rows = [(f"{name}[{number}]", row) for name in lists for number, row in enumerate(file.get(name, ()))]
    return dice.choice(rows) if rows else None


def spoiler(*lists: str) -> Callable:
    """Makes a spoiler of rows of these lists into one of situations; no such row: nothing is spoiled."""

    def of_rows(change: Callable[[Dice, dict, dict], str | None]) -> Callable[[Dice, dict], str | None]:
        def of_files(dice: Dice, file: dict) -> str | None:
            found = some_row(dice, file, *lists)
            key = found and change(dice, file, found[1])
            return f"{found[0]}.{key}" if found and key else None

        return of_files

    return of_rows


def day_before(written: str, days: int = 1) -> str:
    return str(date.fromisoformat(written) - timedelta(days=days))


def unknown_key(dice: Dice, file: dict) -> str:
    file["colour"] = "red"
    return "colour"


@spoiler(*ROWS)
def unknown_key_of_a_row(dice: Dice, file: dict, row: dict) -> str:
    row["colour"] = "red"
    return "colour"


def unknown_answer(dice: Dice, file: dict) -> str:
    name = dice.choice(tuple(SWITCHES))
    file["settings"] = {**file.get("settings", {}), name: "perhaps"}
    return f"settings.{name}"


@spoiler("discounts", "payments")
def amount_is_no_text(dice: Dice, file: dict, row: dict) -> str:
    row["amount"] = dice.choice((20, 20.5, "20,5", "1e3", "", " 20"))
    return "amount"


@spoiler("subscriptions")
def price_is_no_text(dice: Dice, file: dict, row: dict) -> str:
    row["price"][0]["amount"] = dice.choice((300000, "300 000", "NaN"))
    return "price[0].amount"


@spoiler("groups", "subscriptions", "lessons", "discounts")
def repeated_id(dice: Dice, file: dict, row: dict) -> str | None:
    for name in ROWS:
        rows = file.get(name, [])
        if len(rows) > 1 and row is rows[-1] and name != "groups":
            row["id"] = rows[0]["id"]
            return "id"
    return None


@spoiler("enrolments")
def joined_before_the_group(dice: Dice, file: dict, row: dict) -> str:
    row["joined"] = day_before(next(each["starts"] for each in file["groups"] if each["id"] == row["group"]))
    return "joined"


@spoiler("enrolments")
def activated_before_joining(dice: Dice, file: dict, row: dict) -> str | None:
    starts = next(each["starts"] for each in file["groups"] if each["id"] == row["group"])
    row["activated"] = day_before(row["joined"])
    return "activated" if row["activated"] >= starts else None


@spoiler("subscriptions")
def plan_without_its_group(dice: Dice, file: dict, row: dict) -> str | None:
    row["group"] = None
    return "group" if row["plan"] in ("group_month", "module") else None


@spoiler("subscriptions")
def plan_without_its_number(dice: Dice, file: dict, row: dict) -> str | None:
    key = {"per_lesson": "lessons_count", "module": "module_lessons"}.get(row["plan"])
    row[key] = None
    return key


@spoiler("enrolments", "subscriptions", "lessons", "suspensions")
def unknown_group(dice: Dice, file: dict, row: dict) -> str:
    row["group"] = "g9"
    return "group"


@spoiler("lessons")
def unknown_reason(dice: Dice, file: dict, row: dict) -> str:
    row["present"], row["reason"] = False, "moon"
    return "reason"


@spoiler("payments")
def unknown_account(dice: Dice, file: dict, row: dict) -> str:
    row["account"] = "s9"
    return "account"


def overlapping_enrolments(dice: Dice, file: dict) -> str | None:
    rows = file.get("enrolments", [])
    if not rows:
        return None
    rows.append({"group": rows[-1]["group"], "joined": rows[-1]["joined"], "activated": None, "left": None})
    return f"enrolments[{len(rows) - 1}]"


SPOILERS = (
    unknown_key,
    unknown_key_of_a_row,
    unknown_answer,
    amount_is_no_text,
    price_is_no_text,
    repeated_id,
    joined_before_the_group,
    activated_before_joining,
    plan_without_its_group,
    plan_without_its_number,
    unknown_group,
    unknown_reason,
    unknown_account,
    overlapping_enrolments,
)
