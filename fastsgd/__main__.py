"""``python -m fastsgd``: ``info`` tells what can run here, ``demo`` shows it on real data."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from . import __version__, demo
from .demo.jobs import JOBS
from .info import report


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m fastsgd", description="Dense networks on the CPU, trained by SGD.")
    top.add_argument("--version", action="version", version=f"fastsgd {__version__}")
    commands = top.add_subparsers(dest="command", metavar="command")
    commands.add_parser("info", help="versions, engines, instruction set, threads")
    show = commands.add_parser("demo", help="batch sizes, engines and scikit-learn side by side, on real data")
    show.add_argument("--data", choices=JOBS, default="digits", help="what to learn (default: %(default)s)")
    show.add_argument("--output", type=Path, default="fastsgd-demo.png", help="the picture (default: ./%(default)s)")
    show.add_argument("--quick", action="store_true", help="two epochs only: to see that it works")
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit code."""
    top = parser()
    chosen = top.parse_args(arguments)
    try:
        if chosen.command == "info":
            print(report())
        elif chosen.command == "demo":
            demo.run(chosen.data, chosen.output, chosen.quick)
        else:
            top.print_help()
    except (ImportError, OSError, ValueError) as error:
        print(f"fastsgd: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
