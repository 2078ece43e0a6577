"""Pages as a test asks for them, and what is in them."""

from __future__ import annotations

import re
from typing import Any

from django.test import Client

from tests.support.rows import a_recruiter

Page = Any
"""What a test's client returns: a response, with the templates and the context that made it."""


def signed_in(client: Client, name: str = "ada", **fields: Any) -> Any:
    user = a_recruiter(name, **fields)
    client.force_login(user)
    return user


def text_of(response: Page) -> str:
    """The page without what only lays its source out: lines and indentation."""
    # Spaces that don't break aren't layout.
    return re.sub(r"[ \n]+", " ", response.content.decode()).replace(" >", ">")


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
