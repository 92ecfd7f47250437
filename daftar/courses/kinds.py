"""What a lesson can be: where it is in its life, who is on it, and how its type is marked."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class LessonStatus(models.TextChoices):
    """Where a lesson is in its life."""

    PLANNED = "planned", _("Planned")
    CONDUCTED = "conducted", _("Conducted")
    CANCELLED = "cancelled", _("Cancelled")


class LessonKind(models.TextChoices):
    """Who is on a lesson, and how they get there."""

    GROUP = "group", _("Group lesson")
    INDIVIDUAL = "individual", _("Individual lesson")
    TRIAL = "trial", _("Trial lesson")


class Colour(models.TextChoices):
    """What a type of lesson is marked with, beside its icon and its name."""

    BLUE = "blue", _("Blue")
    GREEN = "green", _("Green")
    PURPLE = "purple", _("Purple")
    ORANGE = "orange", _("Orange")
    TEAL = "teal", _("Teal")
    PINK = "pink", _("Pink")
    INDIGO = "indigo", _("Indigo")
    CYAN = "cyan", _("Cyan")
