"""A described situation priced without a database: facts as JSON in, charges with their reasons out."""

from __future__ import annotations

import json

from daftar.tuition.quote.answer import answer
from daftar.tuition.quote.reading import WrongFile, parsed
from daftar.tuition.quote.situation import situation

__all__ = ["WrongFile", "quote"]


def quote(content: bytes) -> str:
    """The answer to a file of facts; WrongFile says what is wrong with it and where."""
    return json.dumps(answer(situation(parsed(content))), ensure_ascii=False, indent=2)
