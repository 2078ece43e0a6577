"""What happens to interviews: verbs over rows, each one transaction.

All of it is synchronous; sockets reach it through `interviews.database`. A change that observers may see
raises the interview's revision in its transaction and returns the messages that tell of it. What a
recording does to its answer may be done again, as after a commit whose end was not heard of: the second
time changes nothing and returns the same.
"""

from interviews.services.answers import (
    Begun,
    add_segment,
    begin_answer,
    begin_part,
    complete_answer,
    current_question,
    fail_answer,
    finish_recording,
    give_up,
    give_up_recording,
    keep,
    keep_remeasurement,
    owe_transcript,
    record_only,
    release,
    take_over,
    write_answer,
)
from interviews.services.changes import Change, lease_end, raise_revision
from interviews.services.interviews import (
    cancel,
    create_interview,
    expire_interviews,
    extend,
    give_consent,
    new_link,
    next_step_of,
    start,
)
from interviews.services.standing import (
    Standing,
    current_step,
    is_stored_chunk,
    last_ended,
    snapshot,
    standings,
    welcome,
)

__all__ = [
    "Begun",
    "Change",
    "Standing",
    "add_segment",
    "begin_answer",
    "begin_part",
    "cancel",
    "complete_answer",
    "create_interview",
    "current_question",
    "current_step",
    "expire_interviews",
    "extend",
    "fail_answer",
    "finish_recording",
    "give_consent",
    "give_up",
    "give_up_recording",
    "is_stored_chunk",
    "keep",
    "keep_remeasurement",
    "last_ended",
    "lease_end",
    "new_link",
    "next_step_of",
    "owe_transcript",
    "raise_revision",
    "record_only",
    "release",
    "snapshot",
    "standings",
    "start",
    "take_over",
    "welcome",
    "write_answer",
]
