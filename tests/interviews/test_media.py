from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.http import StreamingHttpResponse
from django.test import AsyncClient
from django.urls import reverse

from interviews import access
from interviews.media import BLOCK_BYTES, RangeNotSatisfiable, parse_range
from interviews.models import Answer
from tests.support.rows import a_recruiter, an_answer, an_interview

# Longer than a block, and its blocks are not alike.
AUDIO = b"".join(n.to_bytes(4, "big") for n in range(BLOCK_BYTES // 3))
SIZE = len(AUDIO)

database = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=0-", (0, 100)),
        ("bytes=0-0", (0, 1)),
        ("bytes=10-19", (10, 20)),
        ("bytes=90-200", (90, 100)),
        ("bytes=-30", (70, 100)),
        ("bytes=-500", (0, 100)),
    ],
)
def test_a_range_is_cut_to_the_file(header: str, part: tuple[int, int]) -> None:
    assert parse_range(header, 100) == part


@pytest.mark.parametrize(
    "header", ["", "bytes", "bytes=-", "bytes=5-2", "bytes=a-b", "items=0-1", "bytes=0-1,5-6"]
)
def test_what_is_no_single_range_is_the_whole_file(header: str) -> None:
    assert parse_range(header, 100) is None


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_a_range_outside_the_file_can_not_be_satisfied(header: str) -> None:
    with pytest.raises(RangeNotSatisfiable):
        parse_range(header, 100)


