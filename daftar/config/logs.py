"""What the logs say: one object a line, of fields that are named here and nothing else.

A message may hold a name or a phone, and so may the text of an exception. So neither is written: of a line of ours its
word, of somebody else's the place in the code; of an exception its type, its way, and the rule of the database it hit.
Imports nothing of Django: the web server uses it before Django is loaded.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
import traceback
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

# What a line may say beside time, level, logger and event.
FIELDS = ("request_id", "route", "method", "status", "ms", "cpu_ms", "sql", "org", "member", "task", "job", "outcome")
OURS, WORKER = "daftar", "procrastinate"
# They speak of processes and files only.
SENTENCES = {"_granian", "daftar.keeper"}
PLAIN = re.compile(r"[\w.:/<>-]{0,100}")
LONGEST_CHAIN = 4
LONGEST_TEXT = 200
OF_THE_DATABASE = ("constraint_name", "table_name", "column_name")

_about: ContextVar[dict[str, Any] | None] = ContextVar("about", default=None)


@contextmanager
def about(**fields: Any) -> Iterator[None]:
    """Adds fields to every line of the block."""
    token = _about.set({**(_about.get() or {}), **fields})
    try:
        yield
    finally:
        _about.reset(token)


def catch_the_uncaught() -> None:
    """Lets what ends a process or a thread be told like everything else."""

    def tell(kind: type[BaseException], wrong: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, wrong, trace)
        else:
            logging.getLogger("daftar.bug").critical("uncaught", exc_info=(kind, wrong, trace))

    def tell_of_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            tell(args.exc_type, args.exc_value, args.exc_traceback)

    sys.excepthook = tell
    threading.excepthook = tell_of_thread


def to_stderr(form: str) -> None:
    """Sets logging up in a process without Django."""
    handler = logging.StreamHandler()
    handler.setFormatter(Text() if form == "text" else Json())
    logging.basicConfig(handlers=[handler], level=logging.INFO)


class Json(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        return json.dumps(_said(record), ensure_ascii=False)


class Text(logging.Formatter):
    """The same for a person at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, and the way of an exception below it."""
        said = _said(record)
        wrong = said.pop("exception", [])
        head = f"{said.pop('time')[11:19]} {said.pop('level')} {said.pop('logger')} {said.pop('event')}"
        lines = [" ".join([head, *(f"{name}={value}" for name, value in said.items())])]
        for each in wrong:
            way = each.pop("stack")
            lines += [" ".join(["  ", *map(str, each.values())]), *(f"      {step}" for step in way)]
        return "\n".join(lines)


def worth_saying(record: logging.LogRecord) -> bool:
    """Whether a line is more than the worker's small talk."""
    is_worker = record.name.partition(".")[0] == WORKER
    return not is_worker or record.levelno >= logging.WARNING or str(getattr(record, "action", "")).startswith("job_")


def _said(record: logging.LogRecord) -> dict[str, Any]:
    at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    said: dict[str, Any] = {
        "time": at.replace("+00:00", "Z"), "level": record.levelname, "logger": record.name, "event": _event(record),
    }  # fmt: skip
    given = {**(_about.get() or {}), **_of_job(record), **record.__dict__}
    said |= {name: _plain(given[name]) for name in FIELDS if name in given}
    if record.exc_info and record.exc_info[1]:
        said["exception"] = _chain(record.exc_info[1])
    return said


def _event(record: logging.LogRecord) -> str:
    """What happened: our own word; a sentence about processes and files; else a place in somebody's code."""
    if record.name in SENTENCES:
        return record.getMessage()[:LONGEST_TEXT]
    if record.name.partition(".")[0] == OURS:
        return str(_plain(record.msg))
    action = getattr(record, "action", None)
    return str(_plain(action)) if action else f"{record.module}.{record.funcName}:{record.lineno}"


def _of_job(record: logging.LogRecord) -> dict[str, Any]:
    """The worker's line about a job: which and how it ended, not what it was given."""
    job = getattr(record, "job", None)
    if not isinstance(job, dict):
        return {}
    found = {"task": job.get("task_name"), "job": job.get("id"), "outcome": str(getattr(record, "action", ""))}
    duration, org = getattr(record, "duration", None), (job.get("task_kwargs") or {}).get("org_id")
    record.__dict__.pop("job")
    return found | ({"ms": round(duration * 1000)} if duration else {}) | ({"org": org} if org else {})


def _plain(value: object) -> object:
    """Numbers and words; anything that could be a sentence is not."""
    if value is None or isinstance(value, bool | int | float):
        return value
    return value if isinstance(value, str) and PLAIN.fullmatch(value) else "?"


def _chain(wrong: BaseException) -> list[dict[str, Any]]:
    """The exception and what caused it, without what they say."""
    found: list[dict[str, Any]] = []
    at: BaseException | None = wrong
    while at is not None and len(found) < LONGEST_CHAIN:
        kind = type(at)
        each: dict[str, Any] = {"type": f"{kind.__module__}.{kind.__qualname__}"}
        if getattr(at, "sqlstate", None):
            each["sqlstate"] = at.sqlstate  # type: ignore[attr-defined] # an error of the database has it
        diag = getattr(at, "diag", None)
        each |= {name: text for name in OF_THE_DATABASE if (text := getattr(diag, name, None))}
        frames = traceback.extract_tb(at.__traceback__)
        each["stack"] = [f"{_short(step.filename)}:{step.lineno} in {step.name}" for step in frames]
        found.append(each)
        at = at.__cause__ or at.__context__
    return found


def _short(file: str) -> str:
    """A file as its package names it, without the folders of this machine."""
    for mark in ("/site-packages/", "\\site-packages\\"):
        file = file.rpartition(mark)[2]
    return "daftar/" + file.rpartition("/daftar/")[2] if "/daftar/" in file else file
