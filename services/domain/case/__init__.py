"""The case: one state table, commands in, events out, state rebuilt from events. Pure."""
