"""Templates and the files they link to: one environment, everything escaped, addresses that change with their content."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from services.console import words

HERE = Path(__file__).parent
TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file as it is sent, plain and packed."""

    content: bytes
    packed: bytes
    type: str


class Templates:
    """Renders pages; knows the address of every file they link to."""

    def __init__(self, assets: Path) -> None:
        self.files = _files(HERE / "static") | _files(assets)
        self.version = hashlib.sha256(b"".join(name.encode() + file.content for name, file in sorted(self.files.items()))).hexdigest()[:12]
        self.environment = Environment(
            loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True, auto_reload=False,
        )  # fmt: skip
        library = next((name for name in sorted(self.files) if name.startswith("htmx")), None)
        self.environment.globals.update(static=self.address, library=library, words=words)

    def address(self, name: str) -> str:
        """Where a static file is served; the version in it lets browsers keep it for ever."""
        return f"/static/{self.version}/{name}"

    def text(self, template: str, **values: Any) -> str:
        """A rendered template."""
        return self.environment.get_template(template).render(**values)

    def page(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """A rendered page as an answer."""
        return HTMLResponse(self.text(template, **values), status)

    def static(self, request: Request, version: str, name: str) -> Response:
        """A static file; unknown names are 404, so no path leads anywhere else."""
        file = self.files.get(name)
        if file is None:
            return Response("not found", 404, media_type="text/plain")
        headers = {"Cache-Control": "public, max-age=31536000, immutable" if version == self.version else "no-cache"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(file.packed, media_type=file.type, headers=headers | {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"})
        return Response(file.content, media_type=file.type, headers=headers)


def _files(folder: Path) -> dict[str, StaticFile]:
    if not folder.is_dir():
        return {}
    found = {}
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.suffix in TYPES:
            content = path.read_bytes()
            type_ = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            found[path.name] = StaticFile(content, gzip.compress(content, mtime=0), type_)
    return found
