"""Holds another implementation against the reference, over random situations, key by key.

    python3 -m tests.differential --count 500 --seed 1 --against "python3 manage.py quote -"
    python3 -m tests.differential --count 500 --seed 1 --against package.module:function

A command reads the situation from its standard input; a function takes it as a dictionary, which is faster. The
smallest differing situation is printed, and what the two say about it. With `--wrong` the situations are such as must
be refused, and the refusal must name the place.
"""

from __future__ import annotations

import argparse
import importlib
import json
import shlex
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction

from tests.reference import Refused, quote
from tests.situations import situation, smallest
from tests.wrong_situations import wrong_situation

Answer = dict
KEYS = ("charges", "balance", "accounts", "paid_until", "lessons_left", "unpriced")


def reference(file: dict) -> Answer:
    try:
        return quote(file)
    except Refused as refused:
        return {"refused": refused.path}


def implementation(against: str) -> Callable[[dict], Answer]:
    """The other side: a dotted path with a colon, or a command."""
    module, colon, name = against.partition(":")
    if not colon or " " in against:
        return lambda file: by_command(shlex.split(against), file)
    function = getattr(importlib.import_module(module), name)
    return lambda file: by_function(function, file)


def by_command(command: list[str], file: dict) -> Answer:
    done = subprocess.run(command, input=json.dumps(file), capture_output=True, text=True, check=False)
    if done.returncode == 2:
        return {"refused": done.stderr.strip()}
    if done.returncode:
        return {"failed": done.stderr.strip()[-2000:]}
    return json.loads(done.stdout)


def by_function(function: Callable[[dict], Answer], file: dict) -> Answer:
    try:
        return function(json.loads(json.dumps(file)))
    except Exception as wrong:  # noqa: BLE001 - whatever it is, it is a difference
        return {"failed": f"{type(wrong).__name__}: {wrong}"}


def comparable(answer: Answer) -> Answer:
    """Amounts as numbers; charges of one day in any order, the reasons left out."""
    if "charges" not in answer:
        return answer
    days = [charge["date"] for charge in answer["charges"]]
    return {
        "in date order": days == sorted(days),
        "charges": sorted(map(line, answer["charges"])),
        "balance": Fraction(answer["balance"]),
        "accounts": {name: Fraction(amount) for name, amount in answer["accounts"].items()},
        **{key: answer[key] for key in ("paid_until", "lessons_left", "unpriced")},
    }


def line(charge: dict) -> str:
    named = ("date", "subscription", "key", "discount")
    return " ".join([*(f"{charge[name]}" for name in named), str(Fraction(charge["amount"]))])


def differences(one: Answer, other: Answer) -> dict[str, tuple]:
    """By key, what each says; of charges only those that the other has not."""
    one, other = comparable(one), comparable(other)
    found = {key: (one.get(key), other.get(key)) for key in {*one, *other} if one.get(key) != other.get(key)}
    if "charges" in found and "charges" in one and "charges" in other:
        mine, others = one["charges"], other["charges"]
        found["charges"] = ([x for x in mine if x not in others], [x for x in others if x not in mine])
    return found


def compare(count: int, seed: int, other: Callable[[dict], Answer], say: Callable[[str], None] = print) -> int:
    """How many of the situations differ; the first is made small and shown."""
    differing: list[tuple[int, dict]] = []
    for number in range(seed, seed + count):
        file = situation(number)
        if differences(reference(file), other(file)):
            differing.append((number, file))
    if differing:
        number, file = differing[0]
        show(number, smallest(file, lambda each: differ_alike(file, each, other)), other, say)
    say(f"{len(differing)} of {count} differ; seeds {[number for number, _file in differing[:20]]}")
    return len(differing)


def compare_refusals(count: int, seed: int, other: Callable[[dict], Answer], say: Callable[[str], None] = print) -> int:
    """How many wrong situations the other takes, or refuses without naming the place."""
    missed = 0
    for number in range(seed, seed + count):
        file, path = wrong_situation(number)
        said = other(file)
        if path not in said.get("refused", said.get("failed", "")):
            missed += 1
            say(f"seed {number}: wrong at {path}, the other: {json.dumps(said)[:300]}")
    say(f"{missed} of {count} not refused with their place")
    return missed


def differ_alike(file: dict, smaller: dict, other: Callable[[dict], Answer]) -> bool:
    """Whether the smaller one differs too, and not because one of the two refuses what it took before."""
    mine, others = reference(smaller), other(smaller)
    priced = "charges" in mine, "charges" in others
    return priced == ("charges" in reference(file), "charges" in other(file)) and bool(differences(mine, others))


def show(number: int, file: dict, other: Callable[[dict], Answer], say: Callable[[str], None]) -> None:
    say(f"seed {number}, made as small as it goes:\n{json.dumps(file, indent=1)}")
    for key, (mine, others) in differences(reference(file), other(file)).items():
        say(f"{key}\n  reference: {mine}\n  the other: {others}")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--against", required=True)
    parser.add_argument("--wrong", action="store_true", help="situations that must be refused")
    asked = parser.parse_args(arguments)
    run = compare_refusals if asked.wrong else compare
    return 1 if run(asked.count, asked.seed, implementation(asked.against)) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
