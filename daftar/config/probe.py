"""Two centres that mirror each other, for probing: rows of every table in every branch, a canary in every text.

A canary is a word that nobody else would write. Where one shows to somebody it does not belong to, something leaks.
A new model gets its rows by a line in a function below, or a function of its own in BRANCH; `gaps` names what lacks.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.apps import apps
from django.db import models

from daftar.attendance.announced import announce_absence
from daftar.attendance.cells import Wish, mark_cells
from daftar.attendance.makeups import add_guest
from daftar.attendance.models import MakeUp
from daftar.attendance.nudges import nudge_teacher
from daftar.attendance.outbox import receive_lesson
from daftar.attendance.queries import reasons
from daftar.attendance.rules import Cell
from daftar.attendance.services import conduct_lesson
from daftar.config.probe_learning import fill_learning
from daftar.config.probe_prices import fill_prices
from daftar.contracts.services import ContractTerms, add_contract
from daftar.courses import services as courses
from daftar.courses.catalogue import add_course, add_room
from daftar.courses.feeds import open_feed
from daftar.courses.models import Group, Lesson
from daftar.courses.rules import PlanKind
from daftar.courses.schedules import Schedule
from daftar.courses.topics import add_topics, edit_topic
from daftar.courses.waiting import put_on_waiting_list
from daftar.finance import services as finance
from daftar.finance.models import Desk
from daftar.finance.services import open_desk, promise, reverse_payment, take_payment
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs import services as orgs
from daftar.orgs.founding import found
from daftar.orgs.kept import keep_view
from daftar.orgs.models import AuditEntry, Branch, Member, Organization, Role, TenantModel, User
from daftar.orgs.queries import actor_for, places_of, settled
from daftar.people import services as people
from daftar.transfer import services as transfer
from daftar.transfer.groups import from_json
from daftar.transfer.rules import Field
from daftar.tuition.services import enrol_active

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from daftar.orgs.access import Actor

ROLES = ("owner", "administrator", "cashier", "teacher")
FEWEST = 2
# Of these there cannot be two in a centre, or in a branch.
ONE_EACH = {"Organization", "ReceiptCounter", "Books"}
# Texts that nobody writes: the program does, or they are chosen from a list. What is not here needs a canary.
WRITTEN_BY_NOBODY = {
    "User.password", "Organization.slug", "Organization.currency", "Branch.timezone", "Branch.currency",
    "Branch.language", "Course.currency", "Account.currency", "AuditEntry.verb", "AuditEntry.subject",
    "AbsenceReason.name", "Transfer.charge_key", "Transfer.why", "Contact.last4", "Contact.digits",
    "Student.search_key", "Student.import_key", "Contact.owner",
    "Import.content_hash", "Import.encoding", "Import.delimiter", "Import.date_order",
    "Tariff.currency", "CreditDeclined.key", "CreditGiven.key", "Contract.lesson_type", "KeptView.of",
    "LessonType.icon", "Import.fields", "ImportRow.verdict", "Door.hash", "Invitation.nonce", "Feed.nonce",
    "Invitation.language", "Material.sha256", "GroupDeed.kind", "User.language", "Branch.nudge_site",
    "DoneTogether.seen",
}  # fmt: skip


@dataclass(frozen=True)
class Login:
    """How someone of a centre signs in; `branch`: the only branch he or she works in."""

    role: str
    email: str
    branch: int | None = None


@dataclass
class Probe:
    """A centre: who acts in it, who signs in, its canaries, and ids by the names that addresses and forms use."""

    by: Actor
    slug: str
    password: str
    team: list[Login] = field(default_factory=list)
    ids: dict[str, int] = field(default_factory=dict)
    # Whose each canary is: a branch, or the centre as a whole.
    canaries: dict[str, int | None] = field(default_factory=dict)
    branch: int | None = None

    @property
    def canary(self) -> str:
        """What all canaries of the centre begin with."""
        return f"Zq{re.sub('[^a-z]', '', self.slug)}"

    @property
    def logins(self) -> dict[str, str]:
        """The e-mail of each role that works in all branches."""
        return {login.role: login.email for login in self.team if login.branch is None}

    def text(self, word: str = "") -> str:
        """A text with a fresh canary."""
        canary = f"{self.canary}{len(self.canaries) + 1:03d}"
        self.canaries[canary] = self.branch
        return f"{canary} {word}".strip()

    def email(self, name: str) -> str:
        """An address with a fresh canary."""
        return f"{name}.{self.text()}@{self.slug}.example".lower()

    def keep(self, **ids: int) -> None:
        """Remembers ids by name; those of the first branch stay."""
        self.ids = ids | self.ids


def make_probe(slug: str, *, at: datetime, password: str) -> Probe:
    """A centre of two branches with everything in it, made by calling the verbs; the same for every slug."""
    probe = _found(slug, at, password)
    with tenant_transaction(probe.by.org_id):
        owner = _owner(probe)
        _team(probe, owner)
        for branch in Branch.objects.visible_to(probe.by).order_by("id"):
            probe.branch = branch.pk
            probe.keep(branch_id=branch.pk, branch_ids=branch.pk)
            for fill in BRANCH:
                fill(probe, owner, branch)
        probe.branch = None
        probe.keep(before=AuditEntry.objects.visible_to(probe.by).order_by("-id")[0].pk)
    return probe


def _found(slug: str, at: datetime, password: str) -> Probe:
    draft = Probe(None, slug, password)  # type: ignore[arg-type] # nobody acts before the centre is there
    name, branch, owner, email = draft.text("centre"), draft.text("first"), draft.text("Aziza"), draft.email("owner")
    draft.by = found(
        slug=slug, name=name, currency="UZS", timezone="Asia/Tashkent", language="en", branch=branch, owner=owner,
        email=email, password=password, at=at, is_demo=True,
    )  # fmt: skip
    draft.team.append(Login("owner", email))
    return draft


def _owner(probe: Probe) -> Actor:
    user = User.objects.get(email=probe.logins["owner"])
    actor, member = actor_for(user.pk, probe.slug, "en")
    return replace(settled(actor, member, places_of(actor, member)), at=probe.by.at)


def _team(probe: Probe, owner: Actor) -> None:
    """One of each role, and the second branch; addresses of both branches."""
    for role in ROLES[1:]:
        email = probe.email(role)
        member = orgs.add_member(owner, name=probe.text(role), role=role, email=email, password=probe.password)
        nudge_teacher(owner, member_id=member.pk, on=owner.today, site="http://127.0.0.1:8000")
        probe.team.append(Login(role, email))
        probe.keep(**({"member_id": member.pk} if role == "cashier" else {}))
        probe.keep(**({"teacher_id": member.pk} if role == "teacher" else {}))
    _access(probe, owner)
    orgs.add_branch(owner, name=probe.text("second"), timezone="Asia/Tashkent", currency="UZS", language="en")
    for branch in Branch.objects.visible_to(owner).order_by("id"):
        probe.branch = branch.pk
        orgs.edit_branch(
            owner, branch_id=branch.pk, name=branch.name, language="en", address=probe.text("street"),
            phone=probe.text("+998"),
        )  # fmt: skip
    probe.branch = None


def _access(probe: Probe, owner: Actor) -> None:
    """Roles of the centre's own, and people who were invited and have not come yet."""
    cashier = Role.objects.visible_to(owner).get(code="cashier").pk
    for _ in range(FEWEST):
        role = orgs.add_role(owner, name=probe.text("role"), copy_of=cashier)
        invitation = orgs.invite(
            owner, email=probe.email("invited"), name=probe.text("invited"), role="teacher", branch_ids=(),
            site="http://127.0.0.1:8000",
        )  # fmt: skip
        probe.keep(role=cashier, role_id=role.pk, copy_of=role.pk, invitation_id=invitation.pk)


