"""Two walls between organizations: a queryset that must be told who asks, and the database's row-level security."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db import connection, models, transaction

from daftar.lib.compiled import Placeholder
from daftar.lib.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Row = TypeVar("Row", bound=models.Model)


class Asker(Protocol):
    """Whoever asks: the organization, and the branches seen (None: all of them)."""

    @property
    def org_id(self) -> int: ...
    @property
    def branch_ids(self) -> frozenset[int] | None: ...


class UnscopedQuery(RuntimeError):
    """Rows of organizations were asked for without saying who asks."""


class TenantQuerySet(models.QuerySet[Row]):
    """Rows of one organization."""

    def one(self, **conditions: Any) -> Row:
        """The one row with these values; NotFound when there is none the asker may see."""
        try:
            return self.get(**conditions)
        except (ObjectDoesNotExist, ValueError, OverflowError) as missing:
            raise NotFound from missing


class TenantManager(models.Manager[Any]):
    """The first wall: `visible_to`, `create` and `bulk_create` are the doors, every other way in raises."""

    def __init__(self, queryset_class: type[TenantQuerySet[Any]] = TenantQuerySet) -> None:
        super().__init__()
        self.queryset_class = queryset_class

    def get_queryset(self) -> models.QuerySet[Any]:
        if hasattr(self, "instance"):  # a related manager: reached from a row that was loaded through a door
            return self.queryset_class(self.model, using=self._db)
        raise UnscopedQuery(f"{self.model.__name__}.objects needs visible_to(by)")

    def visible_to(self, by: Asker) -> TenantQuerySet[Any]:
        """Rows of the asker's organization and branches."""
        rows = self.queryset_class(self.model, using=self._db).filter(org_id=by.org_id)
        path = getattr(self.model, "branch_path", None)
        if path is None or by.branch_ids is None:
            return rows
        seen: Any = by.branch_ids
        return rows.filter(**{f"{path}__{'among' if isinstance(seen, Placeholder) else 'in'}": seen})

    def create(self, **values: Any) -> Any:
        """A new row; the organization must be among the values."""
        row = self.model(**values)
        row.save(force_insert=True)
        return row

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        """New rows in one statement."""
        return self.queryset_class(self.model, using=self._db).bulk_create(objs, *args, **kwargs)


@contextmanager
def tenant_transaction(org_id: int) -> Iterator[None]:
    """One transaction in which the database shows rows of `org_id` and of no other organization.

    The setting is local to the transaction, so a pooled connection carries nothing over. Inside another
    organization's transaction (a test with a neighbour) the outer setting comes back afterwards.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('daftar.org', true), set_config('daftar.org', %s, true)", [str(org_id)])
        before = cursor.fetchone()[0]
        yield
        if connection.savepoint_ids:  # otherwise the transaction ends here, and the setting with it
            cursor.execute("SELECT set_config('daftar.org', %s, true)", [before or ""])
