"""Emergency supplies, experts and rescue teams: the register, and the nearest fitting ones."""
