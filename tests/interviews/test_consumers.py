from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from interviews import access
from interviews.database import in_database
from interviews.live.worker import Worker
from interviews.models import Interview
from interviews.services import interviews
from tests.support.answers import babble, text_of
from tests.support.live import PCM, a_live_interview, eventually
from tests.support.rows import a_recruiter, an_interview
from tests.support.sockets import (
    DEADLINE_SECONDS,
    Browser,
    answer_path,
    candidate_s,
    connected,
    refusal,
    signed_in,
    watch_path,
)

pytestmark = pytest.mark.django_db(transaction=True)

# The candidate's


async def test_a_candidate_answers_over_the_socket(worker: Worker) -> None:
    interview, (first, _) = await a_live_interview()
    pcm = babble(1)

    async with connected(answer_path(interview), candidate_s(interview)) as browser:
        ready = await browser.next()
        await browser.send_json_to({"type": "start_answer", "question_id": first, "format": PCM})
        await browser.until("answer_started")
        await browser.send_to(bytes_data=bytes(4) + pcm)
        await browser.send_json_to({"type": "end_answer", "question_id": first, "chunk_count": 1})
        done = await browser.until("answer_complete")

    assert ready["type"] == "session_ready"
    assert done["text"] == text_of(pcm)
    await eventually(lambda: worker.is_idle, "nothing is left")


@pytest.mark.parametrize(("offered", "chosen"), [(True, "interview.v1"), (False, None)])
async def test_the_subprotocol_is_taken_when_it_is_offered(
    worker: Worker, offered: bool, chosen: str | None
) -> None:
    interview, _ = await a_live_interview()
    browser = Browser(answer_path(interview), candidate_s(interview), v1=offered)

    accepted = await browser.connect(DEADLINE_SECONDS)
    first = await browser.next()
    await browser.disconnect()

    assert accepted == (True, chosen)
    assert first["type"] == ("session_ready" if offered else "question")


async def test_without_the_cookie_there_is_no_way_in(worker: Worker) -> None:
    interview, _ = await a_live_interview()
    other, _ = await a_live_interview()

    for cookies in ("", candidate_s(other), f"{access.COOKIE_NAME}=made-up"):
        assert await refusal(answer_path(interview), cookies) == ("CONSENT_REQUIRED", 4403)


async def test_without_consent_there_is_no_way_in(worker: Worker) -> None:
    interview = await in_database(an_interview)

    assert await refusal(answer_path(interview), candidate_s(interview)) == ("CONSENT_REQUIRED", 4403)


@pytest.mark.parametrize("over", [{"status": "cancelled"}, {"expires_at": timezone.now()}])
async def test_an_interview_that_is_over_lets_nobody_in(worker: Worker, over: dict[str, Any]) -> None:
    interview, _ = await a_live_interview()
    await in_database(Interview.objects.update, **over)

    assert await refusal(answer_path(interview), candidate_s(interview)) == (
        "INTERVIEW_ALREADY_COMPLETED",
        4403,
    )


async def test_a_complete_interview_says_that_it_is_complete(worker: Worker) -> None:
    interview, _ = await a_live_interview()
    await in_database(Interview.objects.update, status="completed", expires_at=timezone.now())

    async with connected(answer_path(interview), candidate_s(interview)) as browser:
        done = await browser.until("interview_complete")

    assert done["total_questions"] == 2


async def test_a_new_link_ends_the_old_cookie(worker: Worker) -> None:
    interview, _ = await a_live_interview()
    old = candidate_s(interview)
    await in_database(interviews.new_link, interview)

    assert await refusal(answer_path(interview), old) == ("CONSENT_REQUIRED", 4403)
    async with connected(answer_path(interview), candidate_s(interview)) as browser:
        assert (await browser.next())["type"] == "session_ready"


async def test_whatever_is_sent_the_socket_stays(worker: Worker) -> None:
    interview, _ = await a_live_interview()

    async with connected(answer_path(interview), candidate_s(interview)) as browser:
        await browser.until("question")
        for text in (" ", "{", "null", '{"type": "dance"} {', "[" * 100_000, '{"type": "end_answer"}'):
            await browser.send_to(text_data=text)
        for data in (b"\0", bytes(3), bytes(4), bytes(100)):
            await browser.send_to(bytes_data=data)
        errors = [await browser.until("error") for _ in range(10)]
        await browser.send_json_to({"type": "ping"})
        await browser.until("pong")

    assert [error["code"] for error in errors] == [
        *["INVALID_MESSAGE_FORMAT"] * 5,
        "MISSING_REQUIRED_FIELD",
        *["INVALID_AUDIO_CHUNK"] * 3,
        "INVALID_STATE",
    ]


async def test_what_breaks_on_our_side_is_told_without_its_text(worker: Worker, settings: Any) -> None:
    settings.INTERVIEW_ORCHESTRATOR = "tests.support.orchestrators.Broken"
    interview, _ = await a_live_interview()

    assert await refusal(answer_path(interview), candidate_s(interview)) == ("INTERNAL_ERROR", 4429)


# The recruiter's


async def test_a_recruiter_watches_what_is_theirs(worker: Worker) -> None:
    owner = await in_database(a_recruiter, "ada")
    interview = await in_database(an_interview, owner)
    cookies = await in_database(signed_in, owner)

    async with (
        connected(watch_path(interview), cookies) as dashboard,
        connected("/ws/interviews/", cookies) as lobby,
    ):
        snapshot, listed = await dashboard.next(), await lobby.next()

    assert (snapshot["type"], snapshot["interview"]["interview_id"]) == ("snapshot", str(interview.pk))
    assert [entry["interview_id"] for entry in listed["interviews"]] == [str(interview.pk)]