@pytest.fixture(autouse=True)
def media_folder(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@sync_to_async
def an_answer_with_audio() -> tuple[Answer, User]:
    owner = a_recruiter()
    interview = an_interview(owner)
    return an_answer(interview.questions.get(position=1), "words", audio=AUDIO), owner


async def signed_in(user: User) -> AsyncClient:
    client = AsyncClient()
    await client.aforce_login(user)
    return client


def address(answer: Answer, viewer: User) -> str:
    """What a page holds."""
    return reverse("interviews:media", args=[access.media_token(answer, viewer)])


async def body(response: Any) -> bytes:
    assert isinstance(response, StreamingHttpResponse)
    return b"".join([block async for block in cast(AsyncIterator[bytes], response.streaming_content)])


@database
async def test_the_whole_file_comes_with_its_size_and_may_be_kept_only_by_its_hearer() -> None:
    answer, owner = await an_answer_with_audio()
    client = await signed_in(owner)

    response = await client.get(address(answer, owner))

    assert response.status_code == 200
    assert await body(response) == AUDIO
    headers = {
        name: response[name] for name in ("Content-Type", "Content-Length", "Accept-Ranges", "Cache-Control")
    }
    assert headers == {
        "Content-Type": "audio/flac",
        "Content-Length": str(SIZE),
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
    }


@database
async def test_a_part_comes_as_a_part() -> None:
    answer, owner = await an_answer_with_audio()
    client = await signed_in(owner)

    response = await client.get(address(answer, owner), headers={"Range": f"bytes=1000-{BLOCK_BYTES + 1999}"})

    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes 1000-{BLOCK_BYTES + 1999}/{SIZE}"
    assert response["Content-Length"] == str(BLOCK_BYTES + 1000)
    assert await body(response) == AUDIO[1000 : BLOCK_BYTES + 2000]


@database
async def test_a_part_that_is_not_there_is_refused_with_the_size() -> None:
    answer, owner = await an_answer_with_audio()
    client = await signed_in(owner)

    response = await client.get(address(answer, owner), headers={"Range": f"bytes={SIZE}-"})

    assert response.status_code == 416
    assert response["Content-Range"] == f"bytes */{SIZE}"


@database
async def test_head_tells_the_size_and_sends_nothing() -> None:
    answer, owner = await an_answer_with_audio()
    client = await signed_in(owner)

    response = await client.head(address(answer, owner), headers={"Range": "bytes=0-9"})

    assert (response.status_code, response["Content-Length"], response["Content-Type"]) == (
        200,
        str(SIZE),
        "audio/flac",
    )
    assert response.content == b""


@database
async def test_what_is_known_already_is_not_sent_again() -> None:
    answer, owner = await an_answer_with_audio()
    client = await signed_in(owner)
    etag = (await client.head(address(answer, owner)))["ETag"]

    same = await client.get(address(answer, owner), headers={"If-None-Match": etag})
    other = await client.get(address(answer, owner), headers={"If-None-Match": '"another"'})

    assert (same.status_code, other.status_code) == (304, 200)


@database
async def test_a_part_of_another_version_is_the_whole_file() -> None:
    answer, owner = await an_answer_with_audio()
    client = await signed_in(owner)
    etag = (await client.head(address(answer, owner)))["ETag"]

    same = await client.get(address(answer, owner), headers={"Range": "bytes=0-9", "If-Range": etag})
    other = await client.get(address(answer, owner), headers={"Range": "bytes=0-9", "If-Range": '"another"'})

    assert (same.status_code, other.status_code) == (206, 200)


# Who may hear it


def lapse(monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour and a second go by."""
    later = time.time() + 3601
    monkeypatch.setattr(time, "time", lambda: later)


@database
async def test_whoever_may_hear_it_is_led_to_a_link_of_their_own() -> None:
    answer, owner = await an_answer_with_audio()
    client = await signed_in(owner)

    response = await client.get(reverse("interviews:answer_audio", args=[answer.pk]))

    assert response.status_code == 302
    assert "no-store" in response["Cache-Control"]
    assert await body(await client.get(response["Location"])) == AUDIO


@database
async def test_a_link_expires_and_another_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    answer, owner = await an_answer_with_audio()
    link = address(answer, owner)
    lapse(monkeypatch)
    client = await signed_in(owner)

    late = await client.get(link, headers={"Range": "bytes=10-"})
    renewed = await client.get(reverse("interviews:answer_audio", args=[answer.pk]))
    again = await client.get(renewed["Location"], headers={"Range": "bytes=10-"})

    assert (late.status_code, late.content, again.status_code) == (410, b"", 206)


@database
async def test_a_link_ends_with_the_right_to_hear() -> None:
    answer, _owner = await an_answer_with_audio()
    watcher = await sync_to_async(a_recruiter)("bea")
    interview = answer.question.interview
    await interview.watchers.aadd(watcher)
    client = await signed_in(watcher)
    link = address(answer, watcher)
    allowed = await client.get(link)

    await interview.watchers.aremove(watcher)

    assert (allowed.status_code, (await client.get(link)).status_code) == (200, 404)


@database
async def test_a_link_is_of_no_use_to_others() -> None:
    answer, owner = await an_answer_with_audio()
    link, watcher = address(answer, owner), await sync_to_async(a_recruiter)("bea")
    await answer.question.interview.watchers.aadd(watcher)

    anonymous = await AsyncClient().get(link)
    others = await (await signed_in(watcher)).get(link)

    assert (anonymous.status_code, anonymous["Location"]) == (302, f"{reverse('login')}?next={quote(link)}")
    assert others.status_code == 404


@database
async def test_a_link_that_was_made_up_leads_nowhere() -> None:
    answer, owner = await an_answer_with_audio()
    client = await signed_in(owner)
    link = address(answer, owner)
    changed = link.replace(link[-5], "A" if link[-5] != "A" else "B")

    assert [(await client.get(one)).status_code for one in (changed, "/media/nothing/")] == [404, 404]


@database
async def test_anothers_audio_is_as_missing_as_one_that_never_was() -> None:
    answer, _ = await an_answer_with_audio()
    user = await sync_to_async(a_recruiter)("bea")
    stranger = await signed_in(user)

    responses = [
        await stranger.get(reverse("interviews:answer_audio", args=[answer.pk])),
        await stranger.get(reverse("interviews:answer_audio", args=[uuid4()])),
        await stranger.get(address(answer, user)),
    ]

    assert [response.status_code for response in responses] == [404, 404, 404]
    assert responses[0].content == responses[1].content == responses[2].content


@database
async def test_who_is_not_signed_in_hears_nothing() -> None:
    answer, _ = await an_answer_with_audio()
    asked = reverse("interviews:answer_audio", args=[answer.pk])

    response = await AsyncClient().get(asked)

    assert (response.status_code, response["Location"]) == (302, f"{reverse('login')}?next={asked}")


@database
async def test_an_answer_without_a_file_has_no_audio() -> None:
    answer, owner = await an_answer_with_audio()
    client = await signed_in(owner)
    await sync_to_async(answer.audio.storage.delete)(str(answer.audio.name))

    lost = await client.get(address(answer, owner))
    await Answer.objects.aupdate(audio="")
    never = await client.get(address(answer, owner))

    assert (lost.status_code, never.status_code) == (404, 404)


@database
async def test_audio_is_only_read() -> None:
    answer, owner = await an_answer_with_audio()
    client = await signed_in(owner)

    assert (await client.post(address(answer, owner))).status_code == 405
