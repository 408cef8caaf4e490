"""`python -m bot.phrases`: write needs.json anew, after a phrase file or the pattern language changed."""

import json
from pathlib import Path
from typing import Any

from bot.phrases import needs, sources


def _rendered(found: dict[str, Any]) -> str:
    """A line for each pattern, so that a change of one is a change of one line."""
    files = []
    for name, entry in found.items():
        lines = ",\n".join(json.dumps(each, ensure_ascii=False) for each in entry["needs"])
        files.append(f'{json.dumps(name)}: {{"digest": {json.dumps(entry["digest"])}, "needs": [\n{lines}\n]}}')
    return "{\n" + ",\n".join(files) + "\n}\n"


Path(__file__).with_name("needs.json").write_text(_rendered(needs(sources())), "utf-8")
