"""Clocks of a case: calendar, rules, deadlines, due moments. Pure; every moment is passed in."""
