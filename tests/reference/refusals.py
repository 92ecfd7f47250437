"""What a situation may not be: rule 9.38, with the path of the first thing that is wrong."""

from __future__ import annotations

import re
from datetime import date

from .facts import LESSON_PLANS, PERIOD_PLANS, REASONS, SWITCHES

DECIMAL = re.compile(r"-?\d+(\.\d+)?")
KEYS = {
    "": "currency step until settings groups enrolments subscriptions lessons reasons holidays discounts"
    " suspensions payments credits",
    "settings": " ".join(("activation_day_counts money_discount_per holiday", *SWITCHES)),
    "groups": "id starts ends weekdays",
    "enrolments": "group joined activated entered left",
    "subscriptions": "id plan group price lessons_count module_lessons months from to subjects lesson_types account"
    " extended_by_suspensions",
    "price": "from amount",
    "lessons": "id date time group type subject status moved_from present reason paid_by makes_up_for only_if_named",
    "holidays": "date affects_payment holiday",
    "discounts": "id kind amount per from to subjects lesson_types",
    "suspensions": "from to group extends",
    "payments": "date amount account",
    "credits": "subscription key date given",
}
LISTS = (
    "groups",
    "enrolments",
    "subscriptions",
    "lessons",
    "holidays",
    "discounts",
    "suspensions",
    "payments",
    "credits",
)
WITH_IDS = ("groups", "subscriptions", "lessons", "discounts")


class Refused(ValueError):
    """A wrong situation; says where."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


def refuse(file: dict) -> None:
    """Raises Refused when the situation breaks a rule of 9.38."""
    for path in problems(file):
        raise Refused(path)


def rows(file: dict, name: str):
    """The rows of a list with their paths."""
    return [(f"{name}[{number}]", row) for number, row in enumerate(file.get(name) or ())]


def problems(file: dict):
    yield from unknown_keys(file)
    yield from wrong_amounts(file)
    yield from repeated_ids(file)
    yield from unknown_references(file)
    yield from wrong_enrolments(file)
    yield from incomplete_subscriptions(file)


def unknown_keys(file: dict):
    yield from (key for key in file if key not in KEYS[""].split())
    yield from (f"settings.{key}" for key in file.get("settings") or {} if key not in KEYS["settings"].split())
    for name, answers in SWITCHES.items():
        if (file.get("settings") or {}).get(name) not in (None, *answers):
            yield f"settings.{name}"
    for name in LISTS:
        for path, row in rows(file, name):
            yield from (f"{path}.{key}" for key in row if key not in KEYS[name].split())
    for path, row in rows(file, "subscriptions"):
        for step_path, step in rows(row, "price"):
            yield from (f"{path}.{step_path}.{key}" for key in step if key not in KEYS["price"].split())
    for name, flags in (file.get("reasons") or {}).items():
        yield from (f"reasons.{name}.{key}" for key in flags if key != "charges")


def wrong_amounts(file: dict):
    if "step" in file and not is_amount(file["step"]):
        yield "step"
    for name in ("discounts", "payments"):
        yield from (f"{path}.amount" for path, row in rows(file, name) if not is_amount(row["amount"]))
    for path, row in rows(file, "subscriptions"):
        yield from (f"{path}.{step}.amount" for step, price in rows(row, "price") if not is_amount(price["amount"]))


def is_amount(written) -> bool:
    return isinstance(written, str) and DECIMAL.fullmatch(written) is not None


def repeated_ids(file: dict):
    for name in WITH_IDS:
        seen = set()
        for path, row in rows(file, name):
            if row["id"] in seen:
                yield f"{path}.id"
            seen.add(row["id"])


def unknown_references(file: dict):
    groups = {row["id"] for row in file.get("groups") or ()}
    accounts = {"base"} | {
        row["id"] for row in file.get("subscriptions") or () if row.get("account") == "separate"
    }  # 9.35
    reasons = {*REASONS, *(file.get("reasons") or {})}
    for name in ("enrolments", "subscriptions", "lessons", "suspensions"):
        yield from (f"{path}.group" for path, row in rows(file, name) if row.get("group") not in {None, *groups})
    yield from (f"{path}.reason" for path, row in rows(file, "lessons") if row.get("reason") not in {None, *reasons})
    for key, known in (("paid_by", "subscriptions"), ("makes_up_for", "lessons")):
        ids = {None, *(row["id"] for row in file.get(known) or ())}
        yield from (f"{path}.{key}" for path, row in rows(file, "lessons") if row.get(key) not in ids)
    yield from (f"{path}.account" for path, row in rows(file, "payments") if row.get("account", "base") not in accounts)
    bound = {row["id"] for row in file.get("subscriptions") or ()}
    yield from (f"{path}.subscription" for path, row in rows(file, "credits") if row["subscription"] not in bound)
    for path, row in rows(file, "subscriptions"):
        if row["plan"] not in (*PERIOD_PLANS, *LESSON_PLANS):
            yield f"{path}.plan"


def wrong_enrolments(file: dict):
    groups = {row["id"]: row for row in file.get("groups") or ()}
    before: list[dict] = []
    for path, row in rows(file, "enrolments"):
        for key in ("joined", "activated"):
            if row.get(key) and not in_life(groups[row["group"]], row[key]):
                yield f"{path}.{key}"
        if row.get("activated") and date.fromisoformat(row["activated"]) < date.fromisoformat(row["joined"]):
            yield f"{path}.activated"
        if any(overlap(row, other) for other in before):
            yield path
        before.append(row)


def in_life(group: dict, on: str) -> bool:
    """ISO dates compare as text."""
    return group["starts"] <= on <= (group.get("ends") or str(date.max))


def overlap(one: dict, other: dict) -> bool:
    last = str(date.max)
    return (
        one["group"] == other["group"]
        and one["joined"] <= (other.get("left") or last)
        and other["joined"] <= (one.get("left") or last)
    )


def incomplete_subscriptions(file: dict):
    for path, row in rows(file, "subscriptions"):
        if row["plan"] in ("group_month", "module") and not row.get("group"):
            yield f"{path}.group"
        if row["plan"] == "per_lesson" and not row.get("lessons_count"):
            yield f"{path}.lessons_count"
        if row["plan"] == "module" and not row.get("module_lessons"):
            yield f"{path}.module_lessons"
