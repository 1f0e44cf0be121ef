"""The project's own training corpus: invented complaints with labels, matters and look-alikes, from a seed alone."""
