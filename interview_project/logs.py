"""Logs name rows by their ids; whoever reads them must not be able to become a candidate."""

from __future__ import annotations

import logging
import re

LINK = re.compile(r"(/(?:join|media)/)[^/\s?\"']+")


class HideLinks(logging.Filter):
    """Masks the secret part of links: candidates' own, and those to recordings."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if LINK.search(message):
            record.msg, record.args = LINK.sub(r"\1…", message), ()
        return True
