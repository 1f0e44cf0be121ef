"""Suspected emergencies: pages up the ladder, acts of people on duty, reports, neighbours told."""
