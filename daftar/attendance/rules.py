"""What a mark may hold, and when it is asked for; what a score is on a scale, who passed, and what an exam comes to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import TYPE_CHECKING, NamedTuple

from daftar.courses.rules import instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

LARGEST = Decimal(100_000)
MOST_WORDS, LONGEST_WORD = 30, 20
ONE, CENT = Decimal(1), Decimal("0.01")
MOST_LATE, BEST_GRADE = 600, 100
# A worker that was away for so long still writes to teachers about the day; later nobody wants to read it.
NUDGED_WITHIN = timedelta(hours=6)


class Detail(NamedTuple):
    """What else is noted of a student in a lesson: minutes late (only who is present), grades from 0 to 100, a note."""

    late_minutes: int | None = None
    grade: int | None = None
    homework_grade: int | None = None
    comment: str = ""


class Cell(NamedTuple):
    """A mark: whether there, why not, and what else; `is_present` None: not marked, and nothing else either."""

    is_present: bool | None = None
    reason_id: int | None = None
    late_minutes: int | None = None
    grade: int | None = None
    homework_grade: int | None = None
    comment: str = ""

    @property
    def detail(self) -> Detail:
        """What else."""
        return Detail(*self[2:])


NOTHING_ELSE, EMPTY = Detail(), Cell()


def is_possible(cell: Cell) -> bool:
    """Whether these go together: late only who is present, a reason only who is absent, grades from 0 to 100."""
    if cell.is_present is None:
        return cell == EMPTY
    late = cell.late_minutes is None or (cell.is_present and 1 <= cell.late_minutes <= MOST_LATE)
    graded = all(grade is None or 0 <= grade <= BEST_GRADE for grade in (cell.grade, cell.homework_grade))
    return late and graded and (cell.reason_id is None or not cell.is_present)


def nudge_moment(day: date, hour: int, zone: str) -> datetime:
    """When teachers are written to about a day: where the clock jumps over that hour, as much later; once at most."""
    return instant(day, time(hour), zone)


def is_nudged_now(now: datetime, day: date, hour: int, zone: str) -> bool:
    """Whether that moment has come and is not long over."""
    begins = nudge_moment(day, hour, zone)
    return begins <= now < begins + NUDGED_WITHIN


class ScoreError(ValueError):
    """Not a score of this scale; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Measure:
    """A scale as values: from `lowest` to `highest` by `step`; or words, the best first, the last of which is 1."""

    lowest: Decimal
    highest: Decimal
    step: Decimal = ONE
    words: tuple[str, ...] = ()

    @classmethod
    def of_words(cls, words: Sequence[str]) -> Measure:
        """A scale of words, the best first."""
        return cls(ONE, Decimal(len(words)), ONE, tuple(words))

    def has(self, score: Decimal) -> bool:
        """Whether it is a score of this scale."""
        return self.lowest <= score <= self.highest and (score - self.lowest) % self.step == 0


def measure_wrong(measure: Measure) -> str:
    """Why a scale cannot be one, as a code; empty where it can."""
    words = [word.casefold() for word in measure.words]
    if words and (len(set(words)) != len(words) or not all(words)):
        return "words_twice"
    if len(words) == 1 or len(words) > MOST_WORDS or any(len(word) > LONGEST_WORD for word in words):
        return "words_number"
    if not -LARGEST <= measure.lowest < measure.highest <= LARGEST:
        return "range"
    if not 0 < measure.step <= LARGEST or any(
        each != each.quantize(CENT) for each in (measure.lowest, measure.highest, measure.step)
    ):
        return "step"
    if (measure.highest - measure.lowest) % measure.step:
        return "step"
    return ""


def read_score(text: str, measure: Measure) -> Decimal:
    """A score as somebody wrote it: a number with a point or a comma, or one of the words; ScoreError."""
    said = " ".join(text.split())
    if measure.words:
        places = {word.casefold(): len(measure.words) - place for place, word in enumerate(measure.words)}
        if said.casefold() not in places:
            raise ScoreError("no_word")
        return Decimal(places[said.casefold()])
    try:
        score = Decimal(said.replace(",", ".").replace("\u2212", "-"))
    except InvalidOperation as wrong:
        raise ScoreError("no_number") from wrong
    if not score.is_finite():
        raise ScoreError("no_number")
    if not measure.lowest <= score <= measure.highest:
        raise ScoreError("range")
    if not measure.has(score):
        raise ScoreError("step")
    return score


