"""What happens to interviews: verbs over rows, each one transaction, in a module for each noun.

All of it is synchronous; sockets reach it through `interviews.database`. A change that observers may see
raises the interview's revision in its transaction and returns the messages that tell of it. What a
recording does to its answer may be done again, as after a commit whose end was not heard of: the second
time changes nothing and returns the same.
"""
