from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from interviews.wire.schema import protocol_schema_text


class Command(BaseCommand):
    help = "Prints the JSON schema of what goes over the sockets, as docs/protocol.schema.json holds it."

    def handle(self, **options: Any) -> None:
        self.stdout.write(protocol_schema_text(), ending="")
