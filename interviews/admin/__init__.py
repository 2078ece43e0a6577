"""Interviews as they were: to be read, never edited.

Only who may see an interview can be changed here. Interviews are made on the recruiter's pages, where
the candidate's link is shown: a row made without them would have no link. Staff see what is theirs.
What can be done with several at once is in `actions`; `asking` asks first.
"""

from interviews.admin import answers, interviews, reviews

__all__ = ["answers", "interviews", "reviews"]
