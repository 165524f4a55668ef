"""The command itself: puts the subjects together and turns errors into exit codes.

Exit codes: 0 done, 1 something unforeseen (or ``doctor`` found a fault), 2 to 8 the product's own
errors (``domain/errors.py``), 130 stopped by Ctrl+C. Messages go to standard error and say what to do.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.exceptions import Abort, Exit, TyperException

from lineage_server import __version__
from lineage_server.cli import (
    asking,
    backups,
    care,
    comparing,
    curation,
    demo,
    doctor,
    exchanging,
    finding,
    questions,
    registry,
    reproducing,
    running,
    serving,
    transfers,
    webhooks,
)
from lineage_server.cli.options import elsewhere
from lineage_server.cli.output import (
    ReaderGoneError,
    UnwrittenError,
    fail,
    finish,
    one_line,
    ready_streams,
    say,
)
from lineage_server.domain.errors import InvalidInputError, LineageError, NotFoundError

_STOPPED = 130

# Plain help, no panels: it starts faster, fits narrow terminals and can be read aloud.
app = typer.Typer(
    name="lineage",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Record and ask how data, models and endpoints came to be.\n\nBegin with: lineage up --demo",
    context_settings={"help_option_names": ["-h", "--help"]},
)
# Typer makes the shells known only together with options of its own, which we do not offer.
_completion: Any = import_module("typer._completion_classes")
_completion.completion_init()
_PARTS = (
    *(serving, demo, running, asking, finding, transfers, registry, curation, webhooks),
    *(comparing, questions, reproducing, exchanging, backups, care, doctor),
)
for part in _PARTS:
    part.add_to(app)


@app.callback(invoke_without_command=True)
def base(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False,
) -> None:
    if version:
        say(__version__)
        raise Exit(0)
    if context.invoked_subcommand is None:
        say(context.get_help())


def main(arguments: list[str] | None = None) -> None:
    """Entry point of the console script; always leaves by SystemExit."""
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """One command; answers its exit code."""
    ready_streams()
    try:
        answer: object = app(args=arguments, prog_name="lineage", standalone_mode=False)
        finish()
    except TyperException as error:  # wrong usage
        return _misused(error)
    except UnwrittenError as error:
        fail(str(error))
        _say_no_more()
        return error.exit_code
    except LineageError as error:
        told = sys.argv[1:] if arguments is None else arguments
        missed = isinstance(error, NotFoundError)
        fail(f"{error.message}{elsewhere(error.message, told)}" if missed else str(error))
        return error.exit_code
    except (BrokenPipeError, ReaderGoneError):
        _say_no_more()  # whoever read us (head, less) has seen enough
        return 0
    except OSError as error:
        if error.filename is None:
            raise
        # Of what people name: a folder that is not theirs, a name that is too long.
        fail(f"{one_line(os.fsdecode(error.filename))} cannot be read or written: {error.strerror}")
        return InvalidInputError.exit_code
    except (KeyboardInterrupt, Abort):
        return _STOPPED
    return answer if isinstance(answer, int) else 0


def _say_no_more() -> None:
    """Python would complain once more at its end of what it cannot write."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _misused(error: TyperException) -> int:
    # Typer's checks are pydantic's now, whose word for the kind of error says nothing to people.
    text = " ".join(error.format_message().replace("Value error, ", "").split()).rstrip(".")
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "lineage"
    fail(f"{text}{'' if text.endswith('?') else '.'} Try '{command} --help'.")
    return InvalidInputError.exit_code
