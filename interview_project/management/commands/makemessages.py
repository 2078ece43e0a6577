"""Django's own command, for a catalogue that holds nothing but what somebody wrote: `make messages`."""

from __future__ import annotations

from django.core.management.commands import makemessages


class Command(makemessages.Command):
    # Otherwise a new text begins with the translation of one that looks like it.
    msgmerge_options = [*makemessages.Command.msgmerge_options, "--no-fuzzy-matching"]
