"""Verbs on the membership of several students at once, or of one: all or nothing, and taken back as a whole."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from daftar.courses import memberships
from daftar.courses import services as courses
from daftar.courses.events import TuitionFactsChanged
from daftar.courses.refusals import JoinOutsideGroup, LeavesBeforeJoins
from daftar.ledger import services as ledger
from daftar.lib.errors import NotFound, Refusal
from daftar.orgs.access import Actor, publish, question, verb
from daftar.people.models import Student
from daftar.people.queries import get_students
from daftar.tuition.credits import ReasonToDeclineMissing, ReasonToGiveMissing, Wish
from daftar.tuition.leaving import leave_group, return_to_trial, transfer
from daftar.tuition.models import DeedTogether, DoneTogether
from daftar.tuition.pauses import end_pause, suspend
from daftar.tuition.pictures import marks_seen, pictures, put_prices_back, take_away_prices, values_of
from daftar.tuition.rules.taking_back import Step, changed_since, groups_to_watch, seen, steps
from daftar.tuition.services import activate, enrol_active

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import date

    from daftar.courses.models import Enrolment
    from daftar.tuition.rules.taking_back import Picture

MOST = 100
AS_DECIDED = Wish()
WHAT = {
    "membership": _("a membership"), "pause": _("a pause"), "mark": _("a mark in a lesson"),
    **dict.fromkeys(("subscription", "price", "payer", "declined", "given"), _("what is agreed on paying")),
}  # fmt: skip


class NobodyChosen(Refusal):
    field = "enrolment_ids"
    text = _("Choose at least one student.")


class TooMany(Refusal):
    field = "enrolment_ids"
    text = _("At most %(most)s students at once.")


class CannotBe(Refusal):
    """One of them is refused (`why`: a Refusal), and so nobody is changed."""

    field = "enrolment_ids"
    text = _("%(name)s: %(why)s")


class ChangedSince(Refusal):
    text = _("This can no longer be undone, because something else was changed since: %(what)s.")


class TakenBackAlready(Refusal):
    text = _("This is undone already.")


class Done(NamedTuple):
    """What was done: the id by which it is taken back, and the rows it answers, one for each student."""

    id: int
    rows: list[Any]


class Kept(NamedTuple):
    """What is kept of a deed besides what it changes: of which group, from which day, and to whom it is done."""

    deed: DeedTogether
    group_id: int
    on: date
    students: list[int]


@verb("courses.enrol")
def join_together(
    by: Actor, *, student_ids: Collection[int], group_id: int, starts_on: date, last_on: date | None = None
) -> Done:
    """Puts several students into a group as trials from a day, up to `last_on` (None: without an end)."""
    return _joined(
        by, DeedTogether.TRIAL, courses.enrol_student, student_ids=student_ids, group_id=group_id,
        starts_on=starts_on, last_on=last_on,
    )  # fmt: skip


@verb("tuition.activate")
def join_active_together(
    by: Actor, *, student_ids: Collection[int], group_id: int, starts_on: date, last_on: date | None = None
) -> Done:
    """The same, and they are charged from that day."""
    return _joined(
        by, DeedTogether.ACTIVATE, enrol_active, student_ids=student_ids, group_id=group_id, starts_on=starts_on,
        last_on=last_on,
    )  # fmt: skip


@verb("tuition.activate")
def activate_together(by: Actor, *, enrolment_ids: Collection[int], on: date) -> Done:
    """Activates several memberships from a day; who joined later is activated from the day of joining."""
    return _done(
        by, DeedTogether.ACTIVATE, enrolment_ids, on,
        _named(lambda row: activate(by.trusted(), enrolment_id=row.pk, activated_on=max(on, row.starts_on))),
    )  # fmt: skip


@verb("tuition.pause")
def leave_together(
    by: Actor, *, enrolment_ids: Collection[int], last_on: date, reason: str = "", reason_id: int | None = None,
    wish: Wish = AS_DECIDED,
) -> Done:  # fmt: skip
    """Ends several memberships with one last day, for one reason; what was paid ahead comes back as wished, of all."""
    return _done(
        by, DeedTogether.LEAVE, enrolment_ids, last_on,
        _named(lambda row: leave_group(
            by.trusted(), enrolment_id=row.pk, last_on=last_on, reason=reason, reason_id=reason_id, **wish._asdict()
        )),
    )  # fmt: skip


@verb("tuition.pause")
def pause_together(
    by: Actor, *, enrolment_ids: Collection[int], starts_on: date, last_on: date | None = None, reason: str = "",
    wish: Wish = AS_DECIDED,
) -> Done:  # fmt: skip
    """Pauses several students in the group from a day to another (None: until ended)."""
    return _done(
        by, DeedTogether.PAUSE, enrolment_ids, starts_on,
        _named(lambda row: suspend(
            by.trusted(), student_ids=[row.student_id], group_id=row.group_id, starts_on=starts_on, last_on=last_on,
            reason=reason, **wish._asdict(),
        )[0]),
    )  # fmt: skip


@verb("tuition.pause")
def end_pauses_together(by: Actor, *, enrolment_ids: Collection[int], from_on: date) -> Done:
    """Ends the pauses of several students; the day is the first on which they come again."""
    return _done(
        by, DeedTogether.END_PAUSE, enrolment_ids, from_on,
        _named(lambda row: end_pause(
            by.trusted(), student_id=row.student_id, group_id=row.group_id, from_on=from_on
        )[0]),
    )  # fmt: skip


@verb("tuition.pause")
def pause_group(
    by: Actor, *, group_id: int, enrolment_ids: Collection[int], starts_on: date, last_on: date | None = None,
    reason: str = "", extends: bool | None = None, gives_credit: bool | None = None, decline_reason: str = "",
    give_reason: str = "",
) -> Done:  # fmt: skip
    """Pauses all of a group in it, however many they are, as `suspend` does, so that it can be taken back."""
    return _at_once(
        by, DeedTogether.PAUSE, enrolment_ids, starts_on,
        lambda rows: suspend(
            by.trusted(), student_ids={row.student_id for row in rows}, group_id=group_id, starts_on=starts_on,
            last_on=last_on, reason=reason, extends=extends, gives_credit=gives_credit, decline_reason=decline_reason,
            give_reason=give_reason,
        ),
    )  # fmt: skip


@verb("tuition.pause")
def transfer_together(
    by: Actor, *, enrolment_ids: Collection[int], group_id: int, starts_on: date, wish: Wish = AS_DECIDED
) -> Done:
    """Moves several students into another group from a day on; the day before is their last in this one."""
    memberships.hold_groups(by.trusted(), [group_id], enrolment_ids)
    return _done(
        by, DeedTogether.TRANSFER, enrolment_ids, starts_on,
        _named(lambda row: transfer(
            by.trusted(), enrolment_id=row.pk, group_id=group_id, last_on=starts_on - timedelta(days=1),
            starts_on=starts_on, **wish._asdict(),
        )),
    )  # fmt: skip


@verb("tuition.pause")
def return_together(by: Actor, *, enrolment_ids: Collection[int], from_on: date, wish: Wish = AS_DECIDED) -> Done:
    """Makes several students trials again from a day on."""
    return _done(
        by, DeedTogether.TRIAL, enrolment_ids, from_on,
        _named(lambda row: return_to_trial(by.trusted(), enrolment_id=row.pk, from_on=from_on, **wish._asdict())),
    )  # fmt: skip


@verb("tuition.activate")
def activate_one(by: Actor, *, enrolment_id: int, activated_on: date) -> Done:
    """Activates one, so that it can be taken back."""
    return _done(
        by, DeedTogether.ACTIVATE, [enrolment_id], activated_on,
        lambda row: activate(by.trusted(), enrolment_id=row.pk, activated_on=activated_on),
    )  # fmt: skip


@verb("tuition.pause")
def transfer_one(
    by: Actor, *, enrolment_id: int, group_id: int, last_on: date, starts_on: date, gives_credit: bool | None = None,
    decline_reason: str = "", give_reason: str = "",
) -> Done:  # fmt: skip
    """Moves one to another group, so that it can be taken back."""
    memberships.hold_groups(by.trusted(), [group_id], [enrolment_id])
    return _done(
        by, DeedTogether.TRANSFER, [enrolment_id], min(last_on, starts_on),
        lambda row: transfer(
            by.trusted(), enrolment_id=row.pk, group_id=group_id, last_on=last_on, starts_on=starts_on,
            gives_credit=gives_credit, decline_reason=decline_reason, give_reason=give_reason,
        ),
    )  # fmt: skip


@verb("tuition.pause")
def return_one(
    by: Actor, *, enrolment_id: int, from_on: date, gives_credit: bool | None = None, decline_reason: str = "",
    give_reason: str = "",
) -> Done:  # fmt: skip
    """Makes one a trial again, so that it can be taken back."""
    return _done(
        by, DeedTogether.TRIAL, [enrolment_id], from_on,
        lambda row: return_to_trial(
            by.trusted(), enrolment_id=row.pk, from_on=from_on, gives_credit=gives_credit,
            decline_reason=decline_reason, give_reason=give_reason,
        ),
    )  # fmt: skip


@verb("tuition.pause")
def end_pause_of_one(by: Actor, *, enrolment_id: int, from_on: date) -> Done:
    """Ends what keeps one out of the group, so that it can be taken back."""
    return _done(
        by, DeedTogether.END_PAUSE, [enrolment_id], from_on,
        lambda row: end_pause(by.trusted(), student_id=row.student_id, group_id=row.group_id, from_on=from_on)[0],
    )  # fmt: skip


@question("tuition.pause")
def get_done(by: Actor, done_id: int) -> DoneTogether:
    """What was done, with its group; NotFound when invisible."""
    row: DoneTogether = DoneTogether.objects.visible_to(by).select_related("group").one(pk=done_id)
    return row


@verb("tuition.pause")
def take_back_together(by: Actor, *, done_id: int) -> DoneTogether:
    """Makes memberships, pauses and prices of all of them what they were before; the charges follow.

    Refused, for all, once anything of that was changed for one of them, or a mark that hangs on it was set: what
    others did since is not overwritten.
    """
    rows = DoneTogether.objects.visible_to(by).select_for_update(of=("self",), no_key=True).select_related("group")
    row: DoneTogether = rows.one(pk=done_id)
    if row.deed == DeedTogether.ACTIVATE:
        by.must("tuition.activate")
    if row.taken_back_at is not None:
        raise TakenBackAlready
    changes = {int(pk): [Step(*each) for each in kept] for pk, kept in row.changes.items()}
    done = [step for of_one in changes.values() for step in of_one]
    memberships.hold_memberships(by.trusted(), [step.id for step in done if step.table == "membership"])
    ledger.hold_accounts(by.trusted(), student_ids=changes.keys())
    _check_unchanged(by, row, changes)
    _put_back(by, done, row.on)
    row.taken_back_at = by.at
    row.save(update_fields=["taken_back_at"])
    publish(by, TuitionFactsChanged(tuple(sorted(changes))))
    return row


def _joined(
    by: Actor, deed: DeedTogether, join: Callable[..., Enrolment], *, student_ids: Collection[int], group_id: int,
    starts_on: date, last_on: date | None,
) -> Done:  # fmt: skip
    """The places of the group are held before anybody's account, as by every way into it."""
    if not student_ids:
        raise NobodyChosen
    if len(student_ids) > MOST:
        raise TooMany(most=MOST)
    memberships.hold_groups(by.trusted(), [group_id])
    students = {row.pk: row for row in get_students(by.trusted(), student_ids)}
    ledger.hold_accounts(by.trusted(), student_ids=students)

    def each(student: Student) -> Enrolment:
        try:
            return join(by.trusted(), student_id=student.pk, group_id=group_id, starts_on=starts_on, last_on=last_on)
        except (JoinOutsideGroup, LeavesBeforeJoins):
            raise  # it is about the day, whoever joins
        except Refusal as refusal:
            raise CannotBe(name=student.full_name, why=refusal) from refusal

    kept = Kept(deed, group_id, starts_on, list(students))
    return _keep(by, kept, lambda: [each(row) for row in students.values()])


