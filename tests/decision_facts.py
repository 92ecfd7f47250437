"""What a centre and its branch decide about charging, each at random, and facts of a random history that change it."""

from __future__ import annotations

import random
from dataclasses import asdict, fields
from typing import Any

from daftar.attendance.models import AbsenceReason
from daftar.attendance.reasons import edit_reason
from daftar.orgs.charging import Charging, change_branch_charging, change_charging
from daftar.orgs.models import Branch, DiscountPer, Organization
from daftar.orgs.rules import ANSWERS
from daftar.tuition.jobs import reconcile_all
from tests.chances import one_of

# Minor units: the currency's own, hundredths, and 500, 1 000 and 10 000 soums.
STEPS = (None, None, 1, 50_000, 100_000, 1_000_000)
OR_AS_CENTRE = Charging(None, None, "", None, None)


def any_charging(dice) -> Charging:
    """Any answer to each of the decisions D1 to D16 but D3 and D11, which are facts of their own."""
    return Charging(
        activation_day_counts=dice.choice([True, False]), rounding_step=dice.choice(STEPS),
        money_discount_per=dice.choice(DiscountPer.values), suspensions_extend=dice.choice([True, False]),
        holidays_credited=dice.choice([True, False]),
        **{name: dice.choice(list(answers)).value for name, answers in ANSWERS.items()},
    )  # fmt: skip


def decide(by, seed: int) -> None:
    """The centre anyhow, and its branch some of it anyhow."""
    dice = random.Random(f"decisions {seed}")
    set_charging(by, asdict(any_charging(dice)), asdict(of_a_branch(dice)))


def of_a_branch(dice) -> Charging:
    own = {name: answer for name, answer in asdict(any_charging(dice)).items() if dice.random() < 0.2}
    return Charging(**asdict(OR_AS_CENTRE) | own)


def decide_so(by, **answers: Any) -> None:
    """The centre, and the branch does as the centre does."""
    set_charging(by, answers, {name: getattr(OR_AS_CENTRE, name) for name in answers})


def set_charging(by, centre: dict[str, Any], branch: dict[str, Any]) -> None:
    Organization.objects.filter(pk=by.org_id).update(**centre)
    Branch.unguarded.filter(org_id=by.org_id).update(**branch)


# --- facts -----------------------------------------------------------------------------------------------------------


def decision(by, dice) -> None:
    """One of the centre is decided anew."""
    org = Organization.objects.get(pk=by.org_id)
    change_charging(by, charging=_but_for_one(dice, org, any_charging(dice)), sibling_percent=None)
    reconcile_all(by)


def decision_of_the_branch(by, dice) -> None:
    """One is decided otherwise, or left to the centre."""
    row = one_of(by, dice, Branch)
    other = dice.choice([any_charging(dice), OR_AS_CENTRE])
    change_branch_charging(by, branch_id=row.pk, charging=_but_for_one(dice, row, other))
    reconcile_all(by)


def _but_for_one(dice, row: Any, other: Charging) -> Charging:
    names = [field.name for field in fields(Charging)]
    chosen = dice.choice(names)
    return Charging(**{name: getattr(other if name == chosen else row, name) for name in names})


def charged_absence(by, dice) -> None:
    """A reason of absence begins or ceases to charge (D3)."""
    row = one_of(by, dice, AbsenceReason)
    edit_reason(
        by, reason_id=row.pk, name=row.name, charges=not row.charges, pays_teacher=row.pays_teacher,
        gives_credit=row.gives_credit, place=row.place, credit_days=row.credit_days,
    )  # fmt: skip
    reconcile_all(by)
