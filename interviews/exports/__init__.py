"""An interview as files: what counts of it as text and subtitles, all of it as JSON.

`load` reads the rows once; everything after it is pure:

    load ─→ Record ─→ text, captions (SRT, VTT), document (JSON), the page that is printed
                 └──→ archive (ZIP of these, with the audio)
"""

from interviews.exports.archive import audio_bytes, captions, write_archive, zipped
from interviews.exports.captions import FORMATS, cues
from interviews.exports.document import document
from interviews.exports.names import answer_name, interview_name
from interviews.exports.record import Record, load
from interviews.exports.text import text

__all__ = [
    "FORMATS",
    "Record",
    "answer_name",
    "audio_bytes",
    "captions",
    "cues",
    "document",
    "interview_name",
    "load",
    "text",
    "write_archive",
    "zipped",
]
