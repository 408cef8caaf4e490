import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import docx
import pytest
from pypdf import PdfWriter

from bot.knowledge import Knowledge, Settings
from bot.knowledge.converter import Converter
from bot.knowledge.folder import RefusedError
from bot.knowledge.reader import Text

PAGE = """<html><head><title>Warranty</title><style>p {color: red}</style></head><body>
<nav><a href="/">Home</a></nav><h1>Warranty</h1><p>Every <b>lamp</b> has a warranty of
two years.</p><ul><li>Keep the receipt</li><li>Write to us</li></ul>
<table><tr><th>Part</th><th>Years</th></tr><tr><td>Cable</td><td>3</td></tr></table>
<script>alert("x")</script></body></html>"""


@pytest.fixture
def converter() -> Iterator[Converter]:
    opened = Converter()
    yield opened
    opened.close()


def converted(converter: Converter, suffix: str, content: bytes) -> Text | RefusedError:
    key = (f"file{suffix}", str(hash(content)))
    converter.submit(key, suffix, content)
    converter.wait(30)
    return converter.collect()[key]


def refusal(converter: Converter, suffix: str, content: bytes) -> str:
    answer = converted(converter, suffix, content)
    assert isinstance(answer, RefusedError)
    return str(answer)


def text(converter: Converter, suffix: str, content: bytes) -> Text:
    answer = converted(converter, suffix, content)
    assert isinstance(answer, Text), answer
    return answer


def word_document() -> bytes:
    document = docx.Document()
    document.core_properties.title = "Care"
    document.add_heading("Cleaning", level=2)
    document.add_paragraph("Wipe the shade with a dry cloth.")
    document.add_paragraph("No water", style="List Bullet")
    table = document.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "Glass", "soft cloth"
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def portable_document(words: str) -> bytes:
    """A PDF of one page, written by hand: this is all that one needs."""
    drawing = f"BT /F1 12 Tf 72 720 Td ({words}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(drawing), drawing),
    ]
    out, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"xref\n0 5\n0000000000 65535 f \n%btrailer << /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (
        table,
        len(out),
    )


def test_a_web_page_becomes_markdown(converter: Converter) -> None:
    page = text(converter, ".html", PAGE.encode())
    assert page.title == "Warranty"
    assert page.markdown == (
        "# Warranty\n\nEvery lamp has a warranty of two years.\n- Keep the receipt\n- Write to us"
        "\n| Part | Years\n| Cable | 3"
    )


def test_a_web_page_can_be_internal(converter: Converter) -> None:
    page = b'<head><meta name="audience" content="internal"></head><p>Staff only</p>'
    assert text(converter, ".html", page).audience == "internal"


def test_a_word_document_becomes_markdown(converter: Converter) -> None:
    page = text(converter, ".docx", word_document())
    assert page.title == "Care"
    assert page.markdown == "## Cleaning\n\nWipe the shade with a dry cloth.\n- No water\n\n| Glass | soft cloth |"


def test_a_pdf_becomes_text(converter: Converter) -> None:
    assert text(converter, ".pdf", portable_document("The lamp is green.")).markdown == "The lamp is green."


def test_an_encrypted_pdf_is_refused(converter: Converter) -> None:
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.encrypt("secret", algorithm="RC4-128")
    stream = io.BytesIO()
    writer.write(stream)
    assert "encrypted" in refusal(converter, ".pdf", stream.getvalue())


def test_a_pdf_without_text_is_refused(converter: Converter) -> None:
    assert "no text" in refusal(converter, ".pdf", portable_document(""))


def test_a_pdf_whose_pages_loop_is_refused_and_the_next_file_read(converter: Converter) -> None:
    looping = portable_document("x").replace(b"/Kids [3 0 R]", b"/Kids [2 0 R]")
    assert refusal(converter, ".pdf", looping)
    assert text(converter, ".html", b"<p>next</p>").markdown == "next"


def test_a_zip_bomb_is_refused_before_it_is_unpacked(converter: Converter) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"0" * 101_000_000)
    assert "unpacks to" in refusal(converter, ".docx", stream.getvalue())


