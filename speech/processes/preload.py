"""What the fork server loads once, so that every child has it at once. Imported nowhere else."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
from importlib import import_module

# OpenBLAS starts its threads when it is loaded, and a process with threads must not fork.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

# Ctrl-C goes to the whole foreground group; a child ends when its parent lets it go.
signal.signal(signal.SIGINT, signal.SIG_IGN)

# A module that is missing here is missed, and reported, by the child that needs it.
for name in ("numpy", "av", "speech.audio.worker", "speech.voice_child"):
    with contextlib.suppress(ImportError):
        import_module(name)

# Those of the recognisers that are declared. Nor may a model that can't be read end the server.
for name in os.environ.get("SPEECH_PRELOAD", "").split():
    with contextlib.suppress(ImportError):
        import_module(name)

# Its dictionary says how many syllables a word has.
with contextlib.suppress(ImportError, OSError):
    syllables = import_module("speech.metrics.syllables")
    syllables.load_dictionary(import_module("speech.backends.pocketsphinx.child").built_in_model()["dict"])

# What is here now stays for good, and shared: no collection in a child writes to its pages.
gc.freeze()
