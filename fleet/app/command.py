"""What every command shares: mistakes become messages and exit codes, data goes to stdout, talk to stderr."""

from __future__ import annotations

import errno
import json
import math
from pathlib import Path
from typing import Any

import click

from fleet.base.errors import FleetError, InputError, RunError, UsageError

INTERRUPTED = 130

FILE = click.Path(path_type=Path)


class Command(click.Command):
    """A command whose user's mistakes end in a message and an exit code, never in a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, and turn a `FleetError` into its message and its exit code."""
        try:
            return super().invoke(ctx)
        except FleetError as error:
            tell(error, as_json=bool(ctx.params.get("as_json")))
            ctx.exit(error.exit_code)
        except OSError as error:
            # Every room names its own files; what is left is a stdout that takes no more. click sees to pipes.
            if error.errno == errno.EPIPE:
                raise
            tell(RunError(f"cannot write the answer: {error.strerror or error}"), as_json=False)
            ctx.exit(RunError.exit_code)
        except MemoryError:
            why = "there is not enough memory for this: it is too large in one piece"
            tell(RunError(why), as_json=bool(ctx.params.get("as_json")))
            ctx.exit(RunError.exit_code)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            ctx.exit(INTERRUPTED)


class Number(click.FloatRange):
    """A number on the command line: finite, and no larger than anybody can mean."""

    def __init__(self, least: float, most: float = 1e6) -> None:
        super().__init__(least, most)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number. `nan` is within every range for click, so it is asked for by itself."""
        found = super().convert(value, param, ctx)
        if not math.isfinite(found):
            self.fail(f"expected a number from {self.min:g} to {self.max:g}, found {value}", param, ctx)
        return found


class Group(click.Group):
    """A group of such commands."""

    command_class: type[click.Command] | None = Command
    group_class: type[click.Group] | type[type] | None = type


def tell(error: FleetError, *, as_json: bool) -> None:
    """Say what went wrong on stderr, and with `as_json` as an object on stdout too."""
    note(str(error))
    if as_json:
        found: dict[str, Any] = {"message": str(error), "exit_code": error.exit_code}
        if isinstance(error, InputError):
            names = ("file", "line", "column", "path", "expected", "found", "hint")
            found["faults"] = [{name: getattr(fault, name) for name in names} for fault in error.faults]
        echo_json({"error": found})


def echo_json(value: dict[str, Any]) -> None:
    """One JSON object on stdout."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def spare(out: Path, *inputs: Path | None) -> None:
    """Raise `UsageError` where writing `out` would destroy one of the `inputs`, under whatever name."""
    for file in inputs:
        try:
            same = file is not None and out.samefile(file)
        except OSError:
            continue
        if same:
            raise UsageError(f"-o {click.format_filename(out)}: expected another file than the input, found it")


json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
set_option = click.option(
    "--set", "overrides", multiple=True, metavar="A.B=C", help="Change a setting; whole numbers index lists."
)
overwrite_option = click.option("--overwrite", is_flag=True, help="Replace a run recorded there before.")


def note(text: str) -> None:
    """A line of talk on stderr."""
    click.echo(visible(text), err=True)


def visible(text: str) -> str:
    r"""`text` with what would steer a terminal, or hide, written out; what begins new lines stays.

    >>> print(visible("a\x1b[2J b"))
    a\x1b[2J b
    """
    return "".join(letter if letter.isprintable() or letter in "\n\t" else ascii(letter)[1:-1] for letter in text)
