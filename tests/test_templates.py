"""Templates of ours stand by themselves, and take a site's own look where it gives them one."""

from __future__ import annotations

import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.support.pages import text_of
from tests.support.rows import a_recruiter, an_interview_and_token
from tests.support.servers import ROOT

TEMPLATES = ROOT / "templates"
# What a site of which we are a part gets of them.
SHIPPED = ["interviews", "admin/interviews"]
MOST_CHARACTERS = 160
USED = re.compile(r"{%\s*(?:extends|include)\s+\"([^\"]+)\"")
BLOCK = re.compile(r"{% block (\w+) %}")
SITES = """\
<!doctype html><html lang="en"><head><title>{% block title %}{% endblock %}</title>
{% block head %}<link rel="stylesheet" href="/static/site.css">{% endblock %}</head>
<body><nav>The site's own</nav><main>{% block content %}{% endblock %}</main></body></html>
"""


def templates(folder: str) -> list[Path]:
    return [path for path in sorted((TEMPLATES / folder).rglob("*")) if path.is_file()]


def used_by(folder: str) -> list[str]:
    return [name for path in templates(folder) for name in USED.findall(path.read_text())]


def test_our_templates_need_none_but_ours_and_those_of_the_admin() -> None:
    pages, admins = (used_by(folder) for folder in SHIPPED)

    assert len(pages) > 50
    assert [name for name in pages if not name.startswith("interviews/")] == []
    assert [name for name in admins if not name.startswith(("interviews/", "admin/"))] == []


def test_our_templates_replace_none_of_a_sites() -> None:
    own = [path.relative_to(TEMPLATES).parts[:2] for path in templates(".")]
    sites = {
        "/".join(parts) for parts in own if parts[0] != "interviews" and parts != ("admin", "interviews")
    }

    # The reference site's own, which aren't shipped.
    assert sites == {
        "400.html", "403.html", "403_csrf.html", "404.html", "500.html", "registration/login.html",
    }  # fmt: skip


def test_lines_are_short_enough_to_be_read() -> None:
    lines = [
        (str(path.relative_to(TEMPLATES)), number, len(line))
        for path in templates(".")
        for number, line in enumerate(path.read_text().splitlines(), start=1)
    ]

    assert len(lines) > 1000
    assert [line for line in lines if line[2] > MOST_CHARACTERS] == []


def documented_shell() -> str:
    found = re.search(r"```html\n(.*?)```", (ROOT / "docs" / "embedding.md").read_text(), re.DOTALL)
    assert found
    return found[1]


def test_the_blocks_are_documented_where_they_are_and_in_the_document() -> None:
    base = (TEMPLATES / "interviews" / "base.html").read_text()
    blocks = BLOCK.findall(base)
    told = re.findall(r"^(page_\w+) ", base, re.MULTILINE)
    document = re.findall(r"^\| `(page_\w+)` \|", (ROOT / "docs" / "embedding.md").read_text(), re.MULTILINE)

    assert sorted(blocks) == sorted(told) == sorted(document)
    assert [block for block in blocks if not block.startswith("page_")] == []


@pytest.fixture
def in_a_site(settings: Any) -> None:
    """A site with a look of its own, into which our pages are put as the document shows."""
    changed = deepcopy(settings.TEMPLATES)
    own = {"base.html": SITES, "interviews/base.html": documented_shell()}
    changed[0]["APP_DIRS"] = False
    changed[0]["OPTIONS"]["loaders"] = [
        ("django.template.loaders.locmem.Loader", own),
        "django.template.loaders.filesystem.Loader",
        "django.template.loaders.app_directories.Loader",
    ]
    settings.TEMPLATES = changed


@pytest.mark.django_db
def test_a_recruiters_page_takes_the_sites_look(client: Client, in_a_site: None) -> None:
    client.force_login(a_recruiter())

    page = text_of(client.get(reverse("interviews:question_sets")))

    assert "<title>Question sets</title>" in page
    assert re.search(r"site\.css.*/css/tokens\.css.*/css/table\.css.*</head>", page)
    assert re.search(r"The site's own</nav><main>.*<header.*<div class=\"page ?\">.*<h1>Question sets", page)
    assert page.count("<main") == 1


@pytest.mark.django_db
def test_a_candidates_page_takes_the_sites_look(client: Client, in_a_site: None) -> None:
    interview, token = an_interview_and_token()

    page = text_of(client.get(reverse("interviews:join", args=[token])))

    assert f"<title>{interview.title}</title>" in page
    assert re.search(r"The site's own</nav><main>.*<div class=\"page page--narrow\">.*<h1>Welcome", page)
