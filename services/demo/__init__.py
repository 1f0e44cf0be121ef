"""The demonstration: invented complaints with known matters, a live view of what becomes of them, and a check."""
