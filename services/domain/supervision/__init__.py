"""Supervision: the ladder, digests, the weekly dispatch list, look-backs. Pure; time and randomness are passed in."""
