"""A real headless Chromium for the page tests: Debian's, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

_PATHS = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@contextmanager
def chromium() -> Iterator[Any]:
    """Give a browser; without one skip here, but fail in CI, where nobody would notice."""
    path = next(filter(None, map(shutil.which, _PATHS)), None)
    if path is None:
        message = "no Chromium is installed (apt-get install chromium): the page is not tested"
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(message)
        pytest.skip(message)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def watched_page(browser: Any, allowed: str, **options: Any) -> Iterator[Any]:
    """Give a page, and fail at the end if it complained or asked for anything not `allowed`."""
    context = browser.new_context(**options)
    page = context.new_page()
    trouble: list[str] = []
    page.on("console", lambda m: trouble.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((allowed, "data:"))
            else trouble.append(f"request to {request.url[:80]}")
        ),
    )
    page.trouble = trouble
    try:
        yield page
    finally:
        context.close()
    assert trouble == []