def _done(
    by: Actor, deed: DeedTogether, enrolment_ids: Collection[int], on: date, each: Callable[[Enrolment], Any]
) -> Done:
    """Does it to each of them, and keeps how everything was before."""
    if len(enrolment_ids) > MOST:
        raise TooMany(most=MOST)
    return _at_once(by, deed, enrolment_ids, on, lambda rows: [each(row) for row in rows])


def _at_once(
    by: Actor, deed: DeedTogether, enrolment_ids: Collection[int], on: date,
    do: Callable[[list[Enrolment]], list[Any]],
) -> Done:  # fmt: skip
    """Does it to all of them, and keeps how everything was before."""
    rows = _chosen(by, enrolment_ids)
    kept = Kept(deed, rows[0].group_id, on, sorted({row.student_id for row in rows}))
    return _keep(by, kept, lambda: do(rows))


def _keep(by: Actor, what: Kept, do: Callable[[], list[Any]]) -> Done:
    """Does it, and keeps how everything of these students was before."""
    before = pictures(by, what.students)
    found = do()
    after = pictures(by, what.students)
    changes = {pk: steps(before[pk], after[pk]) for pk in what.students}
    kept = DoneTogether.objects.create(
        org_id=by.org_id, group_id=what.group_id, deed=what.deed, on=what.on, changes=changes,
        seen=_looks(by, after, changes, what.on), member_id=by.member_id, done_at=by.at,
    )  # fmt: skip
    return Done(kept.pk, found)


