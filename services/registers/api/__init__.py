"""The HTTP API of the registers, as routers that an application mounts: see `routes.mount`."""
