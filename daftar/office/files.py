"""What is taken home as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse

from daftar.transfer.files import written

if TYPE_CHECKING:
    from collections.abc import Sequence


def as_file(name: str, lines: Sequence[Sequence[str]]) -> HttpResponse:
    """Lines as a file that a spreadsheet opens."""
    answer = HttpResponse(written(lines), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer
