"""`warmline slack manifest`: what to paste into Slack so that it knows the app, or a link that does it."""

import json
import sys
from argparse import Namespace

from channels.slack.manifest import link, manifest


def run(args: Namespace) -> int:
    """Print the manifest as JSON, or with `--link` the page that makes the app from it."""
    shown = link(args.name) if args.link else json.dumps(manifest(args.name), indent=2, ensure_ascii=False)
    sys.stdout.write(f"{shown}\n")
    return 0
