"""The command line: `python -m pruning COMMAND`. One JSON document or a table on stdout, everything else on stderr."""

import argparse
import os
import sys

from .columns import KINDS as KINDS_OF_TASK
from .commands import COMMANDS
from .models import NotInstalledError
from .plan import NeedsSimilarityError
from .read_table import FORMATS, MAX_MB
from .recipes import RECIPES
from .runs import KINDS, POOLINGS, PRE_TRAINED, STARTS
from .strategies import STRATEGIES, parse_layers

TASK = "a name of `tasks`, or a file of your own"


class Parser(argparse.ArgumentParser):
    """argparse, saying what is wrong in one line."""

    def error(self, message: str):
        self.exit(2, f"error: {message}; see {self.prog} --help\n")


def build_parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m pruning", description="How many layers can you drop, which ones, at what cost?")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    models = commands.add_parser("models", help="list the models, or install one")
    models.add_argument("action", nargs="?", choices=["list", "install"], default="list")
    models.add_argument("name", nargs="?", help="with install: a name of the list, or a hub id, owner/name[@revision]")
    tasks = commands.add_parser("tasks", help="list the tasks, or look at a file of your own")
    tasks.add_argument("file", nargs="?", help=f"{', '.join(FORMATS)}, up to {MAX_MB} MB")
    add_columns(tasks)
    commands.add_parser("strategies", help="list the strategies")
    add_point(commands.add_parser("plan", help="what would be kept and dropped; trains nothing"), needs_task=False)
    add_point(commands.add_parser("run", help="drop, fine-tune, score and store one point"))
    add_sweep(commands.add_parser("sweep", help="run many points, each distinct one once; resumes"))
    retime = commands.add_parser("retime", help="measure the latency of your stored runs anew, one after the other")
    for name in ("--model", "--task"):
        retime.add_argument(name, required=True)
    similarity = commands.add_parser("similarity", help="how similar a model's layers are to each other")
    similarity.add_argument("--model", required=True)
    similarity.add_argument("--task", required=True, help=TASK)
    add_columns(similarity)
    add_point(commands.add_parser("probe", help="what each layer knows of a task, before and after fine-tuning"))
    add_point(commands.add_parser("drift", help="how far fine-tuning moved each layer"))
    add_point(commands.add_parser("landscape", help="estimate every stack of layers from one training"))
    add_budget(commands.add_parser("budget", help="most layers that a loss in points buys; from stored runs"))
    export = commands.add_parser("export", help="write a pruned, fine-tuned model with its card")
    add_point(export)
    export.add_argument("--to", required=True, metavar="DIR", help="a new folder")
    export.add_argument("--hub", default="", metavar="OWNER/NAME", help="also send it there; needs HF_TOKEN")
    doctor = commands.add_parser("doctor", help="prove that dropping layers of a model is right")
    doctor.add_argument("model", help="a name of `models`, a hub id or a folder")
    add_results(commands.add_parser("results", help="what was measured; verify, report: shipped runs"))
    for command in commands.choices.values():
        command.add_argument("--json", action="store_true", help="print one JSON document on stdout")
    return parser


def add_point(command: argparse.ArgumentParser, needs_task: bool = True) -> None:
    command.add_argument("--model", required=True, help="a name of `models`, a hub id or a folder")
    command.add_argument("--task", required=needs_task, default="movie-reviews", help=TASK)
    add_columns(command)
    command.add_argument("--strategy", default="top", help=f"one of: {', '.join(STRATEGIES)}; default: top")
    command.add_argument("--drop", type=int, metavar="K", help="how many layers to drop")
    command.add_argument("--layers", type=parse_option(parse_layers), default=(), help="to drop, with custom: 0,1,5")
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--start", default=PRE_TRAINED, help=f"one of: {', '.join(STARTS)}")
    add_max_train(command)
    add_how(command)


def add_sweep(command: argparse.ArgumentParser) -> None:
    command.add_argument("--model", required=True)
    command.add_argument("--task", required=True, help=TASK)
    add_columns(command)
    command.add_argument("--strategies", nargs="+", metavar="S", help="default: every strategy but custom")
    command.add_argument("--drops", nargs="+", type=int, metavar="K", help="default: every number a strategy allows")
    command.add_argument("--seeds", nargs="+", type=int, default=[0], metavar="N", help="default: 0")
    command.add_argument("--start", default=PRE_TRAINED, help=f"one of: {', '.join(STARTS)}")
    command.add_argument("--plan", action="store_true", help="only say what would run")
    where = command.add_mutually_exclusive_group()
    where.add_argument("--workers", type=int, default=1, metavar="N", help="so many runs at once on this machine")
    where.add_argument("--ray", default="", metavar="ADDRESS", help="on a Ray cluster; auto: this machine's")
    add_max_train(command)
    add_how(command)


def add_budget(command: argparse.ArgumentParser) -> None:
    command.add_argument("--model", required=True)
    command.add_argument("--task", required=True, help=TASK)
    command.add_argument("--points", type=float, required=True, help="loss you accept, such as 1 or 2.5")
    add_how(command)


def add_results(command: argparse.ArgumentParser) -> None:
    command.add_argument("action", nargs="?", choices=["list", "verify", "report"], default="list")
    command.add_argument(
        "--sample", type=int, default=2, metavar="N", help="with verify: so many runs, chosen at random"
    )
    command.add_argument("--seed", type=int, default=0, help="with verify: another seed chooses others")
    command.add_argument("--model")
    command.add_argument("--task", help=TASK)
    add_columns(command, kind=False)
    command.add_argument("--kind", choices=list(KINDS), default="run")
    command.add_argument("--format", choices=["table", "csv", "jsonl"], default="table")


def add_max_train(command: argparse.ArgumentParser) -> None:
    command.add_argument("--max-train", type=int, metavar="N", help="at most N training texts; default: the recipe's")


def add_how(command: argparse.ArgumentParser) -> None:
    command.add_argument("--recipe", default="quick", help=f"one of: {', '.join(RECIPES)}; default: quick")
    command.add_argument("--similarity", default="sentence", help=f"for contribution, one of: {', '.join(POOLINGS)}")


def add_columns(command: argparse.ArgumentParser, kind: bool = True) -> None:
    text = {"nargs": "+", "action": "extend", "default": [], "metavar": "COLUMN"}
    command.add_argument("--text", **text, help="of a file: texts, or pairs of them")
    command.add_argument("--label", default="", metavar="COLUMN", help="of a file: classes or numbers")
    if kind:
        command.add_argument("--kind", default="", help=f"of a file: {' or '.join(KINDS_OF_TASK)}")


def parse_option(parse):
    """argparse shows a ValueError's text only when it is an ArgumentTypeError."""

    def parsed(text: str):
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return parsed


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 done, 1 failed while running, 2 asked for something impossible, 130 stopped by the user."""
    options = build_parser().parse_args(arguments)
    try:
        COMMANDS[options.command](options)
    except (NotInstalledError, NeedsSimilarityError, ValueError) as error:
        return complain(error, 2)
    except BrokenPipeError:
        raise
    except (OSError, FloatingPointError) as error:
        return complain(error, 1)
    except KeyboardInterrupt:
        return complain("stopped; nothing of the unfinished run is stored", 130)
    return 0


def complain(error: Exception | str, status: int) -> int:
    print("error:", " ".join(str(error).split()), file=sys.stderr)
    return status


if __name__ == "__main__":
    try:
        try:
            sys.exit(main())
        finally:
            sys.stdout.flush()  # here, where a closed pipe can be answered, and not at the exit
    except BrokenPipeError:  # the reader of our output, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
