"""The worked examples of docs/rules/examples hold for everything that prices: the reference and the product.

Pure: no database. The product is asked by its own command, as anybody would ask it.
"""

from __future__ import annotations

import functools
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

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


@functools.cache
def command_exists() -> bool:
    """Asked once: whether this installation knows the command."""
    done = subprocess.run([*COMMAND, "--help"], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode == 0


def by_command(facts: dict) -> dict:
    """The answer of the product's command, its reasons left out; a wrong file ends with status 2 and its place."""
    done = subprocess.run(
        [*COMMAND, "-"], cwd=ROOT, input=json.dumps(facts), capture_output=True, text=True, check=False
    )
    if done.returncode == 2:
        return {"refused": done.stderr}
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    for charge in answer["charges"]:
        charge.pop("why", None)
    return answer


@pytest.mark.parametrize("path", EXAMPLES, ids=names)
def test_the_reference_says_what_was_worked_out_by_hand(path):
    example = read(path)
    assert wrong_keys(example["expect"], by_reference(example["facts"])) == {}


@pytest.mark.parametrize("path", EXAMPLES, ids=names)
def test_the_command_says_what_was_worked_out_by_hand(path):
    if not command_exists():
        pytest.skip("this installation has no command to price a described situation")
    example = read(path)
    answer, expected = by_command(example["facts"]), dict(example["expect"])
    if "refused" in expected:
        assert expected["refused"] in answer.get("refused", "")
    else:
        assert wrong_keys(expected, answer) == {}


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
    listed = re.findall(r"\b(?:S8|E\d\d[a-e]?|AT-\d\d[a-e]?)\b", table.partition("| ids |")[2])
    assert sorted(listed) == sorted(read(path)["id"] for path in EXAMPLES)
    assert [path for path in EXAMPLES if not path.stem.startswith(read(path)["id"] + "-")] == []
