"""Who may talk to the review server: this machine, this browser, this page."""

from __future__ import annotations

import secrets
import sys
import traceback
from pathlib import PurePath
from typing import Final
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: The largest body that a page sends is a note.
MAX_BODY: Final = 64 * 1024

HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


class Guard:
    """Lets a request through when it comes from the page that this server gave out.

    * The host must be the loopback address with our port: a name that somebody points at it (DNS
      rebinding) is refused.
    * The start address holds a random token; it is exchanged for a cookie that no other site can
      use (``SameSite=Strict``) and no script can read (``HttpOnly``).
    * What changes something must be JSON and come from our own origin.
    """

    def __init__(self, app: ASGIApp, *, token: str, port: int) -> None:
        self._app = app
        self._token = token
        self._session = secrets.token_urlsafe(32)
        # cookies know no ports: two servers on one machine must not overwrite each other's
        self._cookie = f"endplate-{port}"
        self._hosts = (f"127.0.0.1:{port}", f"localhost:{port}")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def sender(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        refused = self._refusal(scope)
        if refused is not None:
            await refused(scope, receive, sender)
            return
        try:
            await self._app(scope, _limited(receive), sender)
        except Exception as error:  # a traceback could print a patient's data
            _tell(error)
            if not started:
                answer = PlainTextResponse("The server failed; nothing was saved.", 500)
                await answer(scope, receive, sender)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if host not in self._hosts:
            return PlainTextResponse("This server answers on 127.0.0.1 only.", 421)
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        if scope["method"] == "GET" and scope["path"] == "/" and "token" in query:
            return self._start(query["token"][0])
        if not self._known(headers.get("cookie", "")):
            return PlainTextResponse("Open the address that `endplate review` printed.", 403)
        origin = headers.get("origin")
        if origin is not None and origin != f"http://{host}":
            return PlainTextResponse("Another site may not use this server.", 403)
        if scope["method"] in ("GET", "HEAD"):
            return None
        if origin is None or headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return PlainTextResponse("Another site may not use this server.", 403)
        if headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            return PlainTextResponse("Only JSON is taken.", 415)
        if _length(headers) > MAX_BODY:
            return PlainTextResponse("Too long.", 413)
        return None

    def _start(self, token: str) -> Response:
        if not secrets.compare_digest(token.encode(), self._token.encode()):
            return PlainTextResponse("Open the address that `endplate review` printed.", 403)
        answer = RedirectResponse("/", 303)
        answer.set_cookie(self._cookie, self._session, httponly=True, samesite="strict", path="/")
        return answer

    def _known(self, cookies: str) -> bool:
        # not the standard library's parser: another program's odd cookie would hide ours
        value = cookie_parser(cookies).get(self._cookie, "")
        return secrets.compare_digest(value.encode(), self._session.encode())


def _limited(receive: Receive) -> Receive:
    """Return `receive`, which gives up on a body that is longer than it may be."""
    total = 0

    async def limited() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total > MAX_BODY:
            message_text = "body too long"
            raise ValueError(message_text)
        return message

    return limited


def _length(headers: Headers) -> int:
    length = headers.get("content-length", "0")
    return int(length) if length.isdigit() else 0


def _tell(error: Exception) -> None:
    """Say where an error arose, and nothing of what it was about."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    sys.stderr.write(f"{type(error).__name__} at {PurePath(frame.filename).name}:{frame.lineno}\n")
