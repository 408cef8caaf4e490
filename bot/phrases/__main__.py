"""`python -m bot.phrases`: write needs.json anew, after a phrase file or the pattern language changed."""

import json
from pathlib import Path

from bot.phrases import needs, sources

Path(__file__).with_name("needs.json").write_text(json.dumps(needs(sources()), indent=0) + "\n", "utf-8")
