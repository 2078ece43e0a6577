"""Pages as a test asks for them, and what is in them."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.test import Client

from tests.support.rows import a_recruiter


def signed_in(client: Client, name: str = "ada", **fields: Any) -> Any:
    user = a_recruiter(name, **fields)
    client.force_login(user)
    return user


def text_of(response: HttpResponse) -> str:
    """The page as a browser reads it: lines and indentation of its source are so many spaces."""
    return " ".join(response.content.decode().split()).replace('" >', '">')


def new_interview(**fields: Any) -> dict[str, Any]:
    return {
        "title": "Developer",
        "candidate_name": "Grace Example",
        "candidate_email": "",
        "language": "en-US",
        "metrics_sharing": "shared",
        "questions": "Why you?\r\n\r\n  Why us?  \r\n",
        "link_days": 7,
        **fields,
    }
