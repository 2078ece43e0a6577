from __future__ import annotations

import base64
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interviews.errors import Close, Code
from interviews.wire.events import (
    Begin,
    Choose,
    Compare,
    End,
    Hangup,
    Note,
    Part,
    Reply,
    Retry,
    Store,
    Write,
)
from interviews.wire.messages import (
    Ack,
    AnswerNote,
    AudioChunk,
    CandidateMessage,
    ChooseTake,
    EndAnswer,
    ErrorMessage,
    FormatField,
    KeepAlive,
    Ping,
    Pong,
    RequestRetry,
    StartAnswer,
    StartPart,
    TextAnswer,
    error,
)
from interviews.wire.protocol import (
    CHUNK_MIN_COST,
    Bounds,
    CandidateProtocol,
    ConnectionState,
    Frame,
)
from speech.audio import AudioFormat
from tests.support.media import encode, tone

Q = "6f1c2a56-2f0b-4f6e-9d4c-000000000001"
OTHER = "6f1c2a56-2f0b-4f6e-9d4c-000000000002"
BOUNDS = Bounds(
    frame_max_bytes=2000,
    backlog_bytes=8000,
    answer_max_parts=3,
    text_answer_max_chars=50,
    answer_note_max_chars=20,
)
# How many bytes of audio an answer has room for.
ROOM = 20_000
PCM = AudioFormat("pcm_s16le")
A, B, C = b"a" * 600, b"b" * 600, b"c" * 600


def frame(index: int, data: bytes) -> Frame:
    return Frame(index.to_bytes(4, "big") + data)


def chunk(index: int, data: bytes, *, question_id: str = Q, **fields: Any) -> AudioChunk:
    return AudioChunk(question_id, index, base64.b64encode(data).decode(), **fields)


def idle() -> CandidateProtocol:
    return CandidateProtocol(BOUNDS)


def recording(next_index: int = 0) -> CandidateProtocol:
    protocol = idle()
    protocol.begun(Q, next_index, ROOM, audio=PCM, parts=[PCM])
    return protocol


def finishing() -> CandidateProtocol:
    protocol = recording()
    protocol.receive(frame(0, A))
    protocol.receive(EndAnswer(Q, 1))
    assert protocol.state is ConnectionState.FINISHING
    return protocol


def refusal(code: Code, **details: Any) -> list[Reply]:
    return [Reply(error(code, **details))]


def refused(code: Code, next_chunk_index: int = 0) -> list[Reply]:
    """While an answer is recorded: with what helps to go on."""
    return refusal(code, question_id=Q, next_chunk_index=next_chunk_index)


# Beginning


def test_start_answer_begins_with_its_format() -> None:
    events = idle().receive(StartAnswer(Q, FormatField("pcm_s16le", 48_000, 2)))

    assert events == [Begin(Q, AudioFormat("pcm_s16le", 48_000, 2))]


@pytest.mark.parametrize("field", [FormatField("mp3"), FormatField("flac"), FormatField("pcm_s16le", 3)])
def test_start_answer_in_an_unknown_format_is_refused(field: FormatField) -> None:
    assert idle().receive(StartAnswer(Q, field)) == refusal(Code.AUDIO_FORMAT_UNSUPPORTED)


@pytest.mark.parametrize("protocol", [recording(), finishing()])
def test_start_answer_during_an_answer_is_refused(protocol: CandidateProtocol) -> None:
    [event] = protocol.receive(StartAnswer(OTHER, FormatField("webm")))

    assert isinstance(event, Reply)
    assert isinstance(event.message, ErrorMessage)
    assert event.message.code == Code.INVALID_STATE


def test_the_first_audio_chunk_begins_the_answer_and_is_then_taken() -> None:
    protocol = idle()
    first = chunk(0, A, format="webm")

    [begin] = protocol.receive(first)
    protocol.begun(Q, 0, ROOM, audio=AudioFormat("webm"))
    events = protocol.receive(first)

    assert begin == Begin(Q, AudioFormat("webm"), then=first)
    assert events == [Store(0, A, Part(AudioFormat("webm")))]


