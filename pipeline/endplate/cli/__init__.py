"""The command line.

A command is a module of this package, listed here, with a function of the same name, or with a
``typer.Typer`` called ``app`` when it has sub-commands. At the top such a module imports the
standard library and typer only, so that ``endplate --help`` stays fast; what is heavy is imported
inside the function.

Exit codes: 0 done (rejects are counted and said), 1 the run could not finish or a quality gate
failed, 2 unusable input or options, 3 something was rejected under ``--strict``, 130 interrupted.
Diagnostics go to stderr, results to stdout and files.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import warnings
from _thread import interrupt_main
from importlib import import_module
from traceback import walk_tb
from typing import Final, NoReturn

import typer

from endplate.cli.messages import say
from endplate.errors import EndplateError

#: Seconds until an interruption that was dropped comes again.
_SOON: Final = 0.05
#: In the order of the help page.
COMMANDS: Final = (
    *("screen", "extract", "show", "explain", "report", "review"),
    *("evaluate", "agreement", "diff", "merge", "simulate", "criteria", "rules", "version"),
)


def main() -> None:
    """Run the command line; what goes wrong is one line on stderr, never a traceback."""
    # Libraries may log or warn about the text that they work on, and report text is patient data.
    # loguru writes everything to stderr from its import on, unless told so before.
    os.environ.setdefault("LOGURU_AUTOINIT", "False")
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    _heed_signals()
    try:
        _app()(prog_name="endplate")
    except EndplateError as error:
        _stop(str(error), 2)
    except KeyboardInterrupt:
        _stop("interrupted", 130)
    except OSError as error:
        place = f"{os.fsdecode(error.filename)}: " if error.filename else ""
        _stop(place + (error.strerror or type(error).__name__), 1)
    except MemoryError:
        _stop("out of memory", 1)
    except Exception as error:
        if os.environ.get("ENDPLATE_TRACEBACK"):  # for developers; it may quote a report
            raise
        _stop(_defect(error), 1)


def _heed_signals() -> None:
    """Let a batch system's SIGTERM end a run as cleanly as Ctrl-C: no half-made file stays."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.unraisablehook = _raise_again


def _raise_again(lost: sys.UnraisableHookArgs) -> None:
    """Interrupt once more where Python has dropped an interruption, as it does in a destructor.

    What else it drops is not printed: its message may quote a report.
    """
    if isinstance(lost.exc_value, KeyboardInterrupt):
        threading.Timer(_SOON, interrupt_main).start()
    elif os.environ.get("ENDPLATE_TRACEBACK"):
        sys.__unraisablehook__(lost)


def _app() -> typer.Typer:
    app = typer.Typer(
        help="Find patients who may benefit from basivertebral nerve ablation. A screening aid, "
        "not a diagnosis: all results are for review by a specialist.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,  # they would print local variables, that is report text
    )

    @app.callback()
    def endplate() -> None:
        """Find patients who may benefit from basivertebral nerve ablation."""

    for name in COMMANDS:
        module = import_module(f"{__name__}.{name}")
        if group := getattr(module, "app", None):
            app.add_typer(group, name=name)
        else:
            app.command(name)(getattr(module, name))
    return app


def _stop(message: str, code: int) -> NoReturn:
    say(f"Error: {message}")
    sys.exit(code)


def _defect(error: Exception) -> str:
    """Tell where the program failed; the message of the exception might quote a report."""
    frame, line = list(walk_tb(error.__traceback__))[-1]
    place = f"{frame.f_globals.get('__name__', '?')}, line {line}"
    return f"a defect of the program ({type(error).__name__} in {place}); please report it"
