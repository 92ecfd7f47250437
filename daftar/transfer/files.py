"""Tables read from files: what stands in the cells, before anybody asks what it means. Files are hostile input."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from daftar.lib.errors import Refusal
from daftar.transfer.rules import Table, TableError, table_of_rows, table_of_text
from daftar.transfer.sheet import TOO_MANY

if TYPE_CHECKING:
    from collections.abc import Sequence

LARGEST = 20 * 1024 * 1024
# A zip says in its directory, before anything is unpacked, how large its parts are.
MOST_PARTS, MOST_UNPACKED, MOST_RATIO, SMALL = 400, 120_000_000, 150, 5_000_000
PATIENCE = 20
_ZIP, _OLE, _PDF = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"%PDF"


class FileUnreadable(Refusal):
    field = "file"
    text = _("This is not a CSV file in UTF-8 with a header row.")


class FileNotATable(Refusal):
    field = "file"
    text = _("This is no table that can be read. Save it as .xlsx or .csv without a password and try again.")


class FileTooLarge(Refusal):
    field = "file"
    text = _("The file is larger than 20 MB.")


class FileEmpty(Refusal):
    field = "file"
    text = _("There are no rows under the headings in this file.")


class FileIsABomb(Refusal):
    field = "file"
    text = _("This spreadsheet unpacks to far more than a list of people can be. It was not opened.")


class TooManyRows(Refusal):
    field = "file"
    text = _("The file has too many rows or columns. Split it and bring the parts one by one.")


_REFUSALS: dict[str, type[Refusal]] = {
    "not_text": FileNotATable, "empty": FileEmpty, "too_many_rows": TooManyRows, "too_many_columns": TooManyRows,
}  # fmt: skip


def read_table(content: bytes) -> Table:
    """The table in a CSV or text file of any usual encoding and delimiter, or in the first sheet of a spreadsheet."""
    if len(content) > LARGEST:
        raise FileTooLarge
    try:
        if content.startswith((_ZIP, _OLE)):
            table = table_of_rows(_sheet(content))
        elif content.startswith(_PDF):
            raise FileNotATable
        else:
            table = table_of_text(content)
    except TableError as wrong:
        raise _REFUSALS[wrong.code] from wrong
    if not table.lines:
        raise FileEmpty
    return table


def read_csv(file: Path) -> tuple[list[str], list[list[str]]]:
    """The header and the rows of a CSV file in UTF-8 with commas; FileUnreadable or FileTooLarge."""
    if file.stat().st_size > LARGEST:
        raise FileTooLarge
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as unreadable:
        raise FileUnreadable from unreadable
    lines = list(csv.reader(io.StringIO(text, newline="")))
    if not lines or "\x00" in text:
        raise FileUnreadable
    return lines[0], lines[1:]


def written(rows: Sequence[Sequence[str]]) -> bytes:
    """Rows as a file that every spreadsheet opens: a mark for UTF-8, semicolons, and no cell that would compute."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";").writerows([harmless(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def harmless(cell: str) -> str:
    """The cell, with an apostrophe in front where a spreadsheet would compute it; phones and amounts are not."""
    starts = cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    is_number = cell[:1] in {"+", "-"} and cell[1:2].isdecimal() and not set(cell[1:]) - set("0123456789 .,()-")
    return f"'{cell}" if starts and not is_number else cell


def _sheet(content: bytes) -> list[list[str]]:
    if content.startswith(_ZIP):
        _refuse_bomb(content)
    root = str(Path(__file__, "../../..").resolve())
    env = {**os.environ, "PYTHONPATH": root}
    command = [sys.executable, "-m", "daftar.transfer.sheet"]
    try:
        done = subprocess.run(  # noqa: S603 - our own module, the file goes in as bytes
            command, input=content, capture_output=True, timeout=PATIENCE, check=True, env=env, cwd=root
        )
        rows: list[list[str]] = json.loads(done.stdout)
    except subprocess.TimeoutExpired as wrong:
        raise FileIsABomb from wrong
    except (subprocess.CalledProcessError, ValueError) as wrong:
        raise TooManyRows if getattr(wrong, "returncode", 0) == TOO_MANY else FileNotATable from wrong
    return rows


def _refuse_bomb(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            found = parts.infolist()
    # NotImplementedError is how zipfile says that it does not know a way of packing.
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError) as wrong:
        raise FileNotATable from wrong
    unpacked = sum(part.file_size for part in found)
    packed = sum(part.compress_size for part in found) or 1
    if len(found) > MOST_PARTS or unpacked > MOST_UNPACKED or (unpacked > SMALL and unpacked > packed * MOST_RATIO):
        raise FileIsABomb