def test_a_first_audio_chunk_without_a_format_leaves_it_to_its_bytes() -> None:
    first = chunk(0, A)

    assert idle().receive(first) == [Begin(Q, None, then=first)]


def test_a_first_audio_chunk_in_an_unknown_format_is_refused() -> None:
    assert idle().receive(chunk(0, A, format="mp3")) == refusal(Code.AUDIO_FORMAT_UNSUPPORTED)


def test_a_later_audio_chunk_in_an_unknown_format_is_refused_and_may_come_again() -> None:
    protocol = recording()
    protocol.receive(chunk(0, A, format="pcm_s16le"))

    assert protocol.receive(chunk(1, B, format="mp3")) == refused(Code.AUDIO_FORMAT_UNSUPPORTED, 1)
    assert protocol.receive(chunk(1, B, format="pcm_s16le")) == [Store(1, B)]


def test_a_frame_before_start_answer_is_refused() -> None:
    assert idle().receive(frame(0, A)) == refusal(Code.INVALID_STATE)


# Chunks


def test_chunks_in_order_are_stored() -> None:
    protocol = recording()

    assert protocol.receive(frame(0, A)) == [Store(0, A)]
    assert protocol.receive(chunk(1, B)) == [Store(1, B)]
    assert protocol.next_index == 2


def test_recording_goes_on_after_what_is_durable() -> None:
    protocol = recording(next_index=7)

    assert protocol.receive(frame(8, A)) == refused(Code.CHUNK_GAP, 7)
    assert protocol.receive(frame(7, A)) == [Store(7, A)]


def test_a_gap_is_told_with_the_chunk_that_is_missing() -> None:
    protocol = recording()
    protocol.receive(frame(0, A))

    assert protocol.receive(frame(2, C)) == refused(Code.CHUNK_GAP, 1)
    assert protocol.receive(frame(1, B)) == [Store(1, B)]


def test_a_chunk_that_comes_again_before_it_is_durable_is_not_acknowledged_yet() -> None:
    protocol = recording()
    protocol.receive(frame(0, A))

    assert protocol.receive(frame(0, A)) == [Reply(Ack(question_id=Q, next_chunk_index=0))]


def test_a_durable_chunk_that_comes_again_is_compared() -> None:
    protocol = recording()
    protocol.receive(frame(0, A))
    protocol.acked(1)

    assert protocol.receive(frame(0, B)) == [Compare(0, B)]


@pytest.mark.parametrize("data", [b"", b"\0", b"\0\0\0", b"\0\0\0\0"])
def test_a_frame_without_audio_is_refused(data: bytes) -> None:
    assert recording().receive(Frame(data)) == refused(Code.INVALID_AUDIO_CHUNK)


@pytest.mark.parametrize("message", [chunk(-1, A), chunk(0, b""), chunk(0, bytes(2001))])
def test_an_audio_chunk_that_can_not_be_is_refused(message: AudioChunk) -> None:
    assert recording().receive(message) == refused(Code.INVALID_AUDIO_CHUNK)


@pytest.mark.parametrize("audio", ["a", "ä", "====", "YWJj\n", "YWJj YWJj"])
def test_audio_that_is_not_base64_is_refused(audio: str) -> None:
    assert recording().receive(AudioChunk(Q, 0, audio)) == refused(Code.INVALID_AUDIO_DATA)


def test_an_audio_chunk_of_another_question_is_refused() -> None:
    assert recording().receive(chunk(0, A, question_id=OTHER)) == refused(Code.INVALID_STATE)


@given(st.integers(0, 2**31) | st.integers(2**63, 2**200), st.binary(max_size=40))
def test_no_index_makes_it_raise(index: int, data: bytes) -> None:
    protocol = recording()

    protocol.receive(AudioChunk(Q, index, base64.b64encode(data).decode(), is_final=True))

    assert protocol.next_index in {0, 1}


# Bounds


def test_an_answer_of_too_many_bytes_is_refused_and_can_still_be_ended() -> None:
    protocol = recording()
    for index in range(10):
        protocol.receive(frame(index, bytes(2000)))
        protocol.acked(index + 1)

    assert protocol.receive(frame(10, A)) == refused(Code.AUDIO_TOO_LONG, 10)
    assert protocol.receive(EndAnswer(Q, 10)) == [End(10)]


