"""The worked examples of docs/rules/examples hold for everything that prices: the reference and the product.

Pure: no database. Some are asked by the product's own command, as anybody would ask it.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from daftar.tuition.quote import WrongFile
from daftar.tuition.quote import quote as product
from tests.reference import Refused, quote

ROOT = Path(__file__).resolve().parents[1]
PLACE = ROOT / "docs/rules/examples"
EXAMPLES = sorted(PLACE.glob("*.json"))
COMMAND = [sys.executable, str(ROOT / "manage.py"), "quote"]


def names(path: Path) -> str:
    return path.stem


def read(path: Path) -> dict:
    return json.loads(path.read_text())


def wrong_keys(expected: dict, answer: dict) -> dict:
    """What of the expected is not so: by key, what was expected and what came."""
    return {key: (value, answer.get(key)) for key, value in expected.items() if answer.get(key) != value}


def by_reference(facts: dict) -> dict:
    try:
        return quote(facts)
    except Refused as refused:
        return {"refused": refused.path}


def by_product(facts: dict) -> dict:
    try:
        return json.loads(product(json.dumps(facts).encode()))
    except WrongFile as wrong:
        return {"refused": str(wrong)}


def by_command(facts: dict) -> dict:
    """The answer of the product's command; a wrong file ends with status 2 and its place."""
    done = subprocess.run(
        [*COMMAND, "-"], cwd=ROOT, input=json.dumps(facts), capture_output=True, text=True, check=False
    )
    if done.returncode == 2:
        return {"refused": done.stderr}
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def agrees(example: dict, answer: dict) -> None:
    """The reasons are in the product's own words, and no example says them."""
    for charge in answer.get("charges", ()):
        charge.pop("why", None)
    expected = example["expect"]
    if "refused" in expected:
        assert expected["refused"] in answer.get("refused", "")
    else:
        assert wrong_keys(expected, answer) == {}


@pytest.mark.parametrize("path", EXAMPLES, ids=names)
def test_the_reference_says_what_was_worked_out_by_hand(path):
    example = read(path)
    assert wrong_keys(example["expect"], by_reference(example["facts"])) == {}


@pytest.mark.parametrize("path", EXAMPLES, ids=names)
def test_the_product_says_what_was_worked_out_by_hand(path):
    example = read(path)
    agrees(example, by_product(example["facts"]))


@pytest.mark.parametrize("name", ["S8-worked-pair", "AT-33-month-spread", "E11-activated-before-joining"])
def test_its_command_says_the_same(name):
    example = read(PLACE / f"{name}.json")
    agrees(example, by_command(example["facts"]))


@pytest.mark.parametrize(
    ("name", "spoil", "key"),
    [
        ("E01-odd-days", {"balance": "-230770"}, "balance"),
        ("E10-trial", {"unpriced": ["g1:2025-05-09"]}, "unpriced"),
        ("AT-14-paid-until", {"lessons_left": 5}, "lessons_left"),
        ("E11-activated-before-joining", {"refused": "enrolments[0].joined"}, "refused"),
    ],
)
def test_a_wrong_figure_would_be_caught(name, spoil, key):
    example = read(PLACE / f"{name}.json")
    assert set(wrong_keys({**example["expect"], **spoil}, by_reference(example["facts"]))) == {key}


def test_every_example_is_listed_and_is_named_after_its_id():
    table = (PLACE / "README.md").read_text().partition("## What cannot be written so")[0]
    listed = re.findall(r"\b(?:S8|D\d\d[a-e]?|E\d\d[a-e]?|AT-\d\d[a-e]?)\b", table.partition("| ids |")[2])
    assert sorted(listed) == sorted(read(path)["id"] for path in EXAMPLES)
    assert [path for path in EXAMPLES if not path.stem.startswith(read(path)["id"] + "-")] == []
