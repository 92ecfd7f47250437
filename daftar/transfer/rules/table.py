"""Bytes become text, text becomes a table: encoding, delimiter and header row are found out, never asked for."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from dataclasses import dataclass

from charset_normalizer import from_bytes

from daftar.transfer.rules.fields import is_known

ENCODINGS = ("utf-8", "windows-1251", "windows-1250", "windows-1252", "utf-16")
DELIMITERS = (",", ";", "\t", "|")
MOST_ROWS, MOST_CELLS, MOST_COLUMNS = 60_000, 1_200_000, 100
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_NARROW = ["cp1251", "cp1250", "cp1252"]
_SAMPLE_BYTES, _SAMPLE_ROWS, _SEARCHED_ROWS = 200_000, 50, 15
_NAMED = {f"cp{number}": f"windows-{number}" for number in (1250, 1251, 1252)}
_FORMULA = ("'=", "'+", "'-", "'@")


class TableError(ValueError):
    """What cannot be read as a table; `code` is not_text, empty, too_many_rows or too_many_columns."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a file: its number as a spreadsheet counts, and its cells."""

    number: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Table:
    """The headings and the rows after them; blank rows are left out, so numbers may jump."""

    headings: list[str]
    lines: list[Line]
    encoding: str = ""
    delimiter: str = ""


def table_of_text(data: bytes) -> Table:
    """The table in the bytes of a text file."""
    text, encoding = decode(data)
    text, delimiter = _announced(text)
    delimiter = delimiter or sniff_delimiter(text)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as wrong:
        raise TableError("not_text") from wrong
    return table_of_rows(rows, encoding=encoding, delimiter=delimiter)


def table_of_rows(rows: list[list[str]], *, encoding: str = "", delimiter: str = "") -> Table:
    """The table in the rows of a sheet: the header is the first row that looks like one, else the first with text."""
    clean = [[plain(cell) for cell in row] for row in rows]
    header = _header(clean)
    headings = _cut(clean[header])
    lines = [
        Line(number, _cut(row))
        for number, row in enumerate(clean[header + 1 :], start=header + 2)
        if any(row)
    ]  # fmt: skip
    if len(lines) > MOST_ROWS:
        raise TableError("too_many_rows")
    if len(headings) > MOST_COLUMNS or sum(len(line.cells) for line in lines) > MOST_CELLS:
        raise TableError("too_many_columns")
    return Table(headings, lines, encoding, delimiter)


def decode(data: bytes) -> tuple[str, str]:
    """The text and its encoding: by a mark at the start, else UTF-8 if it fits, else the likeliest code page."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _decoded(data, "utf-8-sig" if encoding == "utf-8" else encoding), encoding
    try:
        return _decoded(data, "utf-8"), "utf-8"
    except TableError:
        found = from_bytes(data[:_SAMPLE_BYTES], cp_isolation=_NARROW).best()
        narrow = found.encoding if found else "cp1251"
        return _decoded(data, narrow), _NAMED.get(narrow, narrow)


def sniff_delimiter(text: str) -> str:
    """The mark that cuts the first rows into the most columns, the same number in nearly all of them."""
    sample = text[:_SAMPLE_BYTES]

    def score(mark: str) -> tuple[int, int]:
        try:
            rows = [row for row in csv.reader(io.StringIO(sample, newline=""), delimiter=mark) if row][:_SAMPLE_ROWS]
        except csv.Error:
            return (0, 0)
        if not rows:
            return (0, 0)
        width, count = Counter(map(len, rows)).most_common(1)[0]
        return (count * 100 // len(rows) if width > 1 else 0, width)

    return max(DELIMITERS, key=score)


def plain(cell: str) -> str:
    """A cell as it is meant: trimmed, and without the apostrophe that keeps a spreadsheet from computing it."""
    text = cell.replace("\xa0", " ").replace("\x00", "").removeprefix("\ufeff").strip()
    return text[1:] if text.startswith(_FORMULA) else text


def _decoded(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as wrong:
        raise TableError("not_text") from wrong
    if "\x00" in text:
        raise TableError("not_text")
    return text


def _announced(text: str) -> tuple[str, str]:
    """Some programs write `sep=;` into the first line; the line stays, empty, so that rows keep their numbers."""
    if text[:4].lower() == "sep=" and text[4:5] in DELIMITERS:
        return text[5:], text[4]
    return text, ""


def _header(rows: list[list[str]]) -> int:
    known = [sum(is_known(cell) for cell in row) for row in rows[:_SEARCHED_ROWS]]
    if max(known, default=0) > 0:
        return known.index(max(known))
    for index, row in enumerate(rows):
        if any(row):
            return index
    raise TableError("empty")


def _cut(row: list[str]) -> list[str]:
    """Without the empty cells at its end."""
    width = max((place for place, cell in enumerate(row, start=1) if cell), default=0)
    return row[:width]
