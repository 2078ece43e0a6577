"""A whole server on Azure Speech, whose service is killed in the middle of an answer."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.support.answers import babble, begin, finish, text_of
from tests.support.clients import Client, Message, chunks_of, client, give_consent, sign_in
from tests.support.observing import dashboard, rows
from tests.support.reports import Report
from tests.support.servers import Site, answers, free_port, new_site, running, wait_until
from tests.support.voices import STABLE_SENTENCES, as_said, read_pcm, speak

SECOND = 10
"""Chunks of 100 ms."""


class Service(ExitStack):
    """The stand-in for Azure Speech, as a process that can be killed."""

    def __init__(self, folder: Path, recogniser: str) -> None:
        super().__init__()
        self.port = free_port()
        self._folder, self._recogniser = folder, recogniser

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def start(self, *plan: str) -> None:
        command = [sys.executable, "-m", "tests.support.azure.server", "--port", str(self.port)]
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "interview_project.settings"}
        self._process: subprocess.Popen[bytes] = self.enter_context(
            running(
                [*command, "--recogniser", self._recogniser, *plan],
                log=self._folder / "azure.log",
                env=environment,
            )
        )
        wait_until(lambda: answers(self.port), f"the service; see {self._folder}")

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()


@pytest.fixture
def recogniser(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def service(tmp_path: Path, recogniser: str) -> Iterator[Service]:
    with Service(tmp_path, recogniser) as service:
        service.start()
        yield service


@pytest.fixture
def site(tmp_path: Path, service: Service) -> Site:
    return new_site(tmp_path, AZURE_SPEECH_HOST=service.url, SPEECH_CAPACITY="64")


async def speak_on(candidate: Client, chunks: list[bytes], first: int, last: int) -> None:
    """At the pace of somebody who speaks."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for index in range(first, last):
        await asyncio.sleep(max(0, began + (index - first) / SECOND - loop.time()))
        await candidate.frame(index, chunks[index])


async def hear_out(candidate: Client) -> Message:
    """Until the answer is complete, which takes longer here than anything else may."""
    while (message := await candidate.next())["type"] != "answer_complete":
        pass
    return message


@pytest.mark.parametrize("recogniser", ["scripted"], indirect=True)
async def test_a_service_that_was_away_for_12_s_has_missed_nothing(
    site: Site, service: Service, report: Report
) -> None:
    chunks = list(chunks_of(babble(30)))
    interview = await asyncio.to_thread(site.create_interview)

    with site.serve():
        cookies = await asyncio.to_thread(give_consent, interview["candidate_url"])
        staff = await asyncio.to_thread(sign_in, site)
        async with (
            client(site, interview["websocket_path"], cookies) as candidate,
            dashboard(site, interview["watch_path"], staff) as shown,
        ):
            question_id, _ = await begin(candidate)
            hearing = asyncio.create_task(hear_out(candidate))
            await speak_on(candidate, chunks, 0, 20 * SECOND)
            await asyncio.to_thread(service.kill)
            await speak_on(candidate, chunks, 20 * SECOND, 32 * SECOND)
            await asyncio.to_thread(service.start, "refuse=503", "refuse=503", "refuse=503")
            await speak_on(candidate, chunks, 32 * SECOND, len(chunks))
            await candidate.send("end_answer", question_id=question_id, chunk_count=len(chunks))
            complete = await hearing
            await shown.until(lambda observed: complete["text"] in str(observed.shown), "the whole text")

    told = [message["state"] for message in candidate.said("state")]
    report(f"states {told}")
    assert complete["status"] == "complete"
    assert complete["text"] == text_of(b"".join(chunks))
    assert (told[0], told[-1]) == ("live", "live")
    assert "catching_up" in told
    assert shown.kinds.count("state") == len(told)
    assert {name.split("-")[0] for name in recognisers(site, interview)} == {"azure"}


@pytest.mark.parametrize("recogniser", ["pocketsphinx"], indirect=True)
async def test_a_service_that_stays_away_is_replaced_for_the_rest_of_the_answer(
    site: Site, service: Service, report: Report
) -> None:
    sentences = STABLE_SENTENCES[2:]
    chunks = list(chunks_of(read_pcm(speak(*sentences))))
    interview = await asyncio.to_thread(site.create_interview)

    with site.serve(SPEECH_FALLBACK_AFTER_SECONDS="4"):
        cookies = await asyncio.to_thread(give_consent, interview["candidate_url"])
        async with client(site, interview["websocket_path"], cookies) as candidate:
            question_id, _ = await begin(candidate)
            speaking = asyncio.create_task(speak_on(candidate, chunks, 0, len(chunks)))
            await candidate.until("transcription", is_final=True)
            await asyncio.to_thread(service.kill)
            await speaking
            complete = await finish(candidate, question_id, len(chunks))

    names = [name.split("-")[0] for name in recognisers(site, interview)]
    report(f"segments by {names}")
    assert complete["status"] == "complete"
    assert as_said(complete["text"]) == " ".join(sentences)
    assert names == sorted(names)
    assert set(names) == {"azure", "moonshine"}


def recognisers(site: Site, interview: dict[str, Any]) -> list[str]:
    """Who wrote each segment, in order."""
    found = rows(
        site,
        "SELECT s.recogniser FROM interviews_segment s JOIN interviews_answer a ON a.id = s.answer_id"
        ' JOIN interviews_question q ON q.id = a.question_id WHERE q.interview_id = ? ORDER BY s."index"',
        UUID(interview["interview_id"]).hex,
    )
    return [name for (name,) in found]