def test_an_answer_takes_no_more_than_it_has_room_for() -> None:
    protocol = idle()
    protocol.begun(Q, 30, 1000, audio=PCM, parts=[PCM])

    assert protocol.receive(frame(30, bytes(2000))) == refused(Code.AUDIO_TOO_LONG, 30)


def test_an_answer_of_too_many_seconds_is_refused() -> None:
    protocol = recording()
    protocol.receive(frame(0, A))
    protocol.filled()

    assert protocol.receive(frame(1, B)) == refused(Code.AUDIO_TOO_LONG, 1)


def test_the_next_answer_may_be_as_long_again() -> None:
    protocol = recording()
    protocol.receive(frame(0, A))
    protocol.filled()
    protocol.ended()
    protocol.begun(OTHER, 0, ROOM, audio=PCM, parts=[PCM])

    assert protocol.receive(frame(0, A)) == [Store(0, A)]


def test_audio_over_the_backlog_is_dropped_until_something_is_durable() -> None:
    protocol = recording()
    for index in range(4):
        protocol.receive(frame(index, bytes(2000)))

    dropped = protocol.receive(frame(4, A))
    protocol.acked(1)

    assert dropped == refused(Code.AUDIO_BACKLOG, 4)
    assert protocol.receive(frame(4, A)) == [Store(4, A)]


