"""Every line of a why has words."""

import json
import re

import pytest

from daftar.courses.rules import PlanKind
from daftar.office import formats, words
from daftar.tuition.quote.reading import parsed
from daftar.tuition.quote.situation import situation
from daftar.tuition.rules import as_json, due, why
from daftar.tuition.tests.quote_cast import a_situation


def charged(plan):
    """What a pause, two discounts and a plan lead to in May."""
    sizes = {"plan": plan, "lessons_count": 8, "module_lessons": 12, "months": 3}
    discounts = [{"id": kind, "kind": kind, "amount": "10"} for kind in ("percent", "money")]
    pauses = [{"from": "2025-05-01", "to": "2025-05-04"}, {"from": "2025-05-26", "to": "2025-05-31"}]
    file = a_situation(subscription=sizes, discounts=discounts, suspensions=pauses)
    given = situation(parsed(json.dumps(file).encode()))
    return [as_json(draft.why) for draft in due(given.facts, given.until)]


def test_no_code_is_without_words():
    codes = set(re.findall(r"^\| `(\w+)` \|", why.__doc__ or "", re.MULTILINE))

    assert codes == set(words._SAYS)


@pytest.mark.parametrize("plan", PlanKind)
def test_every_way_of_charging_is_explained(plan):
    explained = [words.why_text(said, "UZS") for said in charged(plan)]

    assert explained
    for lines in explained:
        labels = [line.label for line in lines]
        assert labels[0] == "Subscription"
        assert {"Price", "Discount"} <= set(labels)
        assert len(set(labels)) == len(labels)


@pytest.mark.parametrize(
    ("plan", "text"),
    [
        (PlanKind.DAILY, "Lesson"),
        (PlanKind.CALENDAR_MONTH, "Tuition, May 2025"),
        (PlanKind.WHOLE_COURSE, "Tuition, 1 May 2025"),
    ],
)
def test_a_charge_says_what_it_is_for(plan, text):
    assert words.charge_text(charged(plan)[0]).replace(formats.NBSP, " ") == text
