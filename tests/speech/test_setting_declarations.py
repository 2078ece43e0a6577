from __future__ import annotations

from typing import Any

import pytest
from django.test import override_settings

from speech.checks import errors_of
from speech.setting_declarations import Address, Declarations, Setting, Text, Whole


class Settings(Declarations):
    SOME_SECONDS = Whole(30, minimum=5, help="How long.")
    SOME_CLASS = Text("some.Class", help="Which.")


conf = Settings()


def test_what_a_site_says_nothing_of_has_its_default() -> None:
    assert (conf.SOME_SECONDS, conf.SOME_CLASS) == (30, "some.Class")


def test_what_a_site_says_is_read_each_time() -> None:
    with override_settings(SOME_SECONDS=7):
        said = conf.SOME_SECONDS

    assert (said, conf.SOME_SECONDS) == (7, 30)


def test_the_class_has_the_declarations_in_their_order() -> None:
    assert Settings.SOME_SECONDS.minimum == 5
    assert [(one.name, one.default, one.help) for one in conf] == [
        ("SOME_SECONDS", 30, "How long."),
        ("SOME_CLASS", "some.Class", "Which."),
    ]


def test_each_value_that_can_not_be_used_is_told_with_its_name(settings: Any) -> None:
    settings.SOME_SECONDS, settings.SOME_CLASS = 4, None

    assert [(error.id, error.msg) for error in errors_of(conf, "some.E001")] == [
        ("some.E001", "SOME_SECONDS must be at least 5; it is 4."),
        ("some.E001", "SOME_CLASS must be a text; it is None."),
    ]


@pytest.mark.parametrize(
    ("setting", "value", "problem"),
    [
        (Whole(1, help=""), 0, None),
        (Whole(1, help=""), -1, "must be at least 0; it is -1."),
        (Whole(1, help=""), "1", "must be a whole number; it is '1'."),
        (Whole(1, help=""), 1.0, "must be a whole number; it is 1.0."),
        (Whole(1, help=""), True, "must be a whole number; it is True."),
        (Whole(1, help=""), None, "must be a whole number; it is None."),
        (Text("a", help=""), "b", None),
        (Text("a", help=""), "", "must be a text; it is ''."),
        (Text("a", help=""), 1, "must be a text; it is 1."),
        (Address("", help=""), "https://example.org", None),
        (Address("", help=""), "http://[::1]:8000", None),
        (Address("", help=""), None, "must be a text; it is None."),
        (Address("", help=""), "", "must be an address such as https://example.org; it is ''."),
        (
            Address("", help=""),
            "ftp://example.org",
            "must be an address such as https://example.org; it is 'ftp://example.org'.",
        ),
        (
            Address("", help=""),
            "https://example.org/",
            "must not end with a slash; it is 'https://example.org/'.",
        ),
        (Address("", help=""), "http://example.org:99999", "is no address: Port out of range 0-65535."),
    ],
)
def test_what_each_kind_takes(setting: Setting[Any], value: object, problem: str | None) -> None:
    assert setting.problem(value) == problem


@pytest.mark.parametrize(
    ("setting", "text", "value"),
    [
        (Whole(1, help=""), "-12", -12),
        (Whole(1, help=""), "ten", "ten"),
        (Text("a", help=""), "b", "b"),
        (Address("", help=""), "https://example.org/", "https://example.org"),
    ],
)
def test_how_each_kind_is_read_from_a_text(setting: Setting[Any], text: str, value: object) -> None:
    assert setting.read(text) == value