def _members(probe: Probe, owner: Actor, branch: Branch) -> None:
    """Those who work in this branch only."""
    for role in ("administrator", "teacher"):
        email, name = probe.email(role), probe.text(role)
        orgs.add_member(owner, name=name, role=role, email=email, password=probe.password, branch_ids=[branch.pk])
        probe.team.append(Login(role, email, branch.pk))


def _students(probe: Probe, owner: Actor, branch: Branch) -> None:
    for name in ("student", "other_student", "free_student"):
        probe.ids[f"{name}@{branch.pk}"] = people.add_student(
            owner, full_name=probe.text("Farhod"), branch_id=branch.pk, born_on=date(2010, 5, 1),
            payer_name=probe.text("payer"), phone=f"+99890{len(probe.canaries):03d}{probe.by.org_id % 10000:04d}",
            email=probe.email("mail"), source=probe.text("source"), note=probe.text("note"),
        ).pk  # fmt: skip
        probe.keep(**{name: probe.ids[f"{name}@{branch.pk}"]})
    probe.keep(student_id=probe.ids["student"])


def _groups(probe: Probe, owner: Actor, branch: Branch) -> None:
    """Two groups, one charged per lesson and one per month: an active student and one on trial in each."""
    ids, today = probe.ids, owner.today
    first = today - timedelta(days=20)
    for place, plan in enumerate((PlanKind.PER_LESSON, PlanKind.CALENDAR_MONTH)):
        course = add_course(
            owner, name=probe.text("English"), plan=plan, currency="UZS", price=5_000_000,
            subject=probe.text("subject"), level=probe.text("level"),
        )  # fmt: skip
        room = add_room(owner, branch_id=branch.pk, name=probe.text("room"), capacity=12)
        group = courses.add_group(
            owner, branch_id=branch.pk, name=probe.text("group"), course_id=course.pk, starts_on=first,
            last_on=today + timedelta(days=60), schedule=Schedule((1, 2, 3, 4, 5, 6, 7), time(14 + 2 * place)),
            teacher_id=ids["teacher_id"], room_id=room.pk, capacity=12,
        )  # fmt: skip
        student_id, other_id = ids[f"student@{branch.pk}"], ids[f"other_student@{branch.pk}"]
        enrol_active(owner, student_id=student_id, group_id=group.pk, starts_on=first)
        trial = courses.enrol_student(owner, student_id=other_id, group_id=group.pk, starts_on=today)
        probe.keep(course_id=course.pk, room_id=room.pk, group_id=group.pk, enrolment_id=trial.pk)
        _topics(probe, owner, course.pk)
        _lessons(probe, owner, group.pk, student_id)


