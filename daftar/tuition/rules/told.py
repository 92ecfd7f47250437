"""What a kept explanation says in figures: how many lessons a charge is for, and what a discount took off it."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from daftar.tuition.rules.why import Value, Why

# Where a line says which part of the price is charged: the part, and of how many.
_PARTS = {"whole_month": ("lessons", "lessons"), "prorated": ("part", "of"), "credit": ("part", "lessons")}


class Told(NamedTuple):
    """Lessons, and minor units before the charge was rounded; below zero in a credit. A whole course counts none."""

    lessons: int
    discount: Fraction


def told(why: Why) -> Told:
    """What a charge or a credit is for, in figures."""
    said = {step.code: step.values for step in why}
    part, of = _part(said)
    sign = -1 if "credit" in said else 1
    cut = int(str(said["discount"]["cut"])) if "discount" in said else 0
    lessons = 0 if "whole_course" in said else part
    return Told(sign * lessons, sign * Fraction(cut * part, of))


def _part(said: dict[str, dict[str, Value]]) -> tuple[int, int]:
    """How many lessons of how many; a lesson that is charged by itself is one of those that share its price."""
    for code, (part, of) in _PARTS.items():
        if code in said:
            return int(str(said[code][part])), int(str(said[code][of])) or 1
    for code in ("bundle_place", "spread_place"):
        if code in said:
            return 1, int(str(said[code]["of"]))
    return 1, 1
