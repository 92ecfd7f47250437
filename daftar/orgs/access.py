"""Who acts, and the only ways to act: `@verb` changes, `@question` reads.

A verb is one function, one permission, one transaction and one audit row. A verb called by another verb with
`by.trusted()` adds to the outer row and is not asked for its permission.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar, Concatenate, ParamSpec, Protocol, TypeVar, cast
from zoneinfo import ZoneInfo

from django.db import IntegrityError, connection, models, transaction

from daftar.lib.errors import Forbidden, refusal_for
from daftar.orgs.models import TenantModel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date, datetime

P = ParamSpec("P")
R = TypeVar("R")
Row = TypeVar("Row", bound=TenantModel)


@dataclass(frozen=True)
class Actor:
    """Who acts, for which organization, with which rights, at which moment."""

    org_id: int
    org_slug: str
    org_name: str
    user_id: int | None
    member_id: int | None
    name: str
    permissions: frozenset[str]
    branch_ids: frozenset[int] | None
    at: datetime
    timezone: str
    language: str
    is_trusted: bool = False
    notes: list[dict[str, Any]] | None = field(default=None, compare=False, repr=False)

    @property
    def today(self) -> date:
        """The date where the actor stands."""
        return self.at.astimezone(ZoneInfo(self.timezone)).date()

    def may(self, code: str) -> bool:
        """Whether the actor has the permission."""
        return self.is_trusted or code in self.permissions

    def must(self, code: str) -> None:
        """Forbidden unless the actor has the permission."""
        if not self.may(code):
            raise Forbidden(code)

    def trusted(self) -> Actor:
        """The same actor inside a verb whose own permission already counted."""
        return replace(self, is_trusted=True)


class Event(Protocol):
    """A fact announced: a frozen dataclass of ids and plain values."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


class Job(Protocol):
    """A background task that can be deferred within the transaction."""

    def defer(self, **arguments: Any) -> Any: ...


_now: dict[type, Callable[..., Any]] = {}
_later: dict[type, Sequence[Job]] = {}


def install_reactions(now: Mapping[type, Callable[..., Any]], later: Mapping[type, Sequence[Job]]) -> None:
    """Makes these the reactions to announced facts; called once at start."""
    _now.clear()
    _now.update(now)
    _later.clear()
    _later.update(later)


def publish(by: Actor, event: Event) -> None:
    """Announces a fact: its NOW reaction runs here, its LATER jobs are deferred in the same transaction."""
    if reaction := _now.get(type(event)):
        # A reaction follows the facts, not what the actor may see.
        reaction(replace(by.trusted(), branch_ids=None), **asdict(event))
    for job in _later.get(type(event), ()):
        job.defer(org_id=by.org_id, **asdict(event))


def verb(code: str) -> Callable[[Callable[Concatenate[Actor, P], R]], Callable[Concatenate[Actor, P], R]]:
    """Makes a function something that can be done: checked, in one transaction, with one audit row."""

    def decorate(function: Callable[Concatenate[Actor, P], R]) -> Callable[Concatenate[Actor, P], R]:
        @wraps(function)
        def run(by: Actor, *args: P.args, **kwargs: P.kwargs) -> R:
            by.must(code)
            if by.notes is not None:
                # What is charged and posted stands or falls with the deed that asks for it: no savepoint of its own.
                with transaction.atomic(savepoint=not code.startswith(("ledger.", "tuition.charge"))):
                    return function(by, *args, **kwargs)
            notes: list[dict[str, Any]] = []
            with _clashes_said(), transaction.atomic():
                result = function(replace(by, notes=notes), *args, **kwargs)
                if notes:
                    _record(by, f"{code.split('.', maxsplit=1)[0]}.{function.__name__}", notes)
            return result

        run.permission = code  # type: ignore[attr-defined] # read by the tests of the architecture
        return cast("Callable[Concatenate[Actor, P], R]", run)

    return decorate


def question(code: str) -> Callable[[Callable[Concatenate[Actor, P], R]], Callable[Concatenate[Actor, P], R]]:
    """Makes a function something that may be asked by those with the permission; it writes nothing."""

    def decorate(function: Callable[Concatenate[Actor, P], R]) -> Callable[Concatenate[Actor, P], R]:
        @wraps(function)
        def ask(by: Actor, *args: P.args, **kwargs: P.kwargs) -> R:
            by.must(code)
            return function(by, *args, **kwargs)

        ask.permission = code  # type: ignore[attr-defined] # read by the tests of the architecture
        return cast("Callable[Concatenate[Actor, P], R]", ask)

    return decorate


