"""What the fork server loads, so that every recognition has it at once. Imported nowhere else."""

from __future__ import annotations

import contextlib

from speech.backends.pocketsphinx.child import load_default_decoder

# A model that can't be read ends no server: the child that wants it says so.
with contextlib.suppress(RuntimeError):
    load_default_decoder()
