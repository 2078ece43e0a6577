"""Opens the pages of a site that was filled, in a process of its own, and prints what each took."""

from __future__ import annotations

import json
import time
from statistics import median
from typing import Any

import django

django.setup()

# What follows reads settings and models, which are there only now.
from django.contrib.auth.models import User  # noqa: E402
from django.db.backends.utils import CursorWrapper  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402

from interviews.models import Interview, Question, QuestionSet, SetQuestion  # noqa: E402

ROUNDS = 15


class Queries:
    """Counts those of any thread: a page may be made in another one."""

    def __init__(self) -> None:
        self.count = 0
        execute = CursorWrapper.execute

        def counted(wrapper: CursorWrapper, *args: Any, **kwargs: Any) -> Any:
            self.count += 1
            return execute(wrapper, *args, **kwargs)

        CursorWrapper.execute = counted  # type: ignore[assignment, method-assign]


def addresses() -> dict[str, str]:
    done = Interview.objects.filter(status=Interview.Status.COMPLETED)[0]
    lobby = reverse("interviews:lobby")
    return {
        "lobby": lobby,
        "lobby, search": f"{lobby}?q=example.org",
        "lobby, filtered": f"{lobby}?status=done&language=de-DE&whose=mine&since=2020-01-01",
        "lobby, last page": f"{lobby}?page=1000",
        "question sets": reverse("interviews:question_sets"),
        "question set": reverse("interviews:question_set", args=[QuestionSet.objects.all()[0].pk]),
        "new interview": reverse("interviews:interview_new"),
        "invite": reverse("interviews:invite", args=[done.pk]),
        "review": reverse("interviews:interview", args=[done.pk]),
        "admin list": reverse("admin:interviews_interview_changelist"),
    }


def keep_as_sets(owner: User) -> None:
    """A set for every twentieth interview."""
    kept = Interview.objects.filter(pk__in=list(Interview.objects.values_list("pk", flat=True)[::20]))
    sets = {interview.pk: QuestionSet(name=interview.title, owner=owner) for interview in kept}
    QuestionSet.objects.bulk_create(sets.values())
    asked = Question.objects.filter(interview__in=kept)
    SetQuestion.objects.bulk_create(
        SetQuestion(question_set=sets[question.interview_id], position=question.position, **question.asked)
        for question in asked
    )


def measure(client: Client, queries: Queries, address: str) -> dict[str, float]:
    taken, worked = [], []
    for _ in range(ROUNDS):
        before, began, cpu_began = queries.count, time.perf_counter(), time.process_time()
        response = client.get(address)
        taken.append(time.perf_counter() - began)
        worked.append(time.process_time() - cpu_began)
        assert response.status_code == 200, (address, response.status_code)
    return {"queries": queries.count - before, "median": median(taken), "cpu": median(worked)}


if __name__ == "__main__":
    recruiter = User.objects.get()
    keep_as_sets(recruiter)
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(recruiter)
    counter = Queries()
    print(json.dumps({name: measure(client, counter, address) for name, address in addresses().items()}))
