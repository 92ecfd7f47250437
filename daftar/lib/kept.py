"""Answers that take long in a large centre, kept for a minute in the memory of the process."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Generic, TypeVar

KEPT_FOR, MOST_KEPT = timedelta(minutes=1), 1_000
Question = TypeVar("Question")
Answer = TypeVar("Answer")


class Kept(Generic[Question, Answer]):
    """What was answered to a question less than a minute ago."""

    def __init__(self) -> None:
        self._answers: dict[Question, tuple[datetime, Answer]] = {}

    def of(self, question: Question, at: datetime) -> Answer | None:
        """The answer kept, if it is fresh enough at this moment."""
        since, answer = self._answers.get(question, (None, None))
        return answer if since is not None and timedelta(0) <= at - since < KEPT_FOR else None

    def keep(self, question: Question, at: datetime, answer: Answer) -> None:
        """Keeps it; where too many are kept, all others are forgotten."""
        if len(self._answers) >= MOST_KEPT:
            self._answers.clear()
        self._answers[question] = (at, answer)
