"""The lessons of groups, which many students share: what is asked of them for each student is found out once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from daftar.tuition.rules.facts import LessonFact

if TYPE_CHECKING:
    from collections.abc import Hashable


class SharedLessons(tuple[LessonFact, ...]):  # noqa: SLOT001 - what is found out is kept in it
    """Lessons like any tuple of them, with what follows from them alone.

    A tuple and nothing around one: facts that are given another tuple of lessons cannot keep what is known of this one.
    `memo` holds answers by all they depend on beside the lessons.
    """

    @cached_property
    def in_order(self) -> list[LessonFact]:
        """By moment (pricing rule 9.1)."""
        return sorted(self, key=lambda lesson: lesson.moment)

    @cached_property
    def moved(self) -> list[LessonFact]:
        """Those that are counted on another day than they are held."""
        return [lesson for lesson in self if lesson.counted_on != lesson.on]

    def number_of(self, value: Hashable) -> int:
        """The same number for values that are equal: what a group or a branch has many times is hashed once.

        Known by where it is; it is kept, so that nothing else can come to be there.
        """
        kept = self._numbered.get(id(value))
        if kept is None:
            kept = self._numbered[id(value)] = (self._numbers.setdefault(value, len(self._numbers)), value)
        return kept[0]

    @cached_property
    def _numbers(self) -> dict[Hashable, int]:
        return {}

    @cached_property
    def _numbered(self) -> dict[int, tuple[int, Hashable]]:
        return {}

    @cached_property
    def memo(self) -> dict[Hashable, Any]:
        return {}


def shared_lessons(lessons: tuple[LessonFact, ...]) -> SharedLessons:
    """These lessons as shared ones: the same, where they are one."""
    return lessons if isinstance(lessons, SharedLessons) else SharedLessons(lessons)