async def test_who_is_not_signed_in_sees_nothing(worker: Worker) -> None:
    interview, _ = await a_live_interview()

    for cookies in ("", candidate_s(interview), "sessionid=made-up"):
        assert await refusal(watch_path(interview), cookies) == ("UNAUTHORIZED", 4401)
        assert await refusal("/ws/interviews/", cookies) == ("UNAUTHORIZED", 4401)


async def test_somebody_else_s_interview_looks_like_none(worker: Worker) -> None:
    interview = await in_database(lambda: an_interview(a_recruiter("ada")))
    cookies = await in_database(lambda: signed_in(a_recruiter("bob", is_staff=True)))

    theirs = await refusal(watch_path(interview), cookies)
    none = await refusal(f"/ws/interviews/{uuid4()}/watch/", cookies)

    assert theirs == none == ("INTERVIEW_NOT_FOUND", 4404)


async def test_a_recruiter_s_login_does_not_answer(worker: Worker) -> None:
    owner = await in_database(a_recruiter, "ada", is_superuser=True)
    interview, _ = await a_live_interview(owner=owner)
    cookies = await in_database(signed_in, owner)

    assert await refusal(answer_path(interview), cookies) == ("CONSENT_REQUIRED", 4403)


async def test_signing_out_closes_what_is_open(worker: Worker) -> None:
    owner = await in_database(a_recruiter, "ada")
    interview = await in_database(an_interview, owner)
    client = Client()
    await in_database(client.force_login, owner)
    cookies = f"sessionid={client.cookies['sessionid'].value}"

    async with connected(watch_path(interview), cookies) as dashboard:
        await dashboard.until("snapshot")
        await in_database(client.post, "/accounts/logout/")
        error, closed = await dashboard.until("error"), await dashboard.until("closed")

    assert (error["code"], closed["code"]) == ("FORBIDDEN", 4403)


# Everybody's


@pytest.mark.parametrize("path", ["/", "/ws/", "/ws/interviews/1/", "/ws/interviews/x/watch/"])
async def test_an_unknown_path_is_answered(worker: Worker, path: str) -> None:
    assert await refusal(path) == ("INTERVIEW_NOT_FOUND", 4404)


@pytest.mark.parametrize(
    "origin",
    [
        "http://127.0.0.1:9999",
        "https://127.0.0.1:8000",
        "http://evil.example",
        "chrome-extension://localhost",
    ],
)
async def test_pages_of_other_origins_open_nothing(worker: Worker, origin: str) -> None:
    interview, _ = await a_live_interview()
    browser = Browser(answer_path(interview), candidate_s(interview), origin=origin)

    accepted, _ = await browser.connect(DEADLINE_SECONDS)

    assert not accepted


async def test_what_comes_after_a_refusal_is_not_answered(worker: Worker) -> None:
    interview, _ = await a_live_interview()

    for path in (answer_path(interview), f"{answer_path(interview)}practice/", watch_path(interview)):
        async with connected(path) as browser:
            await browser.until("closed")
            await browser.send_json_to({"type": "ping"})
            await browser.send_to(bytes_data=bytes(100))

            assert await browser.receive_nothing()


async def test_a_server_that_ends_says_so(worker: Worker) -> None:
    owner = await in_database(a_recruiter, "ada")
    interview, _ = await a_live_interview(owner=owner)
    cookies = await in_database(signed_in, owner)
    browsers = {
        "question": Browser(answer_path(interview), candidate_s(interview)),
        "snapshot": Browser(watch_path(interview), cookies),
        "lobby": Browser("/ws/interviews/", cookies),
    }
    for first, browser in browsers.items():
        await browser.connect(DEADLINE_SECONDS)
        await browser.until(first)

    told = []
    for browser in browsers.values():
        browser.future.cancel()
        told.append([await browser.until("warning"), await browser.until("closed")])
        await asyncio.gather(browser.future, return_exceptions=True)

    assert [(warning["code"], closed["code"]) for warning, closed in told] == [
        ("SERVER_RESTARTING", 4412)
    ] * 3
    await eventually(lambda: worker.is_idle, "nothing is left")


async def test_a_server_that_ends_while_somebody_answers_says_so(worker: Worker) -> None:
    interview, (first, _) = await a_live_interview()
    browser = Browser(answer_path(interview), candidate_s(interview))
    await browser.connect(DEADLINE_SECONDS)
    await browser.send_json_to({"type": "start_answer", "question_id": first, "format": PCM})
    await browser.until("answer_started")

    browser.future.cancel()
    warning, closed = await browser.until("warning"), await browser.until("closed")
    await asyncio.gather(browser.future, return_exceptions=True)

    assert (warning["code"], closed["code"]) == ("SERVER_RESTARTING", 4412)
    await eventually(lambda: worker.is_idle, "nothing is left")


async def test_a_server_that_ends_has_nothing_to_say_to_whomever_it_refused(worker: Worker) -> None:
    interview, _ = await a_live_interview()
    browser = Browser(answer_path(interview))
    await browser.connect(DEADLINE_SECONDS)
    await browser.until("closed")

    browser.future.cancel()
    await asyncio.gather(browser.future, return_exceptions=True)

    assert browser.output_queue.empty()


async def test_an_observer_s_bytes_are_no_message(worker: Worker) -> None:
    owner = await in_database(a_recruiter, "ada")
    interview = await in_database(an_interview, owner)

    async with connected(watch_path(interview), await in_database(signed_in, owner)) as dashboard:
        await dashboard.until("snapshot")
        await dashboard.send_to(bytes_data=bytes(100))
        error = await dashboard.until("error")

    assert error["code"] == "INVALID_MESSAGE_FORMAT"
