"""Tables read from files: what stands in the cells, before anybody asks what it means."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from daftar.lib.errors import Refusal

if TYPE_CHECKING:
    from pathlib import Path

LARGEST = 20 * 1024 * 1024


class FileUnreadable(Refusal):
    text = _("This is not a CSV file in UTF-8 with a header row.")


class FileTooLarge(Refusal):
    text = _("The file is larger than 20 MB.")


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
