"""Replies that are HTML only, as the programs of customers write them."""

from collections.abc import Iterator
from html import escape

from tests.channels.email import replies

BORDER = "border:none;border-top:solid {} 1.0pt;padding:3.0pt 0cm 0cm 0cm"


def lines(text: str) -> str:
    """Each line in an element of its own, as most editors keep them."""
    return "".join(f"<div>{escape(line) or '<br>'}</div>" for line in text.split("\n"))


def paragraphs(text: str) -> str:
    """Word's kind of them."""
    return "".join(f"<p class=MsoNormal>{escape(line) or '&nbsp;'}<o:p></o:p></p>" for line in text.split("\n"))


def pages(language: str) -> Iterator[tuple[str, str]]:
    """Program and page of each reply; what is new is `NEW` of the language."""
    new, old = lines(replies.NEW[language]), lines(replies.OLD)
    word = paragraphs(replies.NEW[language])
    head = "<br>".join(f"<b>{escape(line)}</b>" for line in replies.head(language).split("\n"))
    gmail, apple, moz, yahoo, proton = (
        escape(table[language])
        for table in (replies.GMAIL, replies.APPLE, replies.THUNDERBIRD, replies.YAHOO, replies.PROTON)
    )
    app = f"<a href='https://aka.test/o0ukef'>{replies.OUTLOOK_APP[language]}</a>"
    yield (
        "Gmail",
        f'<div dir="ltr">{new}</div><br><div class="gmail_quote gmail_quote_container">'
        f'<div dir="ltr" class="gmail_attr">{gmail}<br></div>'
        f'<blockquote class="gmail_quote" style="margin:0 0 0 .8ex">{old}</blockquote></div>',
    )
    yield (
        "Gmail with a signature",
        f'<div dir="ltr">{new}<br><span class="gmail_signature_prefix">-- </span><br><div class="gmail_signature" '
        f'data-smartmail="gmail_signature">Mara Muster</div></div><div class="gmail_quote"><div class="gmail_attr">'
        f'{gmail}</div><blockquote class="gmail_quote">{old}</blockquote></div>',
    )
    yield "Apple", f'{new}<div><br><blockquote type="cite"><div>{apple}</div><br><div>{old}</div></blockquote></div>'
    yield (
        "iPhone",
        f'<body dir="auto">{new}<div dir="ltr">{replies.IPHONE[language]}</div><div dir="ltr"><br>'
        f'<blockquote type="cite">{apple}<br><br></blockquote></div><blockquote type="cite">{old}</blockquote></body>',
    )
    yield "Thunderbird", f'{new}<div class="moz-cite-prefix">{moz}<br></div><blockquote type="cite">{old}</blockquote>'
    for colour in ("#E1E1E1", "#B5C4DF"):
        border = BORDER.format(colour)
        yield (
            f"Outlook {colour}",
            f'<div class=WordSection1>{word}<div><div style="{border}"><p class=MsoNormal>{head}</p></div></div>'
            f"{old}</div>",
        )
    yield "Outlook without a border", f"<div class=WordSection1>{word}<p class=MsoNormal>{head}</p>{old}</div>"
    yield (
        "Outlook on the web",
        f'{new}<div id="appendonsend"></div><hr style="width:98%"><div id="divRplyFwdMsg">{head}</div>{old}',
    )
    yield (
        "Outlook for a phone",
        f'{new}<div id="ms-outlook-mobile-signature">{app}</div><hr><div id="x_divRplyFwdMsg">{head}</div>{old}',
    )
    yield (
        "Outlook for a phone, newer",
        f'{new}<div class="ms-outlook-mobile-signature">{app}</div><div id="ms-outlook-mobile-body-separator-line"><hr>'
        f'</div><div id="mail-editor-reference-message-container"><div>{head}</div>{old}</div>',
    )
    yield (
        "Yahoo",
        f'<div class="ydp1yahoo-style-wrap">{new}</div><div id="ydp2yahoo_quoted_1" class="ydp2yahoo_quoted">'
        f"<div>{yahoo}</div>{old}</div>",
    )
    yield (
        "GMX",
        f'{new}<div name="quote" style="border-left:2px solid #C3D9E5"><div>{head}</div>'
        f'<div name="quoted-content">{old}</div></div>',
    )
    yield (
        "Proton",
        f'{new}<div class="protonmail_signature_block">Sent with Proton Mail</div><div class="protonmail_quote">'
        f'{proton}<br><blockquote class="protonmail_quote" type="cite">{old}</blockquote></div>',
    )
    yield (
        "Zimbra",
        f'{new}<hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__">{head}<br></div>'
        f'<div data-marker="__QUOTED_TEXT__">{old}</div>',
    )
    yield "Notes", f"<font size=2>{new}</font><br><br><font size=1 color=#5f5f5f>{head}</font><br><hr noshade>{old}"
    yield "Roundcube", f'{new}<p id="reply-intro">{moz}</p><blockquote type="cite">{old}</blockquote>'
    yield "a border at the left", f'{new}<div>{moz}</div><div style="border-left:2px solid #ccc">{old}</div>'
    yield "a bare quote", f"{new}<p>{moz}</p><blockquote>{old}</blockquote>"
