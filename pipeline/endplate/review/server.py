"""The review page on the loopback address."""

from __future__ import annotations

import json
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from endplate.errors import EndplateError
from endplate.page.write import SCRIPTS, asset, environment
from endplate.review.desk import Desk, RefusedError
from endplate.review.security import Guard
from endplate.review.store import StaleError

HOST: Final = "127.0.0.1"

_SCRIPTS: Final = (*SCRIPTS, "review-dialogs.js", "review.js", "start-review.js")
_STYLES: Final = ("page.css", "review.css")


def create_app(desk: Desk, *, token: str, port: int, reviewer: str = "") -> Starlette:
    """Return the application; every request has to pass the guard."""

    def page(_: Request) -> Response:
        template = environment().get_template("review.html")
        content = template.render(
            scripts=_SCRIPTS, styles=_STYLES, reviewer=reviewer, blind=desk.blind
        )
        return HTMLResponse(content)

    def static(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in (*_SCRIPTS, *_STYLES):
            return Response(status_code=404)
        kind = "text/css" if name.endswith(".css") else "text/javascript"
        return Response(asset(name), media_type=kind)

    def run(_: Request) -> Response:
        return _json(desk.index())

    def case(request: Request) -> Response:
        return _json(desk.case(request.path_params["place"]))

    async def session(request: Request) -> Response:
        asked = await _body(request)
        return _json(await run_in_threadpool(desk.states, asked.get("reviewer", "")))

    async def add(request: Request) -> Response:
        asked = await _body(request)
        try:
            return _json(await run_in_threadpool(desk.add, asked))
        except StaleError:
            told = await run_in_threadpool(desk.state, asked["case"], asked["reviewer"])
            return _json(told, 409)

    async def undo(request: Request) -> Response:
        return _json(await run_in_threadpool(desk.undo, await _body(request)))

    async def refuse(_: Request, error: Exception) -> Response:
        return _json({"message": str(error)}, 400)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await run_in_threadpool(desk.write)

    return Starlette(
        routes=[
            Route("/", page),
            Route("/static/{name}", static),
            Route("/api/run", run),
            Route("/api/cases/{place:int}", case),
            Route("/api/session", session, methods=["POST"]),
            Route("/api/events", add, methods=["POST"]),
            Route("/api/undo", undo, methods=["POST"]),
        ],
        middleware=[Middleware(Guard, token=token, port=port)],
        exception_handlers={RefusedError: refuse},
        lifespan=lifespan,
    )


def serve(
    desk: Desk, *, port: int = 0, reviewer: str = "", on_start: Callable[[str], None]
) -> None:
    """Serve a desk on 127.0.0.1 until Ctrl-C.

    `on_start` is given the address to open, with its token. Port 0 takes a free one.
    """
    token = secrets.token_urlsafe(32)
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError as error:
            message = (
                f"port {port} cannot be used ({error.strerror}); leave --port out for a free one"
            )
            raise EndplateError(message) from error
        port = listener.getsockname()[1]
        app = create_app(desk, token=token, port=port, reviewer=reviewer)
        config = uvicorn.Config(
            app, log_level="error", access_log=False, server_header=False, proxy_headers=False
        )
        listener.listen()
        on_start(f"http://{HOST}:{port}/?token={token}")
        with suppress(KeyboardInterrupt):  # uvicorn passes Ctrl-C on when it has shut down
            uvicorn.Server(config).run(sockets=[listener])


async def _body(request: Request) -> dict[str, Any]:
    try:
        asked = json.loads(await request.body())
    except ValueError as error:
        message = "The request is no JSON."
        raise RefusedError(message) from error
    if not isinstance(asked, dict):
        message = "The request is no JSON object."
        raise RefusedError(message)
    return asked


def _json(value: object, status: int = 200) -> Response:
    # half a surrogate pair in a report cannot be written as UTF-8; escaped it can
    return Response(json.dumps(value), status, media_type="application/json")