def _topics(probe: Probe, owner: Actor, course_id: int) -> None:
    """A plan of two topics, the second with all that a topic can say."""
    for row in add_topics(owner, course_id=course_id, lines="\n".join(probe.text("topic") for _ in range(FEWEST))):
        said = {"contents": probe.text("done"), "homework": probe.text("home")}
        edit_topic(owner, topic_id=row.pk, title=row.title, **said)
        probe.keep(topic_id=row.pk, plan_topic_id=row.pk)


def _lessons(probe: Probe, owner: Actor, group_id: int, student_id: int) -> None:
    """Yesterday's lesson, missed for a reason, and today's, which nobody marked by hand and so nobody may undo."""
    reason = reasons(owner)[0]
    probe.keep(reason=reason.pk, reason_id=reason.pk)
    rows = {row.held_on: row for row in Lesson.objects.visible_to(owner).filter(group_id=group_id)}
    yesterday, today = rows[owner.today - timedelta(days=1)], rows[owner.today]
    conduct_lesson(owner, lesson_id=yesterday.pk, absent={student_id: reason.pk}, topic=probe.text("topic"))
    missed = Cell(is_present=False, reason_id=reason.pk)
    wish = Wish(yesterday.pk, student_id, missed, missed._replace(comment=probe.text("comment")))
    mark_cells(owner, group_id=group_id, wishes=[wish], because=probe.text("because"))
    conduct_lesson(probe.by, lesson_id=today.pk, absent={})
    said: dict[str, Any] = {"topic": probe.text("topic"), "homework": probe.text("homework")}
    for row in (yesterday, today):
        receive_lesson(owner, key=uuid4(), lesson_id=row.pk, marks={}, made_at=owner.at, **said)
    owed = MakeUp.objects.visible_to(owner).get(missed=yesterday)
    tomorrow = rows[owner.today + timedelta(days=1)]
    add_guest(owner, lesson_id=tomorrow.pk, student_id=probe.ids["free_student"])
    free_id = probe.ids["free_student"]
    waits = put_on_waiting_list(owner, group_id=group_id, student_id=free_id, note=probe.text("note"))
    ill = announce_absence(
        owner, student_id=student_id, starts_on=owner.today, last_on=owner.today, note=probe.text("note")
    )
    probe.keep(absence_id=ill.pk)
    keep_view(owner, of="lessons", name=probe.text(f"view {group_id}"), address=probe.text("address"))
    feed = open_feed(owner, of="group", row_id=group_id)
    open_feed(owner, of="student", row_id=student_id)
    probe.keep(lesson_id=today.pk, make_up_id=owed.pk, feed_id=feed.pk, waiting_id=waits.pk)


