"""Files for lessons, groups and topics: verbs on them, and what may be asked. The bytes: `daftar.lib.store`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from daftar.attendance.models import Material
from daftar.attendance.queries import get_lesson
from daftar.attendance.rules import FILE_KINDS, begins_as_named, file_kind
from daftar.courses.models import Group, Lesson, Topic
from daftar.courses.queries import get_group
from daftar.lib import store
from daftar.lib.errors import NotFound, Refusal
from daftar.orgs.access import Actor, add, change, question, verb

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

LARGEST = 20 * 1024 * 1024
MOST_FILES, CHUNK, LONGEST_NAME = 100, 64 * 1024, 200


class FileKindUnknown(Refusal):
    field = "file"
    text = _("Files of this kind are not taken. These are: %(kinds)s.")


class FileNotAsNamed(Refusal):
    field = "file"
    text = _("This file is not what its name says. Save it anew from the program it was made in.")


class FileTooHeavy(Refusal):
    field = "file"
    text = _("The file is larger than 20 MB.")


class FileIsEmpty(Refusal):
    field = "file"
    text = _("This file is empty.")


class TooManyFiles(Refusal):
    field = "file"
    text = _("There are 100 files here already. Take some away first.")


@dataclass(frozen=True)
class Upload:
    """A file as it was sent."""

    name: str
    size: int
    content: BinaryIO


@verb("attendance.edit_materials")
def add_lesson_file(by: Actor, *, lesson_id: int, file: Upload) -> Material:
    """A file of the homework of a lesson."""
    lesson = get_lesson(by.trusted() if by.may("courses.see_all") else by, lesson_id)
    return _add(by, {"lesson_id": lesson.pk, "branch_id": lesson.branch_id}, file)


@verb("attendance.edit_materials")
def add_group_file(by: Actor, *, group_id: int, file: Upload) -> Material:
    """A file for all of a group."""
    group: Group = Group.objects.visible_to(by).one(pk=group_id)
    return _add(by, {"group_id": group.pk, "branch_id": group.branch_id}, file)


@verb("courses.edit")
def add_topic_file(by: Actor, *, topic_id: int, file: Upload) -> Material:
    """A file for every group that is taught the topic."""
    topic: Topic = Topic.objects.visible_to(by).one(pk=topic_id)
    return _add(by, {"topic_id": topic.pk}, file)


@verb("attendance.edit_materials")
def remove_material(by: Actor, *, material_id: int) -> Material:
    """Takes a file away; it can be brought back."""
    row = _locked(by, material_id)
    change(by, row, removed_at=row.removed_at or by.at)
    return row


@verb("attendance.edit_materials")
def restore_material(by: Actor, *, material_id: int) -> Material:
    """Brings a file back."""
    row = _locked(by, material_id)
    change(by, row, removed_at=None)
    return row


def _locked(by: Actor, material_id: int) -> Material:
    row: Material = _seen(by).select_for_update(of=("self",), no_key=True).one(pk=material_id)
    if row.topic_id is not None:
        by.must("courses.edit")
    return row


def _add(by: Actor, whose: dict[str, int], file: Upload) -> Material:
    # The last part of a path, without what no screen shows: such signs can make a name look like another.
    name = "".join(sign for sign in re.split(r"[/\\]", file.name)[-1] if sign.isprintable()).strip()
    kind = file_kind(name)
    if not kind:
        raise FileKindUnknown(kinds=", ".join(FILE_KINDS))
    begins = file.content.read(CHUNK)
    if not begins:
        raise FileIsEmpty
    if file.size > LARGEST:
        raise FileTooHeavy
    if not begins_as_named(name, begins):
        raise FileNotAsNamed
    here = {key: value for key, value in whose.items() if key != "branch_id"}
    if Material.objects.visible_to(by).filter(removed_at=None, **here).count() >= MOST_FILES:
        raise TooManyFiles
    sha256, size = store.keep(_folder(by), _limited(begins, file.content))
    return add(
        by, Material, name=_short(name, kind), size=size, sha256=sha256, member_id=by.member_id, added_at=by.at, **whose
    )


def _limited(begins: bytes, content: BinaryIO) -> Iterable[bytes]:
    """All of a file; refused as soon as it is larger than it may be, whatever it said."""
    size, chunk = 0, begins
    while chunk:
        size += len(chunk)
        if size > LARGEST:
            raise FileTooHeavy
        yield chunk
        chunk = content.read(CHUNK)


def _short(name: str, kind: str) -> str:
    """A name that fits, its end kept."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - len(kind) - 2]}….{kind}"


def _folder(by: Actor) -> Path:
    """One folder for each organization: nobody learns from a size or a hash what another keeps."""
    return Path(settings.MEDIA_ROOT) / str(by.org_id)


def _seen(by: Actor) -> Any:
    """The files of plans, of groups the actor sees, and of lessons of those or given as a substitute."""
    rows = Material.objects.visible_to(by)
    if by.may("courses.see_all"):
        return rows
    groups = Group.objects.visible_to(by)
    lessons = Lesson.objects.visible_to(by).filter(Q(group__in=groups) | Q(teacher_id=by.member_id))
    return rows.filter(Q(topic__isnull=False) | Q(group__in=groups) | Q(lesson__in=lessons))


# --- what may be asked ----------------------------------------------------------------------------------------------


@question("courses.view")
def get_material(by: Actor, material_id: int) -> Material:
    """The file's row with what it is for, one that was taken away too; NotFound where the actor may not see that."""
    row: Material = (
        _seen(by)
        .select_related("lesson__group", "lesson__student", "lesson__course", "group", "topic__course")
        .one(pk=material_id)
    )
    return row


@question("courses.view")
def content_of(by: Actor, material: Material) -> BinaryIO:
    """The bytes of a file that stands; NotFound when it was taken away, or its bytes are not on this disk."""
    content = None if material.removed_at is not None else store.opened(_folder(by), material.sha256)
    if content is None:
        raise NotFound
    return content


@question("courses.view")
def files_of_topic(by: Actor, topic_id: int) -> list[Material]:
    """The files of a topic by name."""
    return list(_standing(by).filter(topic_id=topic_id).order_by("name", "id"))


@question("courses.view")
def ids_of_topic_files(by: Actor, topic_ids: Collection[int]) -> list[int]:
    """The files that these topics have or had."""
    return list(_seen(by).filter(topic_id__in=topic_ids).values_list("pk", flat=True))


@question("courses.view")
def files_of_lesson(by: Actor, lesson_id: int) -> list[Material]:
    """The homework files of a lesson by name."""
    return list(_standing(by).filter(lesson_id=lesson_id).order_by("name", "id"))


@dataclass(frozen=True)
class GroupFiles:
    """All files a group works with: its own, the homework of its lessons (the latest first), and those of its plan."""

    own: list[Material]
    lessons: list[Material]
    topics: list[Material]


@question("courses.view")
def files_of_group(by: Actor, group_id: int) -> GroupFiles:
    """The files of a group; NotFound when it is invisible."""
    group = get_group(by, group_id)
    rows = _standing(by).select_related("lesson", "topic").order_by("name", "id")
    lessons = rows.filter(lesson__group_id=group_id).order_by("-lesson__starts_at", "name", "id")
    topics = rows.filter(topic__course_id=group.course_id, topic__place__isnull=False)
    return GroupFiles(
        list(rows.filter(group_id=group_id)), list(lessons), list(topics.order_by("topic__place", "name", "id"))
    )


def _standing(by: Actor) -> Any:
    return _seen(by).filter(removed_at=None)
