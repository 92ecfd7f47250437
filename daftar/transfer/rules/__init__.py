"""Files of other programs understood: bytes to a table, columns to fields, rows to people, people to verdicts."""

from daftar.transfer.rules.clients import (
    BALANCE,
    BORN,
    COLUMNS,
    EMAIL,
    GROUPS,
    LESSON_PRICE,
    NAME,
    PAYER,
    PHONE,
    ClientRow,
    Conditions,
    Reading,
    RowProblem,
    keys_of,
    read_client,
    read_rows,
)
from daftar.transfer.rules.fields import SEVERAL, Field, guess, heading_key, wrong_fields
from daftar.transfer.rules.table import Line, Table, TableError, table_of_rows, table_of_text
from daftar.transfer.rules.values import ORDERS
from daftar.transfer.rules.verdicts import (
    TAKEN,
    GroupFate,
    Judged,
    Named,
    Surroundings,
    Verdict,
    first_due_after,
    group_key,
    judge,
    named_groups,
)

__all__ = [
    "BALANCE", "BORN", "COLUMNS", "EMAIL", "GROUPS", "LESSON_PRICE", "NAME", "ORDERS", "PAYER", "PHONE", "SEVERAL",
    "TAKEN", "ClientRow", "Conditions", "Field", "GroupFate", "Judged", "Line", "Named", "Reading", "RowProblem",
    "Surroundings", "Table", "TableError", "Verdict", "first_due_after", "group_key", "guess", "heading_key", "judge",
    "keys_of", "named_groups", "read_client", "read_rows", "table_of_rows", "table_of_text", "wrong_fields",
]  # fmt: skip