def _money(probe: Probe, owner: Actor, branch: Branch) -> None:
    """Two payments that stand and two that were undone."""
    for place, method in enumerate(("cash", "card")):
        desk = open_desk(owner, branch_id=branch.pk, name=probe.text("desk"), method=method)
        for undone in (False, True):
            payment = take_payment(
                owner, student_id=probe.ids[f"student@{branch.pk}"], desk_id=desk.pk, amount=50_000 + place,
                paid_on=owner.today, key=probe.text(), note=probe.text("paid"),
            )  # fmt: skip
            if undone:
                reverse_payment(owner, payment_id=payment.pk, reason=probe.text("mistake"))
            probe.keep(desk_id=desk.pk, desk=desk.pk, payment_id=payment.pk)
        probe.keep(**({"to_desk_id": desk.pk} if desk.pk != probe.ids["desk_id"] else {}))
    _other_money(probe, owner, branch)
    # The second takes the place of the first.
    student_id, note = probe.ids[f"student@{branch.pk}"], probe.text("said")
    promise(owner, student_id=student_id, promised_for=owner.today, note=note)
    stands = promise(owner, student_id=student_id, promised_for=owner.today, note=probe.text("said again"))
    probe.keep(promise_id=stands.pk)


def _other_money(probe: Probe, owner: Actor, branch: Branch) -> None:
    """A payment of every other kind, one that was edited, and books that are closed up to long ago."""
    cash, card = (row.pk for row in Desk.objects.visible_to(owner).filter(branch=branch).order_by("-id")[:2])
    student_id, on = probe.ids[f"student@{branch.pk}"], owner.today
    whose: dict[str, Any] = {"student_id": student_id, "paid_on": on}
    finance.refund(owner, desk_id=cash, amount=7, key=probe.text(), note=probe.text("back"), **whose)
    finance.raise_balance(owner, amount=8, key=probe.text(), note=probe.text("up"), **whose)
    finance.lower_balance(owner, amount=9, key=probe.text(), note=probe.text("down"), **whose)
    sale = finance.sell_goods(
        owner,
        desk_id=cash,
        thing=probe.text("book"),
        quantity=2,
        price=70,
        key=probe.text(),
        note=probe.text(),
        **whose,
    )
    finance.move_money(
        owner, desk_id=cash, to_desk_id=card, amount=5, paid_on=on, key=probe.text(), note=probe.text("moved")
    )
    values = {"quantity": 3, "thing": probe.text("books")}
    finance.edit_payment(owner, payment_id=sale.pk, reason=probe.text("counted"), values=values)
    finance.close_books(owner, branch_ids=[branch.pk], closed_until=on - timedelta(days=400))


def _contracts(probe: Probe, owner: Actor, branch: Branch) -> None:
    for place in range(FEWEST):
        terms = ContractTerms(
            owner.today, owner.today + timedelta(days=30), 900_000 + place, probe.text(), note=probe.text("paper")
        )  # fmt: skip
        row = add_contract(owner, student_id=probe.ids[f"student@{branch.pk}"], terms=terms)
        probe.keep(contract_id=row.pk)


def _files(probe: Probe, owner: Actor, branch: Branch) -> None:
    """A checked file with a row of every kind, one group that is here and one that is not; and one taken over."""
    names = [probe.text(name) for name in ("Olim", "Salim")]
    rows = [(names[0], _group_name(probe, owner)), (names[1], "A new one"), (names[0], ""), ("", probe.text())]
    text = "".join(f"{name};{group};{probe.text('12345')};5\n" for name, group in rows)
    fields = [Field.NAME, Field.GROUPS, Field.PHONE, Field.BALANCE]
    checked = _checked(probe, owner, branch, f"{HEADINGS}\n{text}", fields)
    probe.keep(import_id=checked)
    headings = f"Name;Status;Note;{probe.text('heading')}"
    people_ = "".join(";".join(probe.text(word) for word in ("Nodir", "status", "note", "x")) + "\n" for _ in range(2))
    taken = _checked(
        probe, owner, branch, f"{headings}\n{people_}", [Field.NAME, Field.STATUS, Field.NOTE, Field.EXTRA]
    )
    transfer.start_import(owner, import_id=taken)
    transfer.take_rows(owner, import_id=taken)


HEADINGS = "Name;Group;Phone;Balance"


def _group_name(probe: Probe, owner: Actor) -> str:
    group = Group.objects.visible_to(owner).filter(branch_id=probe.branch).order_by("id")[0]
    return str(group.name)


