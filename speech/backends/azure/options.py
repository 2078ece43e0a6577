"""What can be set for Azure Speech, checked as far as it can be without asking the service."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.utils.module_loading import import_string

TokenProvider = Callable[[], str]

# The service's tokens are valid for ten minutes.
TOKEN_SECONDS = 9 * 60

LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?(-[A-Za-z0-9]{5,8})*", re.ASCII)
REGION = re.compile(r"[a-z][a-z0-9]+", re.ASCII)
PROFANITY = ("masked", "removed", "raw")
MAX_DETECT_LANGUAGES = 4
MAX_PHRASES = 500
# The SDK gives up at 66 s of audio that the service has not acknowledged.
MAX_BEHIND_SECONDS = 60


@dataclass(frozen=True, kw_only=True, eq=False)
class AzureOptions:
    """Raises ValueError or TypeError with a sentence that never holds a secret."""

    key: str = field(default="", repr=False)
    token_provider: str = ""
    token_seconds: float = TOKEN_SECONDS
    region: str = ""
    endpoint: str = ""
    host: str = ""
    detect_languages: Sequence[str] = ()
    phrases: Sequence[str] = ()
    phrase_weight: float | None = None
    profanity: str = "masked"
    segmentation_silence_ms: int | None = None
    stable_partials: int | None = None
    endpoint_id: str = ""
    capacity: int = 100
    max_behind_seconds: float = MAX_BEHIND_SECONDS
    mute_seconds: float = 10
    idle_seconds: float = 45
    properties: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._check_place()
        self._check_credentials()
        self._check_collections()
        check(self.profanity in PROFANITY, f"profanity is one of {', '.join(PROFANITY)}")
        check_range("segmentation_silence_ms", self.segmentation_silence_ms, 100, 5000)
        check_range("stable_partials", self.stable_partials, 1, 20)
        check_range("phrase_weight", self.phrase_weight, 0, 2)
        check_range("token_seconds", self.token_seconds, 0.1, 600)
        check_range("capacity", self.capacity, 1, 10_000)
        check_range("max_behind_seconds", self.max_behind_seconds, 1, MAX_BEHIND_SECONDS)
        check_range("mute_seconds", self.mute_seconds, 0.1, 600)
        check_range("idle_seconds", self.idle_seconds, 0.1, 600)

    def token(self) -> str | None:
        """A new token; None if there is a key. Whatever the provider raises."""
        if not self.token_provider:
            return None
        provider: TokenProvider = import_string(self.token_provider)
        return provider()

    def _check_place(self) -> None:
        check([self.region, self.endpoint, self.host].count("") == 2, "give one of region, endpoint and host")
        if self.region:
            check(REGION.fullmatch(self.region), f"region is a name such as westeurope, not {self.region!r}")
        if self.host:
            check_address("host", self.host)
            check(urlsplit(self.host).path in ("", "/"), "host has no path; endpoint may have one")
        if self.endpoint:
            check_address("endpoint", self.endpoint)

    def _check_credentials(self) -> None:
        check(not (self.key and self.token_provider), "give a key or a token_provider, not both")
        check(self.key or self.token_provider or self.host, "give a key or a token_provider")
        check(not re.search(r"\s", self.key), "key has blanks in it")
        if self.token_provider:
            try:
                provider = import_string(self.token_provider)
            except ImportError as error:
                raise ValueError(f"token_provider can't be imported: {error}") from None
            check(callable(provider), f"token_provider {self.token_provider} can't be called")

    def _check_collections(self) -> None:
        check_texts("detect_languages", self.detect_languages, MAX_DETECT_LANGUAGES)
        check_texts("phrases", self.phrases, MAX_PHRASES)
        check(isinstance(self.properties, Mapping), "properties is a dictionary")
        for language in self.detect_languages:
            check(is_language(language), f"detect_languages has {language!r}, which is no language tag")
        both = self.endpoint_id and self.detect_languages
        check(not both, "a custom model (endpoint_id) has one language: detect_languages is for others")


def is_language(tag: str) -> bool:
    """Whether it has the shape of a BCP 47 tag. Which of them the service knows, it says itself."""
    return LANGUAGE.fullmatch(tag) is not None


def check(condition: object, message: str) -> None:
    if not condition:
        raise ValueError(message)


def check_range(name: str, value: float | None, lowest: float, highest: float) -> None:
    if value is not None and not lowest <= value <= highest:
        raise ValueError(f"{name} is from {lowest} to {highest}, not {value!r}")


def check_texts(name: str, texts: Sequence[str], most: int) -> None:
    is_list = not isinstance(texts, str) and all(isinstance(text, str) and text.strip() for text in texts)
    check(is_list, f"{name} is a list of texts")
    check(len(texts) <= most, f"{name} has at most {most} entries")


def check_address(name: str, address: str) -> None:
    parts = urlsplit(address)
    is_address = parts.scheme in {"ws", "wss", "http", "https"} and parts.hostname
    check(is_address, f"{name} is an address such as wss://speech.example.org, not {address!r}")
