"""Whoever reads the pages in another language reads all of them in it, and nothing that nobody wrote."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from gettext import GNUTranslations
from pathlib import Path

import pytest
from babel.messages import Catalog, Message
from babel.messages.pofile import read_po

from interview_project.settings import LANGUAGE_CODE, LANGUAGES
from tests.support.servers import ROOT, needed

SOURCES = ["interview_project", "interviews", "speech", "templates"]
WRITTEN = [code for code, _name in LANGUAGES if code != LANGUAGE_CODE]
MARKUP = r"</?\w[^>]*>"
PLACEHOLDER = re.compile(rf"%\(\w+\)[a-z]|%[sd]|\{{\w+\}}|{MARKUP}")
UNIT = r"(?:s|ms|Hz|dB|dBFS|%)(?!\w)"
QUOTED = {"de": "„{}“"}
# What print doesn't know, and quotation marks as in English.
TYPED = re.compile(rf"[\"“][^\"“”„]*[\"”]|(?<!\w)'|\.\.\.| - | …|[\d}}] {UNIT}")

pytestmark = pytest.mark.parametrize("language", WRITTEN)


def catalogue(language: str, root: Path = ROOT) -> Catalog:
    with _file(language, root, "po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def _file(language: str, root: Path, kind: str) -> Path:
    return root / "interviews" / "locale" / language / "LC_MESSAGES" / f"django.{kind}"


def messages(language: str) -> list[Message]:
    return [message for message in catalogue(language) if message.id]


def forms(text: str | Sequence[str] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())


def contents(found: Catalog) -> dict[tuple[str | None, ...], tuple[str, ...]]:
    return {(message.context, *forms(message.id)): forms(message.string) for message in found if message.id}


def served(compiled: GNUTranslations, message: Message) -> set[str]:
    """Every form of it, whatever it counts."""
    text, *plural = forms(message.id)
    if plural:
        return {compiled.ngettext(text, plural[0], number) for number in range(200)}
    if message.context:
        return {compiled.pgettext(message.context, text)}
    return {compiled.gettext(text)}


def test_everything_is_translated_and_nothing_is_a_guess(language: str) -> None:
    lacking = [message.id for message in messages(language) if not all(forms(message.string))]

    assert lacking == []
    assert [message.id for message in messages(language) if message.fuzzy] == []


def test_plurals_have_as_many_forms_as_the_language(language: str) -> None:
    count = catalogue(language).num_plurals
    plural = [message for message in messages(language) if message.pluralizable]

    assert [message.id for message in plural if len(forms(message.string)) != count] == []


def test_placeholders_and_markup_are_kept(language: str) -> None:
    different = []
    for message in messages(language):
        # A singular may do without its number.
        own = [Counter(PLACEHOLDER.findall(text)) for text in forms(message.id)]
        for index, text in enumerate(forms(message.string)):
            if Counter(PLACEHOLDER.findall(text)) != own[min(index, len(own) - 1)]:
                different.append(message.id)

    assert different == []


def test_what_a_text_quotes_of_the_page_is_quoted_as_it_is_there(language: str) -> None:
    translated = {message.id: message.string for message in messages(language)}
    different = [
        (text, label)
        for message in messages(language)
        for text, translation in zip(forms(message.id), forms(message.string), strict=False)
        for label in re.findall("“(.+?)”", text)
        if label in translated and QUOTED[language].format(translated[label]) not in translation
    ]

    assert different == []


def test_typography_is_that_of_print(language: str) -> None:
    texts = [re.sub(MARKUP, "", text) for message in messages(language) for text in forms(message.string)]

    assert [text for text in texts if TYPED.search(text)] == []


def test_what_is_served_is_what_is_written(language: str) -> None:
    with _file(language, ROOT, "mo").open("rb") as file:
        compiled = GNUTranslations(file)

    different = [m.id for m in messages(language) if served(compiled, m) != set(forms(m.string))]
    assert different == [], "make messages"


def test_the_catalogue_holds_what_the_sources_say(language: str, tmp_path: Path) -> None:
    needed("xgettext", "gettext")
    for name in SOURCES:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "manage.py", tmp_path)

    subprocess.run(
        [sys.executable, "manage.py", "makemessages", "-l", language, "--no-obsolete", "-v0"],
        cwd=tmp_path,
        env={**os.environ, "DATA_DIR": str(tmp_path / "data"), "PYTHONPATH": str(tmp_path)},
        check=True,
    )

    said, written = (set(contents(catalogue(language, root))) for root in (tmp_path, ROOT))
    assert (said - written, written - said) == (set(), set()), "make messages"