@contextmanager
def _clashes_said() -> Iterator[None]:
    """Two at once may both pass a check; the database lets one through, and the other is told what the check says."""
    try:
        yield
    except IntegrityError as clash:
        constraint = getattr(getattr(clash.__cause__, "diag", None), "constraint_name", None)
        refusal = refusal_for(constraint)
        if refusal is None:
            raise
        raise refusal from clash


def add(by: Actor, model: type[Row], **values: Any) -> Row:
    """A new row of the actor's organization, noted for the audit."""
    row: Row = model.objects.create(org_id=by.org_id, **values)
    note(by, row, was=None, now=values)
    return row


def change(by: Actor, row: TenantModel, **values: Any) -> None:
    """Sets and saves what differs, and notes old and new."""
    was = {name: getattr(row, name) for name, value in values.items() if getattr(row, name) != value}
    if not was:
        return
    now = {name: values[name] for name in was}
    for name, value in now.items():
        setattr(row, name, value)
    row.save(update_fields=list(now))
    note(by, row, was=was, now=now)


def note(by: Actor, row: TenantModel, *, was: Mapping[str, Any] | None, now: Mapping[str, Any]) -> None:
    """Adds what happened to a row to the audit row of the verb under way."""
    if by.notes is None:
        raise RuntimeError(f"{row} was changed outside a verb")
    by.notes.append(
        {
            "row": type(row).__name__.lower(),
            "id": row.pk,
            "name": str(row),
            "branch": _branch_of(row),
            "group": _group_of(row),
            "was": None if was is None else {name: _plain(value) for name, value in was.items()},
            "now": {name: _plain(value) for name, value in now.items()},
        }
    )


def _branch_of(row: models.Model) -> int | None:
    """The branch a row belongs to, by the path its model names."""
    path = getattr(row, "branch_path", None)
    at: Any = row
    for step in path.split("__") if path else ():
        at = getattr(at, step, None)
    return at if isinstance(at, int) else None


def _group_of(row: models.Model) -> int | None:
    """The group a row is, or belongs to by itself or by its lesson: as such keys are named everywhere."""
    if row._meta.model_name == "group":
        return cast("int", row.pk)
    own = getattr(row, "group_id", None)
    if own is None and getattr(row, "lesson_id", None) is not None:
        own = getattr(getattr(row, "lesson", None), "group_id", None)
    return own if isinstance(own, int) else None


def _plain(value: Any) -> Any:
    if isinstance(value, models.Model):
        return str(value)
    return value if value is None or isinstance(value, bool | int | str | list | dict) else str(value)


# The audit row and, of groups it is about, theirs: every verb writes it, so it is one statement and no models.
RECORD = """
    WITH entry AS (
        INSERT INTO daftar_auditentry (org_id, at, branch_id, member_id, actor, verb, subject, changes)
        VALUES (
            %(org)s, %(at)s, %(branch)s, %(member)s, %(actor)s, %(verb)s, %(subject)s, %(changes)s::jsonb
        )
        RETURNING id
    )
    INSERT INTO daftar_groupdeed (org_id, entry_id, branch_id, group_id, kind)
    SELECT %(org)s, entry.id, %(branch)s, "group".key::bigint, "group".value
    FROM entry, json_each_text(%(groups)s::json) AS "group"
"""


def _record(by: Actor, verb_name: str, notes: list[dict[str, Any]]) -> None:
    first = notes[0]
    # Which groups it is about stands in rows of its own, not in what the audit row keeps.
    kinds: dict[int, str] = {}
    for each in notes:
        if group_id := each.pop("group", None):
            kinds.setdefault(group_id, each["row"])
    values = {
        "org": by.org_id, "at": by.at, "member": by.member_id, "actor": by.name, "verb": verb_name,
        "subject": f"{first['row']}:{first['id']}", "changes": json.dumps(notes), "groups": json.dumps(kinds),
        "branch": next((each["branch"] for each in notes if each.get("branch")), None),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(RECORD, values)
