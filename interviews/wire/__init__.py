"""What goes over sockets, typed.

    text, frames ─→ messages ─→ protocol ─→ events          what a candidate's connection says
    rows, metrics ─→ messages ─→ dialects ─→ text           what it is told, and whoever watches

`protocol`, `dialects` and `messages` are sans I/O; `rows` and `metrics` read rows. `schema` makes
docs/protocol.schema.json of the messages.
"""
