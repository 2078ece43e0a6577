from __future__ import annotations

import json
from argparse import ArgumentParser, ArgumentTypeError
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from interviews import links
from interviews.management.owners import owner_called
from interviews.models import Interview
from interviews.services import interviews


class Command(BaseCommand):
    help = "Creates an interview and prints its links. The candidate's link can't be shown again later."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--title", required=True)
        parser.add_argument("--candidate", required=True, help="the candidate's name")
        parser.add_argument("--email", default="", help="the candidate's e-mail address")
        parser.add_argument("--language", default="en-US", help="BCP 47, such as en-US")
        parser.add_argument("--question", action="append", required=True, help="once for each question")
        parser.add_argument("--owner", help="the login of the recruiter; without, superusers alone see it")
        parser.add_argument(
            "--phrase", action="append", default=[], help="a name or term that is likely to be said"
        )
        parser.add_argument(
            "--metrics-sharing",
            choices=Interview.MetricsSharing.values,
            default=Interview.MetricsSharing.SHARED,
            help="who is shown how answers sounded: recruiters and the candidate (the default), the candidate"
            " only, or nobody, as nothing is measured",
        )
        parser.add_argument(
            "--time-factor",
            type=_number,
            default=Decimal(1),
            help="thinking and answering times are multiplied by this, 1 to 5",
        )
        parser.add_argument(
            "--takes",
            type=int,
            default=1,
            help="how often each answer may be recorded; the candidate chooses",
        )
        parser.add_argument("--think-seconds", type=int, default=30, help="for each question; 0 for none")
        parser.add_argument(
            "--answer-seconds", type=int, default=180, help="for each question; 0 for no limit"
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            interview, token = interviews.create_interview(
                title=options["title"],
                candidate_name=options["candidate"],
                candidate_email=options["email"],
                language=options["language"],
                questions=[_question(text, options) for text in options["question"]],
                takes_allowed=options["takes"],
                phrases=options["phrase"],
                metrics_sharing=options["metrics_sharing"],
                time_factor=options["time_factor"],
                owner=owner_called(options["owner"]),
            )
        except ValidationError as problem:
            raise CommandError("; ".join(problem.messages)) from None
        self.stdout.write(_described(interview, token, as_json=options["json"]))


def _question(text: str, options: dict[str, Any]) -> dict[str, Any]:
    times = "think_seconds", "answer_seconds"
    return {"text": text, **{name: options[name] for name in times}}


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ArgumentTypeError(f"{text!r} is not a number") from None


def _described(interview: Interview, token: str, *, as_json: bool) -> str:
    facts = {
        "interview_id": str(interview.pk),
        "candidate_url": links.candidate_url(token),
        "dashboard_url": links.dashboard_url(interview),
        "websocket_path": links.websocket_path(interview),
        "watch_path": links.watch_path(interview),
        "question_ids": [str(question.pk) for question in interview.questions.all()],
    }
    if as_json:
        return json.dumps(facts)
    return "\n".join(f"{name}: {' '.join(v) if isinstance(v, list) else v}" for name, v in facts.items())
