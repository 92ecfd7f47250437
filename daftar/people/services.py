"""Verbs on people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from daftar.lib.errors import Refusal
from daftar.lib.phone import digits, read_phone
from daftar.lib.text import search_key, sort_key
from daftar.orgs import access
from daftar.orgs.access import Actor, change, publish, verb
from daftar.orgs.models import Branch
from daftar.people.events import FamiliesChanged
from daftar.people.models import Contact, ContactKind, Payer, Stage, Student

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date


class NameMissing(Refusal):
    """A student without a name could not be found again."""

    field = "full_name"
    text = _("Write the student's name.")


class BirthdayAhead(Refusal):
    """Born tomorrow."""

    field = "born_on"
    text = _("The birthday lies in the future.")


class BranchInOtherCurrency(Refusal):
    """A student's money is kept in the currency of the branch."""

    field = "branch_id"
    text = _("That branch keeps its money in another currency.")


@dataclass(frozen=True)
class NewStudent:
    """What is known of a student to be added; used one by one and in bulk."""

    full_name: str
    branch_id: int
    born_on: date | None = None
    payer_name: str = ""
    phones: tuple[str, ...] = ()
    email: str = ""
    source: str = ""
    study_status: str = ""
    note: str = ""
    extra: tuple[tuple[str, str], ...] = ()
    import_key: str | None = None


@verb("people.edit")
def add_student(
    by: Actor, *, full_name: str, branch_id: int, born_on: date | None = None, payer_name: str = "", phone: str = "",
    email: str = "", source: str = "", note: str = "",
) -> Student:  # fmt: skip
    """A new student of a branch, with a payer and contacts if they are known."""
    fresh = NewStudent(
        full_name=full_name, branch_id=branch_id, born_on=born_on, payer_name=payer_name,
        phones=(phone,) if phone.strip() else (), email=email, source=source, note=note,
    )  # fmt: skip
    student = _add_all(by, [fresh])[0]
    now = {"full_name": student.full_name, "payer": payer_name, "phone": phone, "email": email}
    access.note(by, student, was=None, now=now)
    return student


@verb("people.edit")
def add_students(by: Actor, *, students: Sequence[NewStudent]) -> list[Student]:
    """Many new students at once, in their order; the number of statements does not grow with theirs."""
    rows = _add_all(by, students)
    if rows:
        access.note(by, rows[0], was=None, now={"students": len(rows)})
    return rows


@verb("people.edit")
def edit_student(
    by: Actor, *, student_id: int, full_name: str, branch_id: int, born_on: date | None, payer_name: str, phone: str,
    email: str, source: str, note: str,
) -> Student:  # fmt: skip
    """Changes what is known of a student; the first phone and e-mail are replaced, further ones stay."""
    rows = Student.objects.visible_to(by).select_for_update(of=("self",), no_key=True).select_related("branch")
    student: Student = rows.one(pk=student_id)
    branch = Branch.objects.visible_to(by).one(pk=branch_id)
    if branch.currency != student.branch.currency:
        raise BranchInOtherCurrency
    _check(by, full_name, born_on)
    payers, had = _payers(by, [payer_name]), student.payer_id
    change(
        by, student, full_name=full_name.strip(), sort_key=sort_key(full_name), search_key=search_key(full_name),
        branch_id=branch.pk, born_on=born_on, payer=payers.get(payer_name.strip()), source=source, note=note,
    )  # fmt: skip
    if student.payer_id != had:
        publish(by, FamiliesChanged((student_id,), () if had is None else (had,)))
    if by.may("people.see_contacts"):
        _replace_contact(by, student, ContactKind.MOBILE, phone, region_of(branch))
        _replace_contact(by, student, ContactKind.EMAIL, email, "")
    return student


@verb("people.edit")
def take_back_students(by: Actor, *, student_ids: Collection[int], on: date) -> None:
    """Archives people who came by mistake; the file that brought them may bring them again."""
    rows = Student.objects.visible_to(by).filter(pk__in=student_ids)
    rows.update(archived_on=on, import_key=None)


