"""What the fork server loads, so that every child of the pool has it at once. Imported nowhere else."""

from __future__ import annotations

import contextlib

from speech.backends.moonshine import alignment, model, weights

# A model that can't be read ends no server: the child that wants it says so.
with contextlib.suppress(Exception):
    model.load(weights.find().model)
    alignment.load()
