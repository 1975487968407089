"""`python -m agents.rehearsal SCRIPT.yaml`: serves scripts until it is interrupted; its first line is its address."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from agents.rehearsal.script import load_scripts
from agents.rehearsal.server import ModelServer
from blueprints.errors import MissionError


def main() -> int:
    """Exit code 0 after SIGINT or SIGTERM, 2 for a script that cannot be read."""
    options = _options()
    try:
        scripts = load_scripts(options.script)
    except MissionError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    endings = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, endings)
    with ModelServer(scripts, log=options.log, port=options.port) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        signal.sigwait(endings)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m agents.rehearsal", description=__doc__)
    parser.add_argument("script", type=Path, help="YAML with a script, or a list of them")
    parser.add_argument("--port", type=int, default=0, help="default: any free port")
    parser.add_argument("--log", type=Path, help="file for the calls, as JSON lines")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
