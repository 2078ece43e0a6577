"""Where the models' files are, and that they are the ones that were measured.

They are read out of two packages, whose own code is never imported.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

NAME = "moonshine-0.0.73/tiny-en"
MODEL_PACKAGE, MODEL_FOLDER = "moonshine_voice", "assets/tiny-en"
DETECTOR_PACKAGE, DETECTOR_FOLDER = "silero_vad", "data"
DETECTOR = "silero_vad_16k_sequence.onnx"
# The same in the wheels of all platforms.
SHA256 = {
    "encoder_model.ort": "94e90a4654fc45cdfedb77c4c08e1739f48862998e58fada384b25118134f221",
    "decoder_model_merged.ort": "cf524c4862d36e9e5ab032eddc73637efd822d70e868ac575cf1a46e1e4708a0",
    "tokenizer.bin": "6884b35fd6377d4c4d32336a0bc152f36b64d1e45b6503683cdc238250a8472d",
    DETECTOR: "9ccdacc4719d8aa7e45a77536bfabec45a03ba1f2fad5e241ab4060b24238a85",
}


class WeightsUnusable(Exception):
    """The message says why."""


@dataclass(frozen=True)
class Weights:
    model: str
    """The folder of Moonshine's three files."""

    detector: str
    """The path of Silero's."""


@functools.cache
def find(folder: str | None = None) -> Weights:
    """Checked; WeightsUnusable where a file is missing or another one. Reads 45 MB the first time.

    `folder` holds all four, in place of the packages.
    """
    model = Path(folder) if folder is not None else _within(MODEL_PACKAGE, MODEL_FOLDER)
    detectors = Path(folder) if folder is not None else _within(DETECTOR_PACKAGE, DETECTOR_FOLDER)
    for name, expected in SHA256.items():
        path = (detectors if name == DETECTOR else model) / name
        try:
            with path.open("rb") as file:
                actual = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise WeightsUnusable(f"{path} can't be read: {error.strerror}") from error
        if actual != expected:
            raise WeightsUnusable(f"{path} is not the file that was measured: its SHA-256 is {actual}")
    return Weights(str(model), str(detectors / DETECTOR))


def _within(package: str, folder: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        name = package.replace("_", "-")
        raise WeightsUnusable(f"the package {name}, which holds a part of the model, is not installed")
    return Path(spec.submodule_search_locations[0]) / folder
