"""Questions whose SQL Django writes once: asked again with other values, they cost what the database needs.

    @compiled
    def _members(by: Asker, *, group_id: int, on: date) -> Any:
        return Enrolment.objects.visible_to(by).filter(group_id=group_id, starts_on__lte=on).values_list("id")

    rows = _members(by, group_id=7, on=by.today)

The function is run once with placeholders for its values, so it filters by them and asks of them no more than
`is None`. To write a statement costs Django five times what it costs to ask it; where a request asks thirty, that is
most of it.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import wraps
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Concatenate, NamedTuple, ParamSpec

from django.db import connection
from django.db.models import Expression
from django.db.models.query import FlatValuesListIterable, ModelIterable, ValuesListIterable
from django.db.transaction import TransactionManagementError

if TYPE_CHECKING:
    from collections.abc import Callable

    from daftar.lib.tenancy import Asker

P = ParamSpec("P")
AT_ONCE = 5000  # rows that Django takes from the driver at once
ITERABLES: set[Any] = {FlatValuesListIterable, ModelIterable, ValuesListIterable}


class Bind(NamedTuple):
    """Where a value belongs among the parameters of a statement, and what makes it one the driver takes."""

    name: str
    convert: Callable[[Any], Any] | None = None

    def of(self, values: dict[str, Any]) -> Any:
        """The parameter, out of the values by name."""
        value = values[self.name]
        return value if self.convert is None else self.convert(value)


class Placeholder(Expression):
    """Stands for a value while a statement is written."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, _compiler: Any, _connection: Any) -> Any:
        return "%s", [Bind(self.name)]


@dataclass(frozen=True)
class _Anyone:
    """Whoever will ask; nothing else is known of them, so nothing of one asker is written down for others."""

    org_id: Any
    branch_ids: Any


class _Statement:
    """The SQL of a queryset, and how its rows are read."""

    def __init__(self, queryset: Any) -> None:
        self.iterable = queryset._iterable_class  # noqa: SLF001 - Django tells it in no other way
        if self.iterable not in ITERABLES or queryset._prefetch_related_lookups:  # noqa: SLF001 - the same
            raise TypeError("Only rows as models or as values_list can be compiled, and nothing prefetched.")
        self.model, self.compiler = queryset.model, queryset.query.get_compiler("default")
        self.sql, self.params = self.compiler.as_sql()
        self.locks = queryset.query.select_for_update
        # How the columns are read; PostgreSQL's are not of one connection.
        self.converters = self.compiler.get_converters(
            [each[0] for each in self.compiler.select[: self.compiler.col_count]]
        )

    def rows(self, values: dict[str, Any]) -> list[Any]:
        if self.locks and not connection.in_atomic_block:
            raise TransactionManagementError("Rows are locked within a transaction only.")
        params = tuple([each.of(values) if type(each) is Bind else each for each in self.params])
        compiler = copy.copy(self.compiler)
        compiler.connection, compiler.as_sql = connection, lambda: (self.sql, params)
        compiler.get_converters = lambda expressions: self.converters  # noqa: ARG005 - as Django names it
        asked = SimpleNamespace(
            db="default", model=self.model, _known_related_objects={},
            query=SimpleNamespace(get_compiler=lambda using: compiler),  # noqa: ARG005 - as Django names it
        )  # fmt: skip
        return list(self.iterable(asked, chunk_size=AT_ONCE))


def compiled(build: Callable[Concatenate[Asker, P], Any]) -> Callable[Concatenate[Asker, P], list[Any]]:
    """The rows of the queryset that a function makes of who asks and of values by name, as the driver takes them.

    Written once in each process: for whoever sees all branches, for others, and for each set of values that are None.
    """
    written: dict[frozenset[str], _Statement] = {}
    make: Any = build

    @wraps(build)
    def ask(by: Asker, **values: Any) -> list[Any]:
        known = {"org_id": by.org_id, "branch_ids": by.branch_ids, **values}
        absent = frozenset([name for name, value in known.items() if value is None])
        if absent not in written:
            places: Any = {name: None if name in absent else Placeholder(name) for name in known}
            anyone = _Anyone(places.pop("org_id"), places.pop("branch_ids"))
            written[absent] = _Statement(make(anyone, **places))
        return written[absent].rows(known)

    ask.is_compiled = True  # type: ignore[attr-defined] # read by the tests
    return ask  # type: ignore[return-value] # by name only
