"""The HTTP API of casework, as routers that an application mounts: see `routes.router`."""
