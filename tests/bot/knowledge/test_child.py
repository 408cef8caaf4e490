import io
import json
import subprocess
import sys
from pathlib import Path

import docx
import pytest

from bot.knowledge import child


def test_line_breaks_begin_a_line() -> None:
    assert child.html(b"<p>Open daily<br>9 to 5</p>")["markdown"] == "Open daily\n\n9 to 5"


def test_a_paragraph_within_a_list_item_stays_an_item() -> None:
    assert child.html(b"<ul><li><p>One</p></li></ul>")["markdown"] == "- One"


def test_a_page_without_text_says_nothing() -> None:
    assert child.html(b"<html></html>")["markdown"] == ""


def test_a_page_that_says_too_much_is_refused() -> None:
    with pytest.raises(child.RefusedError, match="split it"):
        child.html(b"<p>" + b"x" * (child.MAX_CHARACTERS + 1))


def test_a_word_title_is_a_heading() -> None:
    document = docx.Document()
    document.add_heading("Care", level=0)
    document.add_paragraph("Wipe it.")
    stream = io.BytesIO()
    document.save(stream)
    assert child.docx(stream.getvalue())["markdown"] == "# Care\n\nWipe it."


def test_a_broken_file_is_named_broken() -> None:
    program = str(Path(child.__file__))
    request = json.dumps({"suffix": ".pdf", "bytes": 3}).encode() + b"\nabc"
    done = subprocess.run([sys.executable, "-P", program], input=request, capture_output=True, check=True)
    assert json.loads(done.stdout)["refusal"].startswith("is broken")