def _check(by: Actor, full_name: str, born_on: date | None) -> None:
    if not full_name.strip():
        raise NameMissing
    if born_on is not None and born_on > by.today:
        raise BirthdayAhead


def _add_all(by: Actor, students: Sequence[NewStudent]) -> list[Student]:
    for fresh in students:
        _check(by, fresh.full_name, fresh.born_on)
    branches = {branch.pk: branch for branch in Branch.objects.visible_to(by)}
    for branch_id in {fresh.branch_id for fresh in students} - branches.keys():
        Branch.objects.visible_to(by).one(pk=branch_id)
    payers = _payers(by, [fresh.payer_name for fresh in students])
    rows = Student.objects.bulk_create(
        [
            Student(
                org_id=by.org_id, branch_id=fresh.branch_id, full_name=fresh.full_name.strip(),
                sort_key=sort_key(fresh.full_name), search_key=search_key(fresh.full_name), stage=Stage.CLIENT,
                born_on=fresh.born_on, payer=payers.get(fresh.payer_name.strip()), source=fresh.source,
                study_status=fresh.study_status, note=fresh.note, extra=dict(fresh.extra),
                import_key=fresh.import_key, added_at=by.at,
            )
            for fresh in students
        ],
        batch_size=2000,
    )  # fmt: skip
    contacts = [
        contact
        for row, fresh in zip(rows, students, strict=True)
        for contact in _contacts(row, fresh, region_of(branches[fresh.branch_id]))
    ]
    Contact.objects.bulk_create(contacts, batch_size=2000)
    return rows


def _contacts(student: Student, fresh: NewStudent, region: str) -> list[Contact]:
    phones = [phone_contact(student, raw, region) for raw in dict.fromkeys(fresh.phones)]
    return phones + ([email_contact(student, fresh.email)] if fresh.email.strip() else [])


def phone_contact(student: Student, raw: str, region: str) -> Contact:
    """An unsaved contact of a phone as typed, understood as far as it can be."""
    phone = read_phone(raw, region)
    typed = digits(phone.e164 or raw)
    return Contact(
        org_id=student.org_id, student=student, kind=ContactKind.MOBILE, raw=raw.strip(), value=phone.e164 or "",
        digits=typed, last4=typed[-4:],
    )  # fmt: skip


def email_contact(student: Student, raw: str) -> Contact:
    """An unsaved contact of an e-mail address."""
    address = raw.strip()
    return Contact(org_id=student.org_id, student=student, kind=ContactKind.EMAIL, raw=address, value=address)


def _replace_contact(by: Actor, student: Student, kind: ContactKind, raw: str, region: str) -> None:
    rows = Contact.objects.visible_to(by).filter(student=student, kind=kind).order_by("id")
    old = rows.first()
    if raw.strip() == (old.raw if old else ""):
        return
    if old is not None:
        old.delete()
    if raw.strip():
        fresh = phone_contact(student, raw, region) if kind == ContactKind.MOBILE else email_contact(student, raw)
        if not rows.filter(raw=fresh.raw).exists():
            fresh.save(force_insert=True)
    access.note(by, student, was={str(kind): old.raw if old else None}, now={str(kind): raw.strip() or None})


def _payers(by: Actor, names: Sequence[str]) -> dict[str, Payer]:
    """Payers by name; one that is not known yet is added."""
    wanted = {name.strip() for name in names if name.strip()}
    known: dict[str, Payer] = {
        row.name: row for row in Payer.objects.visible_to(by).filter(name__in=wanted).order_by("-id")
    }
    fresh = Payer.objects.bulk_create(
        [Payer(org_id=by.org_id, name=name) for name in sorted(wanted - known.keys())], batch_size=2000
    )
    return known | {payer.name: payer for payer in fresh}


_REGIONS: dict[str, Any] = {"UZS": "UZ", "RUB": "RU", "PLN": "PL", "EUR": "IT", "KZT": "KZ"}


def region_of(branch: Branch) -> str:
    """Where a phone without a country code is at home, by the branch's currency."""
    return str(_REGIONS.get(branch.currency, "UZ"))