def word_of(score: Decimal, measure: Measure) -> str:
    """The word of a score, the nearest one where it lies between two; only of a scale of words."""
    place = int(score.quantize(ONE, ROUND_HALF_UP))
    return measure.words[len(measure.words) - min(max(place, 1), len(measure.words))]


def passes(score: Decimal, pass_mark: Decimal) -> bool:
    """Whether a score is enough: the pass mark itself is."""
    return score >= pass_mark


@dataclass(frozen=True)
class Outcome:
    """What the scores of an exam come to; `average` None: nobody has one."""

    scored: int
    passed: int
    absent: int
    average: Decimal | None

    @property
    def share(self) -> int | None:
        """Percent of those with a score who passed, half up."""
        if not self.scored:
            return None
        return int((Decimal(100 * self.passed) / self.scored).quantize(ONE, ROUND_HALF_UP))


def outcome(scores: Iterable[Decimal], pass_mark: Decimal, absent: int = 0) -> Outcome:
    """The average, half up to hundredths, and how many passed; who was absent is in neither."""
    found = list(scores)
    average = (sum(found, Decimal(0)) / len(found)).quantize(CENT, ROUND_HALF_UP) if found else None
    return Outcome(len(found), sum(passes(score, pass_mark) for score in found), absent, average)


def average_of(scores: Sequence[tuple[Decimal, Measure]]) -> tuple[Decimal, Measure | None] | None:
    """What scores of several exams come to, half up to hundredths; None: there are none.

    Of one scale it is a score of it; of different scales it is in percent of the way from the lowest to the highest,
    and comes without a scale.
    """
    if not scores:
        return None
    measure = scores[0][1]
    if all(each == measure for _score, each in scores):
        mean = sum((score for score, _each in scores), Decimal(0)) / len(scores)
        return mean.quantize(CENT, ROUND_HALF_UP), measure
    parts = [100 * (score - each.lowest) / (each.highest - each.lowest) for score, each in scores]
    return (sum(parts, Decimal(0)) / len(parts)).quantize(CENT, ROUND_HALF_UP), None


# --- files --------------------------------------------------------------------------------------------------------

_ZIPPED = (b"PK\x03\x04",)
# What a file may be, by the end of its name: how it is sent, and how it begins (nothing: any text).
FILE_KINDS: dict[str, tuple[str, tuple[bytes, ...]]] = {
    "pdf": ("application/pdf", (b"%PDF-",)),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", _ZIPPED),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _ZIPPED),
    "pptx": ("application/vnd.openxmlformats-officedocument.presentationml.presentation", _ZIPPED),
    "odt": ("application/vnd.oasis.opendocument.text", _ZIPPED),
    "ods": ("application/vnd.oasis.opendocument.spreadsheet", _ZIPPED),
    "odp": ("application/vnd.oasis.opendocument.presentation", _ZIPPED),
    "zip": ("application/zip", _ZIPPED),
    "jpg": ("image/jpeg", (b"\xff\xd8\xff",)), "jpeg": ("image/jpeg", (b"\xff\xd8\xff",)),
    "png": ("image/png", (b"\x89PNG\r\n\x1a\n",)), "gif": ("image/gif", (b"GIF87a", b"GIF89a")),
    "webp": ("image/webp", (b"RIFF",)), "wav": ("audio/wav", (b"RIFF",)), "ogg": ("audio/ogg", (b"OggS",)),
    "mp3": ("audio/mpeg", (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")),
    "txt": ("text/plain; charset=utf-8", ()), "csv": ("text/csv; charset=utf-8", ()),
}  # fmt: skip


def file_kind(name: str) -> str:
    """The end of a file's name, if files may end so; else empty."""
    end = name.rpartition(".")[2].lower() if "." in name else ""
    return end if end in FILE_KINDS else ""


def begins_as_named(name: str, begins: bytes) -> bool:
    """Whether a file begins as one of its name does: a page renamed to a picture is neither."""
    starts = FILE_KINDS[file_kind(name)][1]
    return begins.startswith(starts) if starts else b"\x00" not in begins
