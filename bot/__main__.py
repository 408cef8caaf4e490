"""The `warmline` command: parse the words, then import only what that command needs."""

import argparse
import gc
import importlib
import os
import sys
from pathlib import Path

FINE, FAILED, WRONG_USE = 0, 1, 2


def main(words: list[str] | None = None) -> int:
    """Run one command. Returns 0 when all is fine, 1 when a check or a conversation failed, 2 for wrong use."""
    args = _parser().parse_args(words)
    gc.disable()  # what is imported stays: none of it is garbage
    try:
        from bot import logs

        logs.configure("debug" if args.verbose else args.log_level)
        command = importlib.import_module(f"bot.commands.{args.command}")
        from bot.settings import SettingsError
        from bot.store import StoreDamagedError, StoreInUseError, StoreUnavailableError
    finally:
        gc.enable()
    try:
        code: int = command.run(args)
    except SettingsError as error:
        for mistake in error.mistakes:
            _complain(f"{error.path}: {mistake}")
        return WRONG_USE
    except (StoreInUseError, StoreDamagedError, StoreUnavailableError) as error:
        _complain(str(error))
        return FAILED
    except BrokenPipeError:  # the reader of our output went away, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINE
    except KeyboardInterrupt:
        return FAILED
    return code


def _complain(line: str) -> None:
    sys.stderr.write(f"warmline: {line}\n")


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--config", type=Path, default=Path("bot.toml"), help="settings file (default: bot.toml)")
    common.add_argument("--json", action="store_true", help="print JSON and nothing else on standard output")
    common.add_argument("--verbose", action="store_true", help="log everything, customers' words too")
    parser = argparse.ArgumentParser(
        prog="warmline",
        description="A customer-service bot that answers what it can prove and hands over warmly.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and stop")
    again = _verb_options()  # else a verb's default would undo what was written before it
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, text: str, *, log_level: str = "warning") -> argparse.ArgumentParser:
        command = commands.add_parser(name, parents=[common], help=text, description=text)
        command.set_defaults(log_level=log_level)
        return command

    add("demo", "a tour that needs no account, no key and no keyboard", log_level="critical")
    chat = add("chat", "talk to the bot in the terminal; /help shows what else can be typed", log_level="error")
    chat.add_argument("--keep", action="store_true", help="keep the conversation in the store of bot.toml")
    add("run", "serve every channel that bot.toml switches on, until stopped", log_level="info")
    check = add("check", "settings, secrets, knowledge and store: what is wrong and how to mend it")
    check.add_argument("--probe", action="store_true", help="really try each account")
    ask = add("ask", "one answer without a conversation")
    ask.add_argument("question", nargs="?", help="a question in a customer's words")
    ask.add_argument("--knowledge", type=Path, help="another knowledge folder")
    ask.add_argument("--batch", type=Path, help="a file of JSON lines: id, question, history")
    ask.add_argument(
        "--model", action="store_true", help="let the model of bot.toml write the answer; it may cost money"
    )
    triggers = add("triggers", "which hard rules a message fires, with the evidence")
    triggers.add_argument("text", nargs="?", help="a message")
    triggers.add_argument("--batch", type=Path, help="a file of JSON lines: id and text, or id and turns")
    replay = add("replay", "play recorded conversations through the real loop", log_level="critical")
    replay.add_argument("files", nargs="+", type=Path, metavar="FILE", help="JSON lines or TOML dialogues")
    conversations = add("conversations", "what is stored: all conversations, or one with its turns")
    conversations.add_argument("id", nargs="?", help="a conversation's id")
    conversations.add_argument("--state", help="only those in this state")
    conversations.add_argument("--limit", type=int, default=50, help="how many at the most (default: 50)")
    why = add("why", "the whole reasoning of a conversation: who did what when, and because of what")
    why.add_argument("id", help="a conversation's id")
    customers = add("customers", "the customers' table").add_subparsers(dest="verb", required=True, metavar="VERB")
    load = customers.add_parser("import", parents=[again], help="add or change customers from a CSV file")
    load.add_argument("file", type=Path, metavar="FILE.csv", help="columns: id, name, email and any others")
    export = add("export", "everything held on a person, as JSON")
    export.add_argument("person", help="a customer's id, e-mail address or id on a channel")
    forget = add("forget", "erase everything held on a person, then prove it by searching")
    forget.add_argument("person", help="a customer's id, e-mail address or id on a channel")
    mail = add("mail", "what the bot reads in a raw mail, and whether it would answer")
    mail.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a raw mail, as .eml")
    slack = add("slack", "connect Slack").add_subparsers(dest="verb", required=True, metavar="VERB")
    paper = slack.add_parser("manifest", parents=[again], help="what Slack must know of the app, to paste or by link")
    paper.add_argument("--link", action="store_true", help="a page of Slack's that makes the app from it")
    paper.add_argument("--name", default="Warmline", help="what the app is called on Slack")
    discord = add("discord", "connect Discord").add_subparsers(dest="verb", required=True, metavar="VERB")
    door = discord.add_parser("invite", parents=[again], help="the link on which a server lets the bot in")
    door.add_argument("--application", help="the Application ID (default: the one in DISCORD_BOT_TOKEN)")
    door.add_argument("--agent-names", action="store_true", help="also what shows agents' replies under their names")
    report = add("report", "the numbers, from events")
    report.add_argument("--since", help="a date, as 2026-01-31")
    return parser


class _Version(argparse.Action):
    """Print the installed version; what tells it is imported only then."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        sys.stdout.write(f"warmline {version('warmline')}\n")
        parser.exit()


def _verb_options() -> argparse.ArgumentParser:
    """The common options once more, after a verb: they change nothing where they are not written."""
    again = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    again.add_argument("--config", type=Path, help="settings file (default: bot.toml)")
    again.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON only")
    again.add_argument("--verbose", action="store_true", default=argparse.SUPPRESS, help="log everything")
    return again


if __name__ == "__main__":
    sys.exit(main())
