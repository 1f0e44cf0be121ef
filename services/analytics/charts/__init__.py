"""Pictures of figures, drawn on the server: the finding in the title, n and interval beside it, every mark a way to its list."""
