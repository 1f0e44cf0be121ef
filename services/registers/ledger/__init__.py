"""The rectification ledger (整改台账): lines of cases, of inspections and of imported ledgers."""
