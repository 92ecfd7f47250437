"""Forms on the plan of topics of a course, and on what a lesson is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from daftar.courses.topics import LONGEST
from daftar.office.words import topic_choices

if TYPE_CHECKING:
    from daftar.courses.topics import Offer

LONGEST_PASTE = 500_000


class TopicsForm(forms.Form):
    """Many topics at once."""

    lines = forms.CharField(
        label=_("New topics, one to a line"), max_length=LONGEST_PASTE,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "true"}),
        help_text=_("Paste a list, or three columns of a spreadsheet: topic, what is done, homework."),
    )  # fmt: skip


class TopicForm(forms.Form):
    """One topic."""

    title = forms.CharField(label=_("Topic"), max_length=LONGEST["title"])
    contents = forms.CharField(
        label=_("What is done"),
        max_length=LONGEST["contents"],
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    homework = forms.CharField(
        label=_("Homework"), max_length=LONGEST["homework"], required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class PlaceForm(forms.Form):
    """Another place in the plan."""

    place = forms.IntegerField(label=_("Place in the plan"), min_value=1, max_value=10_000)


class LessonTopicForm(forms.Form):
    """What a lesson is about: a topic of the plan, or other words."""

    topic = forms.CharField(label=_("Topic in other words"), max_length=LONGEST["title"], required=False)

    def __init__(self, *args: Any, offer: Offer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not offer.topics:
            self.fields["topic"].label = _("Topic")
            return
        choice: Any = forms.TypedChoiceField(
            label=_("Topic of the plan"), choices=[("", _("none of the plan")), *topic_choices(offer)], coerce=int,
            empty_value=None, required=False,
        )  # fmt: skip
        self.fields = {"plan_topic_id": choice, **self.fields}

    def clean(self) -> dict[str, Any]:
        return {"plan_topic_id": None, **self.cleaned_data}
