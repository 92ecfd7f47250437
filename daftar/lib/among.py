"""`filter(pk__among=ids)`: what `in` asks, with the ids as one value and not each as one of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import BigIntegerField, CharField, ForeignKey, Lookup

from daftar.lib.compiled import Bind, Placeholder

if TYPE_CHECKING:
    from collections.abc import Iterable


class Among(Lookup):
    """Thousands of ids are planned and sent in no time where thousands of parameters are not."""

    lookup_name = "among"
    prepare_rhs = False
    rhs: Iterable[int] | Iterable[str] | Placeholder

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        column, values = self.process_lhs(compiler, connection)
        kind, convert = ("text", list) if isinstance(self.lhs.output_field, CharField) else ("bigint", _ids)
        them = Bind(self.rhs.name, convert) if isinstance(self.rhs, Placeholder) else convert(self.rhs)
        return f"{column} = ANY(%s::{kind}[])", [*values, them]


def _ids(values: Iterable[Any]) -> str:
    return array_of([int(each) for each in values])


def array_of(values: Iterable[object]) -> str:
    """Numbers, days or times as PostgreSQL writes an array; the driver would look at each whether to quote it."""
    return f"{{{','.join(['NULL' if value is None else str(value) for value in values])}}}"


def install() -> None:
    """Makes it known to keys, own and foreign, and to short texts."""
    BigIntegerField.register_lookup(Among)
    ForeignKey.register_lookup(Among)
    CharField.register_lookup(Among)
