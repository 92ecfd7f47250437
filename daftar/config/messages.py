"""The catalogues of translations: texts are gathered from code and pages, merged into the .po files and compiled.

`python3 manage.py messages` gathers and compiles; `python -m daftar.config.messages compile` only compiles, at set-up.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_keywords, parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "daftar"
NO_DATE = datetime(2026, 1, 1, tzinfo=UTC)  # the history knows when; a date in the file would change every time
LANGUAGES = ("en", "it", "pl", "ru", "uz")
KEYWORDS = DEFAULT_KEYWORDS | parse_keywords(
    ["gettext_lazy", "ngettext_lazy:1,2", "pgettext_lazy:1c,2", "pgettext:1c,2", "npgettext:1c,2,3"]
)
# Texts of Django and allauth that our pages show; Django's Uzbek catalogue lacks them.
BORROWED = (
    "This field is required.",
    "Enter a valid email address.",
    "Enter a valid date.",
    "Enter a valid time.",
    "Enter a whole number.",
    "Select a valid choice. %(value)s is not one of the available choices.",
    "Select a valid choice. That choice is not one of the available choices.",
    "The email address and/or password you specified are not correct.",
    "Too many failed login attempts. Try again later.",
    "Incorrect code.",
    "Incorrect password.",
    "Please type your current password.",
    "Be patient, you are sending too many requests.",
)


def gather() -> Catalog:
    """The template: every text to translate, without line numbers, so that code may move."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as mapping:
        methods, options = parse_mapping_cfg(mapping)  # type: ignore[no-untyped-call]
    template = Catalog(project="Daftar", charset="utf-8")
    for borrowed in BORROWED:
        template.add(borrowed, locations=[("django", 0)])
    found = extract_from_dir(SOURCES, methods, options, keywords=KEYWORDS, comment_tags=("Translators:",))
    for path, line, text, comments, context in sorted(found, key=lambda each: (str(each[2]), each[0])):
        template.add(text, locations=[(f"daftar/{path}", line)], auto_comments=comments, context=context)
    return template


def update(template: Catalog) -> None:
    """Merges the template into every language; what is no longer said goes, nothing is guessed."""
    for language in LANGUAGES:
        path = _po(language)
        catalog = _read(language) if path.exists() else Catalog(locale=language)
        catalog.header_comment = f"# Daftar: {language}"
        catalog.fuzzy, catalog.project, catalog.version = False, "Daftar", "0"
        catalog.msgid_bugs_address = catalog.last_translator = catalog.language_team = ""
        catalog.creation_date = catalog.revision_date = NO_DATE
        catalog.update(template, no_fuzzy_matching=True, update_creation_date=False)
        catalog.obsolete.clear()
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(file, catalog, width=0, sort_output=True, omit_header=False, include_lineno=False)


def compile_all() -> None:
    """The .mo files that Django reads; a doubtful (fuzzy) translation is shown too: better than English among it."""
    for language in LANGUAGES:
        with _po(language).with_suffix(".mo").open("wb") as file:
            write_mo(file, _read(language), use_fuzzy=True)


def untranslated(language: str) -> list[str]:
    """The texts that would appear in English."""
    return [str(message.id) for message in _read(language) if message.id and not _is_said(message.string)]


def doubtful(language: str) -> list[str]:
    """The texts whose translation is marked fuzzy: somebody who speaks the language should read them."""
    return [str(message.id) for message in _read(language) if message.id and message.fuzzy]


def main(arguments: list[str]) -> None:
    if "compile" not in arguments:
        update(gather())
        for language in LANGUAGES[1:]:
            missing, unsure = len(untranslated(language)), len(doubtful(language))
            print(f"{language}: {missing} texts to translate, {unsure} to be read again")
    compile_all()


def _is_said(text: str | Sequence[str] | None) -> bool:
    return bool(text) and all(text or "")


def _po(language: str) -> Path:
    return SOURCES / "locale" / language / "LC_MESSAGES" / "django.po"


def _read(language: str) -> Catalog:
    with _po(language).open("rb") as file:
        return read_po(file, locale=language, domain="django", charset="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
