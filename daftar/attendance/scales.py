"""Verbs on the scales of exams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from daftar.attendance.models import Exam, Scale, TestResult
from daftar.attendance.rules import Measure, measure_wrong
from daftar.lib.errors import Refusal
from daftar.orgs.access import Actor, add, change, question, verb

if TYPE_CHECKING:
    from decimal import Decimal


class ScaleNameTaken(Refusal):
    constraints = ("scale_name_once",)
    field = "name"
    text = _("There is a scale with this name already.")


class ScaleGoesNowhere(Refusal):
    constraints = ("scale_goes_up",)
    field = "highest"
    text = _("The highest score must lie above the lowest, and both within 100 000.")


class StepDoesNotFit(Refusal):
    constraints = ("scale_step_positive",)
    field = "step"
    text = _("The step must lead from the lowest score to the highest.")


class WordsTwice(Refusal):
    field = "words"
    text = _("Write each grade once.")


class WordsNumber(Refusal):
    field = "words"
    text = _("Write from 2 to 30 grades of at most 20 characters.")


class PassMarkOutside(Refusal):
    constraints = ("scale_can_be_passed",)
    field = "pass_mark"
    text = _("The pass mark must be a score of the scale.")


class ScaleIsUsed(Refusal):
    text = _(
        "Exams or tests have this scale: its scores stay as they are. "
        "Add another scale, and put this one into the archive."
    )


WRONG: dict[str, type[Refusal]] = {
    "words_twice": WordsTwice, "words_number": WordsNumber, "range": ScaleGoesNowhere, "step": StepDoesNotFit,
}  # fmt: skip


@question("courses.view")
def scales(by: Actor) -> list[Scale]:
    """The centre's scales by name, those in the archive last."""
    return list(Scale.objects.visible_to(by).order_by("is_archived", "name", "id"))


@question("attendance.edit_scales")
def get_scale(by: Actor, scale_id: int) -> Scale:
    """The scale; NotFound when there is none."""
    row: Scale = Scale.objects.visible_to(by).one(pk=scale_id)
    return row


@question("attendance.edit_scales")
def is_used(by: Actor, scale_id: int) -> bool:
    """Whether an exam or a test has this scale, one that was deleted too."""
    return any(
        model.objects.visible_to(by.trusted()).filter(scale_id=scale_id).exists() for model in (Exam, TestResult)
    )


@verb("attendance.edit_scales")
def add_scale(by: Actor, *, name: str, measure: Measure, pass_mark: Decimal) -> Scale:
    """A scale of the centre's own: numbers, or words with the best first."""
    _check(by, name, None, measure, pass_mark)
    return add(by, Scale, name=name.strip(), pass_mark=pass_mark, **_columns(measure))


@verb("attendance.edit_scales")
def edit_scale(by: Actor, *, scale_id: int, name: str, measure: Measure, pass_mark: Decimal) -> Scale:
    """Changes a scale; where exams or tests have it, only its name and the pass mark of exams to come."""
    row: Scale = Scale.objects.visible_to(by).select_for_update(no_key=True).one(pk=scale_id)
    _check(by, name, row.pk, measure, pass_mark)
    if measure != row.measure and is_used(by, scale_id):
        raise ScaleIsUsed
    change(by, row, name=name.strip(), pass_mark=pass_mark, **_columns(measure))
    return row


@verb("attendance.edit_scales")
def archive_scale(by: Actor, *, scale_id: int) -> Scale:
    """Offers a scale for no more exams and tests; those that have it keep it."""
    row: Scale = Scale.objects.visible_to(by).select_for_update(no_key=True).one(pk=scale_id)
    change(by, row, is_archived=True)
    return row


@verb("attendance.edit_scales")
def restore_scale(by: Actor, *, scale_id: int) -> Scale:
    """Offers a scale again."""
    row: Scale = Scale.objects.visible_to(by).select_for_update(no_key=True).one(pk=scale_id)
    change(by, row, is_archived=False)
    return row


def _columns(measure: Measure) -> dict[str, object]:
    return {
        "lowest": measure.lowest, "highest": measure.highest, "step": measure.step, "words": list(measure.words),
    }  # fmt: skip


def _check(by: Actor, name: str, own: int | None, measure: Measure, pass_mark: Decimal) -> None:
    if wrong := measure_wrong(measure):
        raise WRONG[wrong]
    if not measure.has(pass_mark):
        raise PassMarkOutside
    if Scale.objects.visible_to(by).filter(name=name.strip()).exclude(pk=own).exists():
        raise ScaleNameTaken
