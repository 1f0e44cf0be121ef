"""Registers: the rectification ledger, risk sources, small hydropower, emergencies and their duty, supplies and experts and teams."""