def _looks(
    by: Actor, found: Mapping[int, Picture], changes: Mapping[int, list[Step]], since: date
) -> dict[int, dict[str, str]]:
    marks = marks_seen(by, {pk: groups_to_watch(done) for pk, done in changes.items()}, since)
    return {pk: seen(picture) | {"mark": marks[pk]} for pk, picture in found.items()}


def _check_unchanged(by: Actor, row: DoneTogether, changes: Mapping[int, list[Step]]) -> None:
    looks = _looks(by, pictures(by, list(changes)), changes, row.on)
    for student_id, now in sorted(looks.items()):
        if what := changed_since(row.seen[str(student_id)], now):
            student: Student = Student.objects.visible_to(by).one(pk=student_id)
            raise CannotBe(name=student.full_name, why=ChangedSince(what=WHAT[what]))


def _put_back(by: Actor, done: list[Step], since: date) -> None:
    """What was made goes, the last first; then all else is as it was."""
    take_away_prices(by, done)
    of_membership = [step for step in done if step.table == "membership"]
    memberships.put_memberships_back(
        by.trusted(), gone=[step.id for step in of_membership if step.was is None],
        was={step.id: values_of(step.table, step.differs) for step in of_membership if step.was is not None},
        since=since,
    )  # fmt: skip
    for step in done:
        if step.table == "pause" and step.was is None:
            memberships.remove_pause(by.trusted(), suspension_id=step.id)
        elif step.table == "pause":
            memberships.put_pause_back(by.trusted(), suspension_id=step.id, was=values_of(step.table, step.differs))
    put_prices_back(by, done)


def _chosen(by: Actor, enrolment_ids: Collection[int]) -> list[Enrolment]:
    """In one order for everybody who locks them; their accounts too, so that nothing of theirs changes meanwhile."""
    if not enrolment_ids:
        raise NobodyChosen
    rows = memberships.hold_memberships(by.trusted(), set(enrolment_ids))
    if len(rows) < len(set(enrolment_ids)):
        raise NotFound
    ledger.hold_accounts(by.trusted(), student_ids={row.student_id for row in rows})
    return rows


def _named(each: Callable[[Enrolment], Any]) -> Callable[[Enrolment], Any]:
    """The same for one of several: a refusal says of whom it is."""

    def run(row: Enrolment) -> Any:
        try:
            return each(row)
        except (ReasonToDeclineMissing, ReasonToGiveMissing):
            raise  # it is given for all of them
        except Refusal as refusal:
            raise CannotBe(name=row.student.full_name, why=refusal) from refusal

    return run