def test_tiny_chunks_count_as_what_they_cost() -> None:
    protocol = recording()
    fitting = BOUNDS.backlog_bytes // CHUNK_MIN_COST

    events = [protocol.receive(frame(index, b"x")) for index in range(fitting + 1)]

    assert events[fitting - 1] == [Store(fitting - 1, b"x")]
    assert events[fitting] == refused(Code.AUDIO_BACKLOG, fitting)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (frame(5, A), Code.CHUNK_GAP),
        (frame(0, bytes(2001)), Code.INVALID_AUDIO_CHUNK),
        (Frame(b""), Code.INVALID_AUDIO_CHUNK),
        (AudioChunk(Q, 0, "!"), Code.INVALID_AUDIO_DATA),
        (chunk(0, A, question_id=OTHER), Code.INVALID_STATE),
    ],
)
def test_who_goes_on_with_audio_that_is_refused_is_hung_up_on(message: CandidateMessage, code: Code) -> None:
    protocol = recording()

    events = [protocol.receive(message) for _ in range(BOUNDS.backlog_bytes // CHUNK_MIN_COST + 1)]

    hangup = Hangup(Close.TOO_MUCH, error(code, question_id=Q, next_chunk_index=0))
    assert events[0] == refused(code)
    assert events[-1] == [hangup]


def test_who_goes_on_with_audio_before_an_answer_is_hung_up_on() -> None:
    protocol = idle()

    events = [protocol.receive(frame(0, b"x")) for _ in range(BOUNDS.backlog_bytes // CHUNK_MIN_COST + 1)]

    assert events[-1] == [Hangup(Close.TOO_MUCH, error(Code.INVALID_STATE))]


def test_what_was_refused_is_forgiven_when_audio_arrives_again() -> None:
    protocol = recording()
    for _ in range(10):
        protocol.receive(frame(5, A))
    protocol.receive(frame(0, A))
    protocol.acked(1)

    assert protocol.receive(frame(5, A)) == refused(Code.CHUNK_GAP, 1)


# Ending


def test_end_answer_finishes_with_the_number_of_chunks() -> None:
    protocol = recording()
    protocol.receive(frame(0, A))

    assert protocol.receive(EndAnswer(Q, 1)) == [End(1)]
    assert protocol.state is ConnectionState.FINISHING


@pytest.mark.parametrize(("count", "code"), [(2, Code.CHUNK_GAP), (0, Code.INVALID_AUDIO_CHUNK)])
def test_end_answer_with_a_wrong_count_goes_on_recording(count: int, code: Code) -> None:
    protocol = recording()
    protocol.receive(frame(0, A))

    assert protocol.receive(EndAnswer(Q, count)) == refused(code, 1)
    assert protocol.state is ConnectionState.RECORDING


def test_an_answer_without_audio_is_too_short() -> None:
    protocol = recording()

    assert protocol.receive(EndAnswer(Q, 0)) == refused(Code.AUDIO_TOO_SHORT)
    assert protocol.state is ConnectionState.RECORDING


def test_end_answer_where_nothing_is_recorded_is_refused() -> None:
    assert idle().receive(EndAnswer(Q, 1)) == refusal(Code.INVALID_STATE)


def test_end_answer_that_comes_again_is_passed_over_and_another_one_refused() -> None:
    protocol = finishing()

    assert protocol.receive(EndAnswer(Q, 1)) == []
    assert protocol.receive(EndAnswer(Q, 2)) == refusal(Code.INVALID_STATE)
    assert protocol.receive(EndAnswer(OTHER, 1)) == refusal(Code.INVALID_STATE)


def test_end_answer_of_another_question_is_refused() -> None:
    protocol = recording()
    protocol.receive(frame(0, A))

    assert protocol.receive(EndAnswer(OTHER, 1)) == refused(Code.INVALID_STATE, 1)


def test_a_final_chunk_is_stored_and_ends_the_answer() -> None:
    protocol = recording()

    assert protocol.receive(chunk(0, A, is_final=True)) == [Store(0, A), End(1)]


def test_an_empty_final_chunk_ends_the_answer() -> None:
    protocol = recording()
    protocol.receive(chunk(0, A))

    assert protocol.receive(chunk(1, b"", is_final=True)) == [End(1)]


def test_an_empty_final_chunk_after_a_gap_does_not_end_the_answer() -> None:
    protocol = recording()
    protocol.receive(chunk(0, A))

    assert protocol.receive(chunk(2, b"", is_final=True)) == refused(Code.CHUNK_GAP, 1)
    assert protocol.state is ConnectionState.RECORDING


def test_a_final_chunk_that_was_dropped_does_not_end_the_answer() -> None:
    protocol = recording()

    assert protocol.receive(chunk(1, B, is_final=True)) == refused(Code.CHUNK_GAP)
    assert protocol.state is ConnectionState.RECORDING


def test_a_final_chunk_that_comes_again_after_a_reconnect_ends_the_answer_if_it_is_the_same() -> None:
    protocol = recording(next_index=3)

    [compare] = protocol.receive(chunk(2, A, is_final=True))
    assert compare == Compare(2, A, is_final=True)
    assert protocol.state is ConnectionState.RECORDING
    assert protocol.compared(compare, is_same=True) == [
        Reply(Ack(question_id=Q, next_chunk_index=3)),
        End(3),
    ]


def test_a_final_chunk_that_differs_from_the_one_before_does_not_end_the_answer() -> None:
    protocol = recording(next_index=3)
    [compare] = protocol.receive(chunk(2, B, is_final=True))
    assert isinstance(compare, Compare)

    assert protocol.compared(compare, is_same=False) == refused(Code.CHUNK_CONFLICT, 3)
    assert protocol.state is ConnectionState.RECORDING


def test_a_final_chunk_that_differs_from_one_that_is_not_durable_yet_does_not_end_the_answer() -> None:
    protocol = recording()
    protocol.receive(chunk(0, A))

    assert protocol.receive(chunk(0, B, is_final=True)) == refused(Code.CHUNK_CONFLICT, 1)
    assert protocol.receive(chunk(0, A, is_final=True)) == [
        Reply(Ack(question_id=Q, next_chunk_index=0)),
        End(1),
    ]


@pytest.mark.parametrize("data", [A, b""])
@pytest.mark.parametrize("durable", [0, 3])
def test_a_final_chunk_before_the_last_that_is_there_does_not_end_the_answer(
    data: bytes, durable: int
) -> None:
    protocol = recording()
    for index in range(3):
        protocol.receive(chunk(index, A))
    protocol.acked(durable)

    events = protocol.receive(chunk(1, data, is_final=True))
    if isinstance(compare := events[0], Compare):
        events = protocol.compared(compare, is_same=True)

    assert events == refused(Code.CHUNK_CONFLICT, 3)
    assert protocol.state is ConnectionState.RECORDING


def test_what_was_compared_after_the_answer_had_ended_says_nothing() -> None:
    protocol = recording(next_index=3)
    [compare] = protocol.receive(chunk(2, A, is_final=True))
    assert isinstance(compare, Compare)
    protocol.ended(usable=False)

    assert protocol.compared(compare, is_same=True) == []


def test_a_client_that_was_told_where_to_go_on_may_go_on_after_a_chunk_that_differs() -> None:
    protocol = idle()
    protocol.receive(StartAnswer(Q, FormatField("webm")))
    protocol.begun(Q, 3, ROOM, audio=PCM, parts=[PCM])
    [compare] = protocol.receive(frame(1, B))
    assert isinstance(compare, Compare)
    protocol.compared(compare, is_same=False)

    assert protocol.receive(frame(3, A)) == [Store(3, A)]
    assert protocol.receive(EndAnswer(Q, 4)) == [End(4)]


def test_doubled_chunks_are_passed_over_while_the_answer_finishes() -> None:
    protocol = finishing()

    assert protocol.receive(frame(0, A)) == []
    assert protocol.receive(chunk(0, A, is_final=True)) == []
    assert protocol.receive(chunk(1, b"", is_final=True)) == []


def test_more_audio_is_refused_while_the_answer_finishes() -> None:
    protocol = finishing()

    assert protocol.receive(frame(1, A)) == refusal(Code.INVALID_STATE)


def test_audio_after_the_end_is_refused() -> None:
    protocol = finishing()
    protocol.ended()

    assert protocol.receive(frame(0, A)) == refusal(Code.INVALID_STATE)


def test_chunks_of_an_unusable_take_are_passed_over() -> None:
    protocol = recording()
    protocol.receive(frame(0, A))
    protocol.ended(usable=False)

    assert protocol.receive(frame(1, B)) == []
    assert protocol.receive(chunk(1, B)) == []


def test_a_new_take_after_an_unusable_one_begins_with_chunk_0() -> None:
    protocol = recording()
    protocol.receive(frame(0, A))
    protocol.ended(usable=False)
    first = chunk(0, B)

    assert protocol.receive(first) == [Begin(Q, None, then=first)]


def test_a_chunk_of_another_question_after_an_unusable_take_begins_it() -> None:
    protocol = recording()
    protocol.ended(usable=False)
    first = chunk(1, B, question_id=OTHER)

    assert protocol.receive(first) == [Begin(OTHER, None, then=first)]


def test_the_next_answer_counts_from_nothing() -> None:
    protocol = recording()
    for index in range(4):
        protocol.receive(frame(index, bytes(2000)))
    protocol.receive(frame(4, bytes(2000)))
    protocol.receive(EndAnswer(Q, 4))
    protocol.ended()
    protocol.begun(OTHER, 0, ROOM, audio=PCM, parts=[PCM])

    events = [protocol.receive(frame(index, bytes(2000))) for index in range(4)]

    assert events == [[Store(index, bytes(2000))] for index in range(4)]


# Scripts, which begin with a chunk and know of no recording but theirs


def script(there: list[bytes]) -> CandidateProtocol:
    """One that begins where so many chunks are durable."""
    protocol = idle()
    protocol.receive(chunk(0, A))
    protocol.begun(Q, len(there), ROOM, audio=PCM, parts=[PCM])
    return protocol


def said_by(protocol: CandidateProtocol, there: list[bytes], chunks: list[bytes]) -> list[Any]:
    """What comes of all of its chunks, the last of which says that it is."""
    said: list[Any] = []
    for index, data in enumerate(chunks):
        for event in protocol.receive(chunk(index, data, is_final=index == len(chunks) - 1)):
            if isinstance(event, Compare):
                said += protocol.compared(event, is_same=there[event.index] == event.data)
            else:
                said.append(event)
    return said


def test_another_recording_does_not_end_the_one_that_is_there() -> None:
    there = [A] * 10
    protocol = script(there)

    said = said_by(protocol, there, [B] * 3)

    assert said == refused(Code.CHUNK_CONFLICT, 10) * 3
    assert protocol.state is ConnectionState.RECORDING


def test_another_recording_that_is_longer_is_not_mixed_with_the_one_that_is_there() -> None:
    there = [A] * 3
    protocol = script(there)

    said = said_by(protocol, there, [A, B, A, C, C])

    assert said == [Reply(Ack(question_id=Q, next_chunk_index=3)), *refused(Code.CHUNK_CONFLICT, 3) * 4]
    assert protocol.receive(chunk(3, b"", is_final=True)) == refused(Code.CHUNK_CONFLICT, 3)
    assert protocol.receive(EndAnswer(Q, 3)) == refused(Code.CHUNK_CONFLICT, 3)


def test_another_recording_may_be_made_once_the_one_that_was_there_is_given_up() -> None:
    there = [A] * 3
    protocol = script(there)
    said_by(protocol, there, [B] * 2)
    protocol.ended(usable=False)

    [begin] = protocol.receive(chunk(0, B))
    protocol.begun(Q, 0, ROOM, audio=PCM, parts=[PCM])

    assert isinstance(begin, Begin)
    assert said_by(protocol, [], [B, C]) == [Store(0, B), Store(1, C), End(2)]


def test_another_recording_that_goes_on_and_on_is_hung_up_on() -> None:
    there = [A]
    protocol = script(there)

    said = said_by(protocol, there, [B] * 20)

    assert isinstance(said[-1], Hangup)
    assert said[-1].code == Close.TOO_MUCH


recordings = st.lists(st.sampled_from([A, B]), min_size=1, max_size=5)


@given(recordings, recordings)
def test_a_recording_ends_as_one_script_sent_it_or_not_at_all(there: list[bytes], sent: list[bytes]) -> None:
    protocol = script(there)

    said = said_by(protocol, there, sent)

    stored = there + [event.data for event in said if isinstance(event, Store)]
    if sent[: len(there)] == there:
        assert (stored, said[-1]) == (sent, End(len(sent)))
    else:
        assert not [event for event in said if isinstance(event, End)]
        assert not [event for event in said if isinstance(event, Store)]


# Several takes


def test_a_new_take_is_asked_for_in_so_many_words() -> None:
    start = StartAnswer(Q, FormatField("pcm_s16le"), new_take=True)

    assert idle().receive(start) == [Begin(Q, AudioFormat("pcm_s16le"), new_take=True)]


@pytest.mark.parametrize("protocol", [idle(), recording()], ids=["idle", "recording"])
def test_a_take_is_chosen_whether_or_not_another_is_recorded(protocol: CandidateProtocol) -> None:
    assert protocol.receive(ChooseTake(Q, UUID(int=1))) == [Choose(Q, UUID(int=1))]


def test_no_take_is_chosen_while_another_is_finished_or_another_question_answered() -> None:
    assert finishing().receive(ChooseTake(Q, UUID(int=1))) == refusal(Code.INVALID_STATE)
    assert recording().receive(ChooseTake(OTHER, UUID(int=1))) == refused(Code.INVALID_STATE)


# The rest


@pytest.mark.parametrize("protocol", [idle(), recording()])
def test_a_written_answer_is_taken_instead_of_a_spoken_one(protocol: CandidateProtocol) -> None:
    assert protocol.receive(TextAnswer(Q, "  Because. \n")) == [Write(Q, "Because.")]


@pytest.mark.parametrize("protocol", [idle(), recording(), finishing()])
@pytest.mark.parametrize(("text", "kept"), [(" It was Ada. ", "It was Ada."), ("", ""), ("x" * 20, "x" * 20)])
def test_a_note_may_come_at_any_time(protocol: CandidateProtocol, text: str, kept: str) -> None:
    assert protocol.receive(AnswerNote(Q, OTHER, text)) == [Note(Q, OTHER, kept)]


@pytest.mark.parametrize("text", ["x" * 21, "a\0b"])
def test_a_note_that_can_not_be_stored_is_refused(text: str) -> None:
    assert idle().receive(AnswerNote(Q, OTHER, text)) == [
        Reply(error(Code.INVALID_MESSAGE_FORMAT, question_id=Q))
    ]


@pytest.mark.parametrize("text", ["", " \n", "x" * 51, "a\0b"])
def test_a_written_answer_that_can_not_be_stored_is_refused(text: str) -> None:
    assert idle().receive(TextAnswer(Q, text)) == refusal(Code.INVALID_MESSAGE_FORMAT)


def test_a_written_answer_while_another_answer_is_recorded_is_refused() -> None:
    assert recording().receive(TextAnswer(OTHER, "Because.")) == refused(Code.INVALID_STATE)


def test_a_written_answer_while_the_spoken_one_finishes_is_refused() -> None:
    assert finishing().receive(TextAnswer(Q, "Because.")) == refusal(Code.INVALID_STATE)


@pytest.mark.parametrize("protocol", [idle(), recording(), finishing()])
def test_pings_retries_and_signs_of_life_are_taken_at_any_time(protocol: CandidateProtocol) -> None:
    assert protocol.receive(Ping()) == [Reply(Pong())]
    assert protocol.receive(KeepAlive()) == []
    assert protocol.receive(RequestRetry("audio_chunk", "CHUNK_GAP")) == [Retry("audio_chunk", "CHUNK_GAP")]


# Any network

CHUNKS = [bytes([index]) * 600 for index in range(8)]
Step = tuple[str, int]
steps = st.lists(
    st.tuples(st.sampled_from(["send", "ack", "reconnect"]), st.integers(0, len(CHUNKS) - 1)), max_size=60
)


class Server:
    """What a journal and a database would do with the protocol's events."""

    def __init__(self) -> None:
        self.protocol = recording()
        self.stored: list[tuple[int, bytes]] = []
        self.durable = 0

    def send(self, index: int) -> None:
        for event in self.protocol.receive(frame(index, CHUNKS[index])):
            if isinstance(event, Store):
                self.stored.append((event.index, event.data))
            elif isinstance(event, Compare):
                assert self.stored[event.index] == (event.index, event.data)
                assert event.index < self.durable
            elif isinstance(event, Hangup):
                self.reconnect()
            else:
                assert isinstance(event, Reply)

    def commit(self) -> None:
        self.durable = min(self.durable + 1, len(self.stored))
        self.protocol.acked(self.durable)

    def reconnect(self) -> None:
        del self.stored[self.durable :]
        self.protocol = recording(self.durable)


@given(steps)
def test_chunks_lost_doubled_reordered_and_sent_again_are_stored_once_and_in_order(steps: list[Step]) -> None:
    server = Server()

    for step, index in steps:
        match step:
            case "send":
                server.send(index)
            case "ack":
                server.commit()
            case "reconnect":
                server.reconnect()
        assert server.stored == list(enumerate(CHUNKS))[: len(server.stored)]
        assert server.protocol.ack().next_chunk_index == server.durable

    # A client that goes by `next_chunk_index` gets everything through in the end.
    while server.durable < len(CHUNKS):
        if server.protocol.next_index < len(CHUNKS):
            server.send(server.protocol.next_index)
        server.commit()
    assert server.protocol.receive(EndAnswer(Q, len(CHUNKS))) == [End(len(CHUNKS))]


# Parts


WIDE = AudioFormat("pcm_s16le", 48_000, 2)
WIDE_FIELD = FormatField("pcm_s16le", 48_000, 2)
WEBM = encode(tone(0.1), "webm")[:1500]


def test_the_first_chunk_of_an_answer_begins_a_part() -> None:
    protocol = idle()
    protocol.begun(Q, 0, ROOM, audio=PCM)

    assert protocol.receive(frame(0, A)) == [Store(0, A, Part(PCM))]
    assert protocol.receive(frame(1, B)) == [Store(1, B)]


@pytest.mark.parametrize(
    ("earlier", "now", "begins"),
    [
        (PCM, PCM, False),
        (PCM, WIDE, True),
        (PCM, AudioFormat("webm"), True),
        (AudioFormat("webm"), PCM, True),
        (AudioFormat("webm"), AudioFormat("webm"), False),
        # Whoever says nothing contradicts nothing.
        (PCM, None, False),
        (AudioFormat("webm"), None, False),
        (None, AudioFormat("webm"), False),
        (None, None, False),
        # What was told by its first bytes was no bare PCM.
        (None, PCM, True),
    ],
)
def test_another_format_after_a_reconnect_begins_a_part(
    earlier: AudioFormat | None, now: AudioFormat | None, begins: bool
) -> None:
    protocol = idle()
    protocol.begun(Q, 5, ROOM, audio=now, parts=[earlier])

    assert protocol.receive(frame(5, A)) == [Store(5, A, Part(now) if begins else None)]
    assert protocol.receive(frame(6, B)) == [Store(6, B)]


def test_a_recorder_that_is_said_to_start_anew_begins_a_part() -> None:
    protocol = recording()
    protocol.receive(frame(0, A))

    said = protocol.receive(StartPart(Q, 2, WIDE_FIELD))

    assert said == []
    assert protocol.receive(frame(1, B)) == [Store(1, B)]
    assert protocol.receive(frame(2, C)) == [Store(2, C, Part(WIDE))]
    assert protocol.receive(frame(3, A)) == [Store(3, A)]


def test_what_was_said_of_a_chunk_that_has_come_changes_nothing() -> None:
    protocol = recording()
    protocol.receive(frame(0, A))
    protocol.receive(frame(1, B))

    assert protocol.receive(StartPart(Q, 1, WIDE_FIELD)) == []
    assert protocol.receive(frame(2, C)) == [Store(2, C)]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (StartPart(OTHER, 1, WIDE_FIELD), Code.INVALID_STATE),
        (StartPart(Q, 1, FormatField("amr")), Code.AUDIO_FORMAT_UNSUPPORTED),
        (StartPart(Q, 1_000_000, WIDE_FIELD), Code.INVALID_MESSAGE_FORMAT),
    ],
)
def test_a_part_that_can_not_begin_is_refused(message: StartPart, code: Code) -> None:
    protocol = recording()

    assert protocol.receive(message) == refused(code)


def test_a_part_is_begun_only_while_an_answer_is_recorded() -> None:
    assert idle().receive(StartPart(Q, 0, WIDE_FIELD)) == refusal(Code.INVALID_STATE)


def test_a_basic_chunk_of_another_format_begins_a_part() -> None:
    protocol = recording()
    protocol.receive(chunk(0, A))

    assert protocol.receive(chunk(1, B, format=WIDE_FIELD)) == [Store(1, B, Part(WIDE))]
    assert protocol.receive(chunk(2, C)) == [Store(2, C)]
    # One that comes again, as it was, says nothing about what follows.
    protocol.receive(chunk(0, A, format="pcm_s16le"))
    assert protocol.receive(chunk(3, A, format=WIDE_FIELD)) == [Store(3, A)]


@pytest.mark.parametrize(
    ("data", "begins"),
    [
        (WEBM, True),
        (WEBM[:20], False),
        (b"\x1a\x45\xdf\xa3" + bytes(100), False),
        (b"OggS" + bytes(100), False),
    ],
)
def test_a_whole_beginning_at_the_start_of_a_chunk_begins_a_part(data: bytes, begins: bool) -> None:
    protocol = idle()
    protocol.begun(Q, 5, ROOM, audio=AudioFormat("webm"), parts=[AudioFormat("webm")])

    (stored,) = protocol.receive(frame(5, data))

    assert stored == Store(5, data, Part(AudioFormat("webm")) if begins else None)


def test_nothing_is_looked_for_in_declared_pcm() -> None:
    protocol = recording()
    protocol.receive(frame(0, A))

    assert protocol.receive(frame(1, WEBM)) == [Store(1, WEBM)]


def test_more_parts_than_an_answer_may_have_are_refused() -> None:
    protocol = idle()
    protocol.begun(Q, 5, ROOM, audio=AudioFormat("webm"), parts=[AudioFormat("webm")] * 3)

    assert protocol.receive(frame(5, WEBM)) == refused(Code.AUDIO_TOO_LONG, 5)
    assert protocol.receive(frame(5, A)) == [Store(5, A)]
