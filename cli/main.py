"""The `mission` command. Each subcommand is a module, imported when it is called."""

from __future__ import annotations

import importlib
import sys
import traceback
from pathlib import Path

import click

# Before all others: PyPI has packages of our names, such as `validators`, and an editable install comes last.
sys.path.insert(0, str(Path(__file__).parents[1]))

from blueprints.errors import MissionError

_COMMANDS = {
    "plan": "cli.plan:command",
    "check": "cli.check:command",
    "show": "cli.show:command",
    "schema": "cli.schema:command",
    "doctor": "cli.doctor:command",
    "run": "cli.run:command",
    "verify": "cli.verify:command",
    "publish": "cli.publish:command",
    "resume": "cli.resume:command",
    "amend": "cli.amend:command",
    "deploy": "cli.deploy:command",
    "pool": "cli.pool:command",
    "list": "cli.list:command",
    "status": "cli.status:command",
    "inbox": "cli.inbox:command",
    "approve": "cli.decide:approve",
    "reject": "cli.decide:reject",
    "revise": "cli.decide:revise",
    "answer": "cli.decide:answer",
    "dismiss": "cli.decide:dismiss",
    "pause": "cli.steer:pause",
    "cancel": "cli.steer:cancel",
    "kill": "cli.steer:kill",
    "retry": "cli.steer:retry",
    "skip": "cli.steer:skip",
    "land": "cli.land:command",
    "clean": "cli.clean:command",
    "logs": "cli.logs:command",
    "report": "cli.report:command",
    "server": "cli.server:command",
}

FAILED = 1
BUG = 3
INTERRUPTED = 130


class Commands(click.Group):
    """A group that imports a subcommand when it is needed: `status` must not pay for `run`."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="missions")
def mission() -> None:
    """Declarative orchestration of coding agents: nothing counts as done until the engine has proved it."""


def main() -> None:
    """Run the command line; what the user can put right is one sentence on stderr."""
    try:
        code = mission(standalone_mode=False)
    except MissionError as error:
        code = _say(str(error), error.exit_code)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        code = _say("interrupted", INTERRUPTED)
    except OSError as error:
        code = _say(f"{error}", FAILED)
    except Exception:
        traceback.print_exc()
        code = _say("this is a bug in Missions: please report it with the lines above", BUG)
    sys.exit(code if isinstance(code, int) else 0)


def _say(text: str, code: int) -> int:
    click.echo(text, err=True)
    return code


if __name__ == "__main__":
    main()
