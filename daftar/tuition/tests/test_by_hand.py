"""Credits on which a person decides otherwise than the centre: given where it keeps what was charged, or declined."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from daftar.ledger.queries import balances, drift
from daftar.orgs.models import AuditEntry, Branch, Organization
from daftar.tuition import credits as by_hand_module
from daftar.tuition.credits import ReasonToDeclineMissing, ReasonToGiveMissing
from daftar.tuition.leaving import leave_group, transfer, undo_leaving
from daftar.tuition.models import CreditDeclined, CreditGiven
from daftar.tuition.pauses import remove_suspension, suspend
from daftar.tuition.rehearsal import rehearse
from daftar.tuition.services import enrol_active, reconcile
from daftar.tuition.several import take_back_together, transfer_one
from tests.cast import a_course, a_group, a_student

MAY, LAST = date(2025, 5, 1), date(2025, 5, 18)
GIVEN = {"gives_credit": True, "give_reason": "her mother is ill"}


@pytest.fixture
def by(by):
    """The 20th of May in a centre that gives nothing back."""
    Organization.objects.filter(pk=by.org_id).update(unserved_lessons="kept")
    return replace(by, at=datetime(2025, 5, 20, 12, tzinfo=UTC))


@pytest.fixture
def member(by):
    """Charged 300 000 for thirteen lessons of May."""
    return enrol_active(by, student_id=a_student(by).pk, group_id=a_group(by, a_course(by)).pk, starts_on=MAY)


def at(by, on: str):
    return replace(by, at=datetime.combine(date.fromisoformat(on), time(12), tzinfo=UTC))


def soums(by, member) -> int:
    return balances(by, [member.student_id])[member.student_id] // 100


def test_who_leaves_gets_nothing_back_unless_a_person_gives_it(by, member):
    leave_group(by, enrolment_id=member.pk, last_on=LAST)
    assert (soums(by, member), CreditGiven.objects.visible_to(by).count()) == (-300_000, 0)


def test_what_is_given_is_credited_and_kept_with_its_reason_and_who_gave_it(by, member):
    leave_group(by, enrolment_id=member.pk, last_on=LAST, **GIVEN)
    assert soums(by, member) == -161_538, "six of thirteen come back"
    row = CreditGiven.objects.visible_to(by).get()
    assert (row.key, row.on, row.reason, row.member_id) == ("2025-05", LAST, "her mother is ill", by.member_id)
    assert reconcile(by, student_ids=[member.student_id]) == 0
    assert drift(by) == []


def test_the_history_tells_that_it_was_given_and_why(by, member):
    leave_group(by, enrolment_id=member.pk, last_on=LAST, **GIVEN)
    entry = AuditEntry.objects.visible_to(by).filter(verb="tuition.leave_group").get()
    assert "her mother is ill" in str(entry.changes)


def test_without_a_reason_nothing_is_given_and_nobody_leaves(by, member):
    with pytest.raises(ReasonToGiveMissing):
        leave_group(by, enrolment_id=member.pk, last_on=LAST, gives_credit=True, decline_reason="not this one")
    member.refresh_from_db()
    assert member.ends_on is None


@pytest.mark.parametrize("deed", ["leave", "pause", "transfer"])
def test_what_is_shown_before_is_what_is_then_given(by, member, deed):
    other = a_group(by, member.group.course, "Other")
    verbs = {
        "leave": lambda: leave_group(by, enrolment_id=member.pk, last_on=LAST, **GIVEN),
        "pause": lambda: suspend(
            by, student_ids=[member.student_id], starts_on=date(2025, 5, 19), last_on=date(2025, 5, 23), **GIVEN
        ),
        "transfer": lambda: transfer(
            by, enrolment_id=member.pk, group_id=other.pk, last_on=LAST, starts_on=date(2025, 5, 19), **GIVEN
        ),
    }
    told = rehearse(by, [member.student_id], verbs[deed])[0]
    assert CreditGiven.objects.visible_to(by).count() == 0, "a rehearsal leaves nothing"
    verbs[deed]()
    assert told.after.amount == soums(by, member) * 100
    assert any(line.kind == "credit" for line in told.lines)


def test_a_pause_that_begins_later_is_given_back_when_it_begins(by, member):
    begins = date(2025, 5, 26)
    suspend(by, student_ids=[member.student_id], starts_on=begins, last_on=date(2025, 5, 30), **GIVEN)
    assert soums(by, member) == -300_000
    later = at(by, "2025-05-26")
    reconcile(later, student_ids=[member.student_id])
    assert soums(later, member) == -300_000 + 69_231, "three of thirteen"


def test_a_pause_that_begins_later_can_be_declined_where_the_centre_gives_back(by, member):
    Organization.objects.filter(pk=by.org_id).update(unserved_lessons="credited")
    suspend(
        by, student_ids=[member.student_id], starts_on=date(2025, 5, 26), last_on=date(2025, 5, 30),
        gives_credit=False, decline_reason="agreed",
    )  # fmt: skip
    later = at(by, "2025-05-26")
    reconcile(later, student_ids=[member.student_id])
    assert soums(later, member) == -300_000


def test_undo_takes_the_credit_back(by, member):
    leave_group(by, enrolment_id=member.pk, last_on=LAST, **GIVEN)
    undo_leaving(by, enrolment_id=member.pk)
    assert soums(by, member) == -300_000
    pause = suspend(by, student_ids=[member.student_id], starts_on=date(2025, 5, 19), **GIVEN)[0]
    assert soums(by, member) > -300_000
    remove_suspension(by, suspension_id=pause.pk)
    assert soums(by, member) == -300_000


def test_undo_of_moving_takes_away_what_was_given_with_its_reason(by, member):
    other = a_group(by, member.group.course, "Other")
    done = transfer_one(
        by, enrolment_id=member.pk, group_id=other.pk, last_on=LAST, starts_on=date(2025, 5, 19), **GIVEN
    )
    assert CreditGiven.objects.visible_to(by).count() == 1
    take_back_together(by, done_id=done.id)
    assert (soums(by, member), CreditGiven.objects.visible_to(by).count()) == (-300_000, 0)


def test_only_what_the_deed_makes_due_is_given(by, member):
    """An earlier pause, kept by the centre, stays kept."""
    suspend(by, student_ids=[member.student_id], starts_on=date(2025, 5, 5), last_on=date(2025, 5, 9))
    leave_group(by, enrolment_id=member.pk, last_on=LAST, **GIVEN)
    assert soums(by, member) == -161_538


def test_who_comes_back_pays_again_for_what_was_given_back_only(by, member):
    leave_group(by, enrolment_id=member.pk, last_on=date(2025, 5, 12), **GIVEN)
    group = member.group_id
    second = enrol_active(by, student_id=member.student_id, group_id=group, starts_on=date(2025, 5, 14))
    assert soums(by, member) == -300_000, "the eight lessons after the 12th came back and are charged again"
    leave_group(by, enrolment_id=second.pk, last_on=LAST)
    enrol_active(by, student_id=member.student_id, group_id=group, starts_on=date(2025, 5, 20))
    assert soums(by, member) == -300_000, "what stayed charged is not"


def test_where_a_branch_does_as_wished_no_reason_is_asked_and_nothing_is_kept(by, member):
    leave_group(by, enrolment_id=member.pk, last_on=LAST, gives_credit=False)
    assert soums(by, member) == -300_000
    assert CreditDeclined.objects.visible_to(by).count() == CreditGiven.objects.visible_to(by).count() == 0


def test_of_a_branch_that_gives_back_it_is_the_declining_that_needs_a_reason(by, member):
    Branch.objects.visible_to(by).update(unserved_lessons="credited")
    with pytest.raises(ReasonToDeclineMissing):
        leave_group(by, enrolment_id=member.pk, last_on=LAST, gives_credit=False)
    leave_group(by, enrolment_id=member.pk, last_on=LAST, gives_credit=True)
    assert (soums(by, member), CreditGiven.objects.visible_to(by).count()) == (-161_538, 0)


def test_a_gift_that_is_not_kept_would_be_noticed(by, member, monkeypatch):
    nothing = (CreditGiven, lambda *_known: set(), ReasonToGiveMissing)
    monkeypatch.setitem(by_hand_module._DECIDED, True, nothing)
    with pytest.raises(AssertionError, match="six of thirteen"):
        test_what_is_given_is_credited_and_kept_with_its_reason_and_who_gave_it(by, member)
