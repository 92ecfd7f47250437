"""How a centre and its branches decide on charging: told in the history, and recounted where it matters."""

from __future__ import annotations

from dataclasses import replace

import pytest

from daftar.lib.errors import NotFound
from daftar.orgs.charging import Charging, StepOutOfRange, change_branch_charging, change_charging
from daftar.orgs.models import AuditEntry, Branch, Organization
from daftar.orgs.queries import tuition_settings
from daftar.orgs.rules import ANSWERS, usual
from daftar.orgs.services import CentreAsAWhole
from tests.cast import a_branch

ALL = Charging(
    activation_day_counts=False, rounding_step=100_000, money_discount_per="lesson", suspensions_extend=False,
    holidays_credited=True, **{name: tuple(answers)[-1].value for name, answers in ANSWERS.items()},
)  # fmt: skip
AS_CENTRE = Charging(None, None, "", None, None)


def test_a_branch_follows_the_centre_until_it_decides_itself(by):
    change_charging(by, charging=ALL, sibling_percent=None)
    change_branch_charging(by, branch_id=a_branch(by).pk, charging=replace(AS_CENTRE, holidays_credited=False))
    branch = Branch.objects.visible_to(by).select_related("org").get()
    found = tuition_settings(branch)
    assert (found.holidays_credited, found.activation_day_counts, found.rounding_step) == (False, False, 100_000)


@pytest.mark.parametrize("name", ANSWERS)
def test_each_decision_with_named_answers_is_the_centres_or_the_branchs_own(by, name):
    change_charging(by, charging=ALL, sibling_percent=None)
    branch = Branch.objects.visible_to(by).select_related("org").get()
    assert getattr(tuition_settings(branch), name) == tuple(ANSWERS[name])[-1]
    own = replace(AS_CENTRE, **{name: usual(name).value})
    change_branch_charging(by, branch_id=branch.pk, charging=own)
    branch = Branch.objects.visible_to(by).select_related("org").get()
    assert getattr(tuition_settings(branch), name) == usual(name)


def test_what_changed_stands_in_the_history_once(by):
    for _ in range(2):
        change_charging(by, charging=ALL, sibling_percent=None)
    rows = [row for row in AuditEntry.objects.visible_to(by) if row.verb == "orgs.change_charging"]
    assert len(rows) == 1
    assert rows[0].changes[0]["was"]["money_discount_per"] == "subscription"
    assert rows[0].changes[0]["now"]["money_discount_per"] == "lesson"


def test_a_centre_leaves_nothing_undecided_and_only_who_works_everywhere_decides(by):
    with pytest.raises(NotFound):
        change_charging(by, charging=replace(ALL, holidays_credited=None), sibling_percent=None)
    with pytest.raises(NotFound):
        change_charging(by, charging=replace(ALL, money_discount_per=""), sibling_percent=None)
    for name in ANSWERS:
        for nothing in ("", "perhaps"):
            with pytest.raises(NotFound):
                change_charging(by, charging=replace(ALL, **{name: nothing}), sibling_percent=None)
        with pytest.raises(NotFound):
            wrong = replace(AS_CENTRE, **{name: "perhaps"})
            change_branch_charging(by, branch_id=a_branch(by).pk, charging=wrong)
    with pytest.raises(StepOutOfRange):
        change_charging(by, charging=replace(ALL, rounding_step=10**12), sibling_percent=None)
    with pytest.raises(CentreAsAWhole):
        somewhere = replace(by, branch_ids=frozenset({a_branch(by).pk}))
        change_charging(somewhere, charging=ALL, sibling_percent=None)
    assert Organization.objects.get(pk=by.org_id).rounding_step is None