@pytest.mark.parametrize("suffix", [".pdf", ".docx"])
def test_garbage_is_refused_with_a_reason(converter: Converter, suffix: str) -> None:
    assert "broken" in refusal(converter, suffix, b"\x00garbage" * 100)


def test_nested_html_is_read(converter: Converter) -> None:
    assert text(converter, ".html", b"<div>" * 500 + b"deep" + b"</div>" * 500).markdown == "deep"


def test_endlessly_nested_html_stops_nothing() -> None:
    impatient = Converter(wall_seconds=3.0)
    assert converted(impatient, ".html", b"<div>" * 200_000 + b"deep")
    assert text(impatient, ".html", b"<p>next</p>").markdown == "next"
    impatient.close()


def test_a_file_that_takes_too_long_is_refused_and_the_next_one_read() -> None:
    impatient = Converter(wall_seconds=0.0)
    assert "too long" in refusal(impatient, ".html", b"<p>slow</p>")
    impatient.close()


def test_a_child_that_dies_costs_only_its_file(tmp_path: Path) -> None:
    program = tmp_path / "dies.py"
    program.write_text("import os; os.abort()")
    brittle = Converter(program=program)
    assert "crashes" in refusal(brittle, ".html", b"<p>one</p>")
    program.write_text('print(\'{"markdown": "two", "title": "", "audience": ""}\', flush=True); input()')
    assert text(brittle, ".html", b"<p>two</p>").markdown == "two"
    brittle.close()


def test_the_child_goes_when_nothing_is_left_to_do(converter: Converter) -> None:
    text(converter, ".html", b"<p>one</p>")
    assert not converter.running


def test_converted_files_are_searched(tmp_path: Path) -> None:
    (tmp_path / "warranty.html").write_text(PAGE)
    (tmp_path / "care.docx").write_bytes(word_document())
    (tmp_path / "colours.pdf").write_bytes(portable_document("The lamp is green."))
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.4 nothing")
    opened = Knowledge.open(tmp_path, database=None, settings=Settings(conversion_seconds=30))
    assert sorted(opened.articles) == ["care.docx", "colours.pdf", "warranty.html"]
    assert [each.article for each in opened.skipped] == ["broken.pdf"]
    assert opened.search("dry cloth", ()).passages[0].article == "care.docx"
    opened.close()


def test_a_slow_conversion_delays_no_other_article(tmp_path: Path) -> None:
    (tmp_path / "warranty.html").write_text(PAGE)
    (tmp_path / "hello.md").write_text("Hello world\n")
    opened = Knowledge.open(tmp_path, database=None, settings=Settings(conversion_seconds=0.0))
    assert opened.opening.pending == ("warranty.html",)
    assert list(opened.articles) == ["hello.md"]
    while opened.refresh().pending:
        pass
    assert list(opened.articles) == ["hello.md", "warranty.html"]
    opened.close()


def test_a_changed_document_is_not_quoted_while_it_is_read_anew(tmp_path: Path) -> None:
    folder, database = tmp_path / "knowledge", tmp_path / "index.db"
    folder.mkdir()
    (folder / "warranty.html").write_text(PAGE)
    Knowledge.open(folder, database=database, settings=Settings(conversion_seconds=30)).close()
    (folder / "warranty.html").write_text(PAGE.replace("two years", "three years"))
    again = Knowledge.open(folder, database=database, settings=Settings(conversion_seconds=0.0))
    assert again.opening.pending == ("warranty.html",)
    assert again.search("warranty", ()).passages == ()
    again.close()


def test_closing_ends_what_is_under_way(tmp_path: Path) -> None:
    program = tmp_path / "hangs.py"
    program.write_text("import time; time.sleep(600)")
    slow = Converter(program=program)
    for name in ("one", "two"):
        slow.submit((name, ""), ".html", b"<p>x</p>")
    slow.wait(0.5)
    slow.close()
    assert ("two", "") not in slow.collect()
    slow.submit(("three", ""), ".html", b"")
    assert slow.collect() == {}
    assert not slow.running
