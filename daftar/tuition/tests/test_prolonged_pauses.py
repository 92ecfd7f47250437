"""A pause that goes on longer: the days that are added are credited as those before them, or otherwise (D8)."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from daftar.courses.models import Suspension
from daftar.courses.rules import PlanKind
from daftar.ledger.queries import balances, drift
from daftar.orgs.models import AuditEntry, Organization
from daftar.tuition.credits import ReasonToDeclineMissing, ReasonToGiveMissing
from daftar.tuition.models import CreditDeclined, CreditGiven
from daftar.tuition.pauses import change_suspension, suspend
from daftar.tuition.rehearsal import rehearse
from daftar.tuition.services import enrol_active, reconcile
from tests.cast import a_course, a_group, a_student

MAY = date(2025, 5, 1)
DECLINED = {"gives_credit": False, "decline_reason": "told too late"}
GIVEN = {"gives_credit": True, "give_reason": "she is in hospital"}


@pytest.fixture
def by(by):
    """The 27th of May. Lessons on odd days: 300 000 soums for thirteen of them in May."""
    return replace(by, at=datetime(2025, 5, 27, 12, tzinfo=UTC))


@pytest.fixture
def member(by):
    return enrol_active(by, student_id=a_student(by).pk, group_id=a_group(by, a_course(by)).pk, starts_on=MAY)


def keeps(by) -> None:
    Organization.objects.filter(pk=by.org_id).update(unserved_lessons="kept")


def paused(by, member, first: int, last: int, **wish) -> Suspension:
    """From one day of May to another; what is not said is as the centre decides."""
    deed = {"starts_on": date(2025, 5, first), "last_on": date(2025, 5, last)}
    (row,) = suspend(by, student_ids=[member.student_id], **deed, **wish)
    return row


def changed(by, row, first: int, last: int | None, **wish) -> Suspension:
    last_on = None if last is None else date(2025, 5, last)
    deed = {"starts_on": date(2025, 5, first), "last_on": last_on, "reason": "ill", "extends": row.extends}
    return change_suspension(by, suspension_id=row.pk, **deed, **wish)


def soums(by, member) -> int:
    return balances(by, [member.student_id])[member.student_id] // 100


def days(by, member) -> list[tuple[int, int | None]]:
    """The first and the last day in May of each pause."""
    rows = Suspension.objects.visible_to(by).filter(student_id=member.student_id).order_by("starts_on")
    return [(row.starts_on.day, row.ends_on and row.ends_on.day - 1) for row in rows]


def test_what_is_added_is_credited_as_the_rest_and_stays_one_pause(by, member):
    row = paused(by, member, 19, 21)
    assert soums(by, member) == -253_846, "two of thirteen come back"
    changed(by, row, 19, 26)
    assert (soums(by, member), days(by, member)) == (-207_692, [(19, 26)]), "four of thirteen"


def test_the_credit_of_what_is_added_is_declined_with_a_reason_and_what_was_credited_stays(by, member):
    row = paused(by, member, 19, 21)
    with pytest.raises(ReasonToDeclineMissing):
        changed(by, row, 19, 26, gives_credit=False)
    told = rehearse(by, [member.student_id], lambda: changed(by, row, 19, 26, **DECLINED))[0]
    assert told.after == told.before
    changed(by, row, 19, 26, **DECLINED)
    assert (soums(by, member), days(by, member)) == (-253_846, [(19, 21), (22, 26)])
    declined = CreditDeclined.objects.visible_to(by).get()
    assert (declined.key, declined.on, declined.reason) == ("2025-05", date(2025, 5, 22), "told too late")
    assert set(Suspension.objects.visible_to(by).values_list("reason", "extends")) == {("ill", row.extends)}
    assert AuditEntry.objects.visible_to(by).filter(verb="tuition.change_suspension").count() == 1
    assert reconcile(by, student_ids=[member.student_id]) == 0
    assert drift(by) == []


def test_an_open_end_is_added_days_too(by, member):
    row = paused(by, member, 19, 21)
    changed(by, row, 19, None, **DECLINED)
    assert (soums(by, member), days(by, member)) == (-253_846, [(19, 21), (22, None)])


def test_a_pause_whose_credit_was_declined_goes_on_without_and_without_another_reason(by, member):
    row = paused(by, member, 19, 21, **DECLINED)
    changed(by, row, 19, 26, gives_credit=False)
    assert (soums(by, member), days(by, member)) == (-300_000, [(19, 26)])


def test_what_is_added_to_it_is_credited_all_the_same_where_a_person_says_so(by, member):
    row = paused(by, member, 19, 21, **DECLINED)
    changed(by, row, 19, 26)
    assert (soums(by, member), days(by, member)) == (-253_846, [(19, 21), (22, 26)])


def test_where_the_centre_keeps_what_was_charged_the_added_days_are_given_back_with_a_reason(by, member):
    keeps(by)
    row = paused(by, member, 19, 21)
    with pytest.raises(ReasonToGiveMissing):
        changed(by, row, 19, 26, gives_credit=True)
    changed(by, row, 19, 26, **GIVEN)
    assert (soums(by, member), days(by, member)) == (-253_846, [(19, 21), (22, 26)])
    assert CreditGiven.objects.visible_to(by).get().on == date(2025, 5, 22)


def test_a_pause_that_becomes_shorter_asks_nothing(by, member):
    row = paused(by, member, 19, 26)
    changed(by, row, 19, 21, gives_credit=False)
    assert (soums(by, member), days(by, member)) == (-253_846, [(19, 21)])


@pytest.mark.parametrize("wish", [DECLINED, GIVEN])
def test_a_decision_goes_along_when_the_first_day_moves(by, member, wish):
    if wish is GIVEN:
        keeps(by)
    row = paused(by, member, 19, 26, **wish)
    stands = -300_000 if wish is DECLINED else -207_692
    assert soums(by, member) == stands
    changed(by, row, 20, 26, **wish)
    assert soums(by, member) == (stands if wish is DECLINED else -230_769), "three of thirteen"
    changed(by, row, 19, 26, **wish)
    assert soums(by, member) == stands


def test_a_decision_stays_where_another_pause_begins_on_the_same_day(by, member):
    """It may be about that one."""
    other = a_group(by, a_course(by, "Chess", plan=PlanKind.CALENDAR_MONTH, price=13_000_000), "Chess")
    chess = enrol_active(by, student_id=member.student_id, group_id=other.pk, starts_on=MAY)
    before = soums(by, member)
    paused(by, member, 19, 26, group_id=member.group_id, **DECLINED)
    row = paused(by, member, 19, 26, group_id=chess.group_id)
    assert soums(by, member) > before
    changed(by, row, 20, 26, gives_credit=False)
    assert list(CreditDeclined.objects.visible_to(by).values_list("on", flat=True)) == [date(2025, 5, 19)]
    assert soums(by, member) > before, "credited in one, declined in the other"