def _checked(probe: Probe, owner: Actor, branch: Branch, text: str, fields: Sequence[Field]) -> int:
    name = f"{probe.text('clients')}.csv"
    row = transfer.begin_import(owner, branch_id=branch.pk, file_name=name, content=text.encode(), opens_on=owner.today)
    row = transfer.choose_columns(owner, import_id=row.pk, fields=fields)
    if row.groups:
        transfer.choose_groups(owner, import_id=row.pk, choices=from_json(row.groups))
    return int(row.pk)


# What fills a branch, in this order.
BRANCH = (_members, _students, _groups, fill_learning, _money, fill_prices, _contracts, _files)


# --- what the file tells ----------------------------------------------------------------------------------------


def own_models() -> list[type[models.Model]]:
    """Every table of Daftar."""
    return list(apps.get_app_config("daftar").get_models())


def document(probes: Sequence[Probe], url: str) -> dict[str, Any]:
    """All that a probe from outside needs to know of these centres."""
    return {"url": url, "centres": [_centre(probe) for probe in probes]}


def _centre(probe: Probe) -> dict[str, Any]:
    with tenant_transaction(probe.by.org_id):
        rows = {model: list(_rows(probe.by, model)) for model in own_models()}
        branches = list(Branch.objects.visible_to(probe.by).order_by("id"))
        return {
            "slug": probe.slug,
            "id": probe.by.org_id,
            "logins": [
                {"role": login.role, "email": login.email, "password": probe.password, "branch": login.branch}
                for login in probe.team
            ],
            "ids": {model.__name__: [row.pk for row in found] for model, found in rows.items()},
            "branches": [{"id": branch.pk, "ids": _of_branch(rows, branch.pk)} for branch in branches],
            "canaries": [place for found in rows.values() for row in found for place in _places(probe, row)],
        }


def _rows(by: Actor, model: type[models.Model]) -> Iterator[Any]:
    """The rows of a table that belong to the centre."""
    if issubclass(model, TenantModel):
        yield from model.objects.visible_to(by).order_by("id")
    elif model is Organization:
        yield Organization.objects.get(pk=by.org_id)
    elif model is User:
        yield from User.objects.filter(pk__in=Member.objects.visible_to(by).values("user_id")).order_by("id")


def _of_branch(rows: dict[type[models.Model], list[Any]], branch_id: int) -> dict[str, list[int]]:
    found = {}
    for model, of_model in rows.items():
        path = getattr(model, "branch_path", None)
        if path is not None and model is not Branch:
            found[model.__name__] = [row.pk for row in of_model if _follow(row, path) == branch_id]
    return found


def _follow(row: Any, path: str) -> Any:
    for step in path.split("__"):
        row = getattr(row, step)
    return row


def texts_of(model: type[models.Model]) -> list[str]:
    """The fields of a table that may hold a text somebody wrote."""
    kinds = (models.CharField, models.TextField, models.JSONField)
    return [each.name for each in model._meta.local_concrete_fields if isinstance(each, kinds) and not each.choices]


def _places(probe: Probe, row: Any) -> Iterator[dict[str, Any]]:
    """Where a row shows canaries, and whose they are. A name that is kept twice is told twice."""
    model = type(row)
    for name in texts_of(model):
        value = json.dumps(getattr(row, name), ensure_ascii=False, default=str)
        for canary in sorted(set(re.findall(rf"{probe.canary}\d{{3}}", value, re.IGNORECASE))):
            known = canary[0].upper() + canary[1:]
            place = {"text": known, "model": model.__name__, "field": name, "id": row.pk}
            yield place | {"centre": probe.slug, "branch": probe.canaries[known]}


def gaps(told: dict[str, Any], tables: Sequence[type[models.Model]] | None = None) -> list[str]:
    """What the file lacks, in words: tables with too few rows in a centre or a branch, texts without a canary."""
    found = []
    for centre in told["centres"]:
        shown = {f"{place['model']}.{place['field']}" for place in centre["canaries"]}
        for model in tables or own_models():
            name = model.__name__
            fewest = 1 if name in ONE_EACH else FEWEST
            if len(centre["ids"].get(name, ())) < fewest:
                found.append(f"{centre['slug']}: {name} has fewer than {fewest} rows")
            found += [
                f"{centre['slug']}: {name} has fewer than {fewest} rows in branch {branch['id']}"
                for branch in centre["branches"]
                if len(branch["ids"].get(name, range(fewest))) < fewest
            ]
            wanted = {f"{name}.{text}" for text in texts_of(model)} - WRITTEN_BY_NOBODY
            found += [f"{centre['slug']}: {text} shows no canary" for text in sorted(wanted - shown)]
    return found
