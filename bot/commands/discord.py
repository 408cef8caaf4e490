"""`warmline discord invite`: the page on which a server lets the bot in, with exactly the permissions it uses."""

import json
import os
import sys
from argparse import Namespace
from base64 import b64decode
from binascii import Error as NotBase64Error

from channels.discord.permissions import NEEDED, OPTIONAL, link, permissions

TOKEN = "DISCORD_BOT_TOKEN"  # noqa: S105 # the name of a variable, not a secret
WHERE = "https://discord.com/developers/applications"


def run(args: Namespace) -> int:
    """Print the link. Returns 2 where it is not known whose bot it is."""
    application = args.application or application_of(os.environ.get(TOKEN, ""))
    if not application:
        sys.stderr.write(
            f"warmline: export {TOKEN} or write --application with the Application ID, which stands at {WHERE} › your "
            "application › General Information\n"
        )
        return 2
    shown = link(application, agent_names=args.agent_names)
    if args.json:
        wanted = {**NEEDED, **(OPTIONAL if args.agent_names else {})}
        facts = {
            "link": shown,
            "permissions": permissions(agent_names=args.agent_names).value,
            "for": wanted,
        }
        shown = json.dumps(facts, ensure_ascii=False)
    sys.stdout.write(f"{shown}\n")
    return 0


def application_of(token: str) -> str:
    """The application's id, which a bot's token begins with; empty where it does not."""
    first = token.strip().partition(".")[0]
    try:
        found = b64decode(first + "=" * (-len(first) % 4)).decode("ascii")
    except (NotBase64Error, ValueError):
        return ""
    return found if found.isdigit() else ""
