"""Which language a customer gets, and that every language says everything."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

import pytest

from plugin.web.languages import Language, Languages, accepted_tags
from plugin.web.widget_files import read_widget_files

PLURAL = re.compile(r"\.(zero|one|two|few|many|other)$")


def languages(*codes: str) -> Languages:
    return Languages(Language(code=code, name=code, dir="ltr", texts={}) for code in codes)


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        (["ar"], "ar"),
        (["AR"], "ar"),
        (["ar-EG"], "ar"),
        (["ar-Arab-EG"], "ar"),
        (["pt-BR"], "pt-BR"),
        (["pt_br"], "pt-BR"),
        (["pt-BR-x-private"], "pt-BR"),
        (["pt"], "en"),
        (["pt-PT"], "en"),
        (["xx", "ar", "pt-BR"], "ar"),
        (["*", "ar"], "ar"),
        ([], "en"),
        ([""], "en"),
        (["arabic"], "en"),
        (["../ar", "-", "ar/../../x", "\x00", "a" * 10_000], "en"),
    ],
)
def test_the_first_language_that_is_there_is_taken_or_english(tags: list[str], code: str) -> None:
    assert languages("en", "ar", "pt-BR").choose(tags).code == code


@pytest.mark.parametrize(
    ("header", "tags"),
    [
        ("", [""]),
        ("ar", ["ar"]),
        ("en;q=0.5, ar", ["ar", "en"]),
        ("de-CH, de;q=0.9 ,en;q = 0.8,*;q=0.1", ["de-CH", "de", "en", "*"]),
        ("en, ar", ["en", "ar"]),
        ("ar;q=0, en", ["en"]),
        ("ar;q=x,en;q=0.1", ["en"]),
    ],
)
def test_a_browser_says_which_languages_it_wants_most(header: str, tags: list[str]) -> None:
    assert accepted_tags(header) == tags


SHIPPED = Languages.from_files(read_widget_files())


def test_the_languages_are_read_from_their_files() -> None:
    files = {
        "locales/en.json": b'{"name": "English", "dir": "ltr", "texts": {"a": "b"}}',
        "locales/ar.json": '{"name": "العربية", "dir": "rtl", "texts": {"a": "ب"}}'.encode(),
        "page.js": b"",
        "words.json": b"[]",
    }
    arabic, english = Languages.from_files(files).all
    assert arabic == Language(code="ar", name="العربية", dir="rtl", texts={"a": "ب"})
    assert english.texts == {"a": "b"}


def test_english_and_a_language_from_right_to_left_are_shipped() -> None:
    assert SHIPPED.fallback.dir == "ltr"
    assert {language.dir for language in SHIPPED.all} == {"ltr", "rtl"}


def singular(texts: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the placeholders of each text, those of all plural forms together as one."""
    found: dict[str, set[str]] = {}
    for key, text in texts.items():
        found.setdefault(PLURAL.sub("", key), set()).update(re.findall(r"\{\w+\}", text))
    return {key: sorted(names) for key, names in found.items()}


@pytest.mark.parametrize("language", SHIPPED.all, ids=lambda one: one.code)
def test_every_language_has_every_text_with_the_same_placeholders(language: Language) -> None:
    assert singular(language.texts) == singular(SHIPPED.fallback.texts)
    assert all(isinstance(text, str) and text.strip() for text in language.texts.values())
    assert language.name
    assert language.dir in ("ltr", "rtl")


@pytest.mark.parametrize("language", SHIPPED.all, ids=lambda one: one.code)
def test_where_there_are_plural_forms_one_is_for_all_other_numbers(language: Language) -> None:
    forms = {PLURAL.sub("", key) for key in language.texts if PLURAL.search(key)}
    assert all(f"{form}.other" in language.texts for form in forms)


def test_a_file_of_a_language_holds_no_key_twice() -> None:
    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)

    for name, content in read_widget_files().items():
        if name.startswith("locales/"):
            json.loads(content, object_pairs_hook=once)
