"""The Jinja2 environment of the pages: translation, addresses, icons and the way values are written."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation
from django.utils.http import urlencode
from markupsafe import Markup

from daftar.office import formats

if TYPE_CHECKING:
    from jinja2.runtime import Context

ICONS = Path(__file__).resolve().parents[1] / "static" / "vendor" / "icons"
DRAWING = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)
CLEAR_SQUARE = re.compile(r'<path stroke="none"[^>]*/>')
# fmt: off
FILTERS = (
    formats.money, formats.money_text, formats.sums, formats.figures, formats.day, formats.day_month,
    formats.weekday_day, formats.weekday, formats.month, formats.plain_date, formats.clock, formats.moment, formats.iso,
    formats.phone, formats.initials, formats.filesize,
)
# fmt: on
# Numbers that no row has, one for each place of an address.
HOLES = tuple(9_000_000_000_000_001 + place for place in range(6))
LANGUAGES = {"uz": "Oʻzbekcha", "ru": "Русский", "pl": "Polski", "it": "Italiano", "en": "English"}


def url(name: str, /, *args: Any, **query: Any) -> str:
    """The address of a page by its full name; what is given by name, and is not None, becomes the query."""
    query = {key: value for key, value in query.items() if value is not None}
    ids = [place for place, value in enumerate(args) if type(value) is int]
    path = _pattern(name, tuple(HOLES[place] if place in ids else value for place, value in enumerate(args)))
    for place in ids:
        path = path.replace(str(HOLES[place]), str(args[place]))
    return path + (f"?{urlencode(query, doseq=True)}" if query else "")


@lru_cache(maxsize=2048)
def _pattern(name: str, args: tuple[Any, ...]) -> str:
    """An address with holes for ids: a list has hundreds of addresses that differ in nothing else."""
    return reverse(name, args=args)


@jinja2.pass_context
def href(context: Context, name: str, /, *args: Any, **query: Any) -> str:
    """The address of a page of the office in the organization of the reader."""
    return url(f"office:{name}", context["request"].by.org_slug, *args, **query)


@jinja2.pass_context
def query(context: Context, /, **changes: Any) -> str:
    """The query of the page with some values changed; None takes one out."""
    values = context["request"].GET.copy()
    for name, value in changes.items():
        values.pop(name, None)
        if value is not None:
            values[name] = str(value)
    return f"?{values.urlencode()}"


@lru_cache(maxsize=512)
def icon(name: str, tone: str = "") -> Markup:
    """The drawing itself, for the eye only: a word stands beside it."""
    drawing = DRAWING.search((ICONS / f"{name}.svg").read_text())
    if not drawing:
        raise ValueError(name)
    paths = re.sub(r"\s+", " ", CLEAR_SQUARE.sub("", drawing[1])).strip()
    return Markup(  # noqa: S704 - a file of our own static files
        f'<svg class="icon {tone}" width="24" height="24" viewBox="0 0 24 24" fill="none" stroke="currentColor" '
        f'stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{paths}</svg>'
    )


def environment(**options: Any) -> jinja2.Environment:
    """What Django's Jinja2 backend calls: a missing value is an error, never an empty place."""
    options |= {"autoescape": True, "undefined": jinja2.StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    made = jinja2.Environment(extensions=["jinja2.ext.i18n"], **options)  # noqa: S701 - it does escape, see above
    made.install_gettext_callables(  # type: ignore[attr-defined] # the i18n extension adds it
        translation.gettext,
        translation.ngettext,
        newstyle=True,
        pgettext=translation.pgettext,
        npgettext=translation.npgettext,
    )
    made.globals.update(
        url=url, href=href, query=query, icon=icon, static=static, language=formats.language, languages=LANGUAGES
    )
    made.filters.update({each.__name__: each for each in FILTERS})
    return made
