"""All that touches the SDK, azure-cognitiveservices-speech. Importing this loads it: 0.2 s and 24 MB."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import azure.cognitiveservices.speech as sdk

from speech.backends.azure.options import MAX_DETECT_LANGUAGES, MAX_PHRASES, AzureOptions
from speech.backends.azure.signals import Broken, Connected, Lost, Over, Result, Said, Started

# How long stopping waits for a service that hangs. The SDK's own 10 s would hold up the process's exit.
STOP_SECONDS = 1

Tell = Callable[[Said], None]


class Recogniser:
    """One of the SDK's, used once."""

    def __init__(
        self, options: AzureOptions, language: str, phrases: tuple[str, ...], token: str | None
    ) -> None:
        self._stream = sdk.audio.PushAudioInputStream()
        self._recogniser = make_recogniser(make_config(options, token), self._stream, language, options)
        self._connection = sdk.Connection.from_recognizer(self._recogniser)
        add_phrases(self._recogniser, (*options.phrases, *phrases)[:MAX_PHRASES], options.phrase_weight)

    @contextmanager
    def running(self, tell: Tell) -> Iterator[sdk.audio.PushAudioInputStream]:
        """The stream to write 16 kHz mono 16-bit PCM to, 100 ms at a time: the SDK's default format."""
        self._listen(tell)
        try:
            self._recogniser.start_continuous_recognition_async().get()
            yield self._stream
        finally:
            try:
                self._recogniser.stop_continuous_recognition_async().get()
            finally:
                for signal in self._signals():
                    signal.disconnect_all()

    def renew_token(self, token: str) -> None:
        self._recogniser.authorization_token = token

    def _signals(self) -> list[sdk.EventSignal]:
        recogniser, connection = self._recogniser, self._connection
        return [
            recogniser.session_started,
            recogniser.recognizing,
            recogniser.recognized,
            recogniser.canceled,
            recogniser.session_stopped,
            connection.connected,
            connection.disconnected,
        ]

    def _listen(self, tell: Tell) -> None:
        translations: list[Callable[[Any], Said]] = [
            lambda event: Started(event.session_id),
            lambda event: read_result(event, is_final=False),
            lambda event: read_result(event, is_final=True),
            read_cancellation,
            lambda event: Over(),
            lambda event: Connected(True),
            lambda event: Connected(False),
        ]
        for signal, translate in zip(self._signals(), translations, strict=True):
            signal.connect(guarded(translate, tell))


def guarded(translate: Callable[[Any], Said], tell: Tell) -> Callable[[Any], None]:
    """A callback for the SDK, which swallows whatever its callbacks raise."""

    def hear(event: Any) -> None:
        try:
            said = translate(event)
        except Exception as problem:
            said = Broken(problem)
        tell(said)

    return hear


def read_result(event: Any, *, is_final: bool) -> Result:
    result = event.result
    return Result(is_final, result.offset, result.duration, result.json)


def read_cancellation(event: Any) -> Said:
    details = event.cancellation_details
    if details.reason == sdk.CancellationReason.Error:
        return Lost(details.code.name, details.error_details)
    return Over()


def make_recogniser(
    config: sdk.SpeechConfig, stream: sdk.audio.PushAudioInputStream, language: str, options: AzureOptions
) -> sdk.SpeechRecognizer:
    audio = sdk.audio.AudioConfig(stream=stream)
    if options.detect_languages:
        languages = list(dict.fromkeys([language, *options.detect_languages]))[:MAX_DETECT_LANGUAGES]
        detection = sdk.languageconfig.AutoDetectSourceLanguageConfig(languages=languages)
        return sdk.SpeechRecognizer(config, audio, auto_detect_source_language_config=detection)
    config.speech_recognition_language = language
    return sdk.SpeechRecognizer(config, audio)


def make_config(options: AzureOptions, token: str | None) -> sdk.SpeechConfig:
    config = make_account(options, token)
    config.output_format = sdk.OutputFormat.Detailed
    config.request_word_level_timestamps()
    config.set_service_property("wordLevelConfidence", "true", sdk.ServicePropertyChannel.UriQueryParameter)
    config.set_profanity(sdk.ProfanityOption[options.profanity.title()])
    if options.endpoint_id:
        config.endpoint_id = options.endpoint_id
    for name, value in properties(options).items():
        config.set_property_by_name(name, value)
    return config


def make_account(options: AzureOptions, token: str | None) -> sdk.SpeechConfig:
    key = options.key or None
    if options.region:
        return sdk.SpeechConfig(region=options.region, subscription=key, auth_token=token)
    config = sdk.SpeechConfig(host=options.host or None, endpoint=options.endpoint or None, subscription=key)
    if token is not None:
        config.authorization_token = token
    return config


def properties(options: AzureOptions) -> dict[str, str]:
    chosen = {
        "SPEECH-StopRecognitionTimeoutInSeconds": STOP_SECONDS,
        "SPEECH-SegmentationSilenceTimeoutMs": options.segmentation_silence_ms,
        "SpeechServiceResponse_StablePartialResultThreshold": options.stable_partials,
        **options.properties,
    }
    return {name: str(value) for name, value in chosen.items() if value is not None}


def add_phrases(recogniser: sdk.SpeechRecognizer, phrases: tuple[str, ...], weight: float | None) -> None:
    """Without any, the service is not told of a list at all."""
    if not phrases:
        return
    grammar = sdk.PhraseListGrammar.from_recognizer(recogniser)
    for phrase in phrases:
        grammar.addPhrase(phrase)
    if weight is not None:
        grammar.setWeight(weight)
