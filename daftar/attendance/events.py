"""Facts this package announces."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TeacherNudged:
    """A teacher is to be written to about lessons that nobody marked; `site` is where their links lead."""

    nudge_id: int
    site: str
