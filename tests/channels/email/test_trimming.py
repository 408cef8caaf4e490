import pytest

from channels.email.trimming import trim

OLD = "\n> Which size do you need?\n> Your shop\n"
REPLIES = {
    "English": "Size 42.\n\nOn Mon, 12 Jan 2026 at 10:00, Shop <help@example.test> wrote:\n" + OLD,
    "wrapped": "Size 42.\n\nOn Mon, 12 Jan 2026 at 10:00, A Shop With A Long Name <\nhelp@example.test> wrote:\n" + OLD,
    "German": "Size 42.\n\nAm 12.01.2026 um 10:00 schrieb Shop <help@example.test>:\n" + OLD,
    "German, name first": "Size 42.\n\nShop <help@example.test> schrieb am Mo., 12.\nJan. 2026 um 10:00 Uhr:\n" + OLD,
    "French": "Size 42.\n\nLe lun. 12 janv. 2026 à 10:00, Shop <help@example.test> a écrit :\n" + OLD,
    "Spanish": "Size 42.\n\nEl lun, 12 ene 2026 a las 10:00, Shop (<help@example.test>) escribió:\n" + OLD,
    "Portuguese": "Size 42.\n\nEm seg., 12 de jan. de 2026 às 10:00, Shop <help@example.test> escreveu:\n" + OLD,
    "Italian": "Size 42.\n\nIl giorno lun 12 gen 2026 alle ore 10:00 Shop <help@example.test> ha scritto:\n" + OLD,
    "Dutch": "Size 42.\n\nOp ma 12 jan 2026 om 10:00 schreef Shop <help@example.test>:\n" + OLD,
    "Polish": "Size 42.\n\npon., 12 sty 2026 o 10:00 Shop <help@example.test> napisał(a):\n" + OLD,
    "Russian": "Size 42.\n\nпн, 12 янв. 2026 г. в 10:00, Shop <help@example.test> написал:\n" + OLD,
    "Chinese": "Size 42.\n\nShop <help@example.test> 于2026年1月12日周一 10:00写道：\n" + OLD,
    "Japanese": "Size 42.\n\n2026年1月12日(月) 10:00 Shop <help@example.test>:\n" + OLD,
    "Outlook": "Size 42.\n\nFrom: Shop <help@example.test>\nSent: Monday\nTo: Mara\nSubject: Size\n\nWhich size?\n",
    "Outlook in German": "Size 42.\n\nVon: Shop\nGesendet: Montag\nAn: Mara\nBetreff: Size\n\nWelche?\n",
    "Outlook with a line": "Size 42.\n____________________\nFrom: Shop\nDate: Monday\nSubject: Size\n\nWhich?\n",
    "separator": "Size 42.\n\n-----Original Message-----\nWhich size do you need?\n",
    "separator in French": "Size 42.\n\n-----Message d'origine-----\nQuelle taille ?\n",
    "only quoted lines": "Size 42.\n" + OLD,
    "below": "On Mon, 12 Jan 2026, Shop <help@example.test> wrote:\n> Which size do you need?\n\nSize 42.\n",
    "signature": "Size 42.\n\n-- \nMara\nCustomer street 1\n",
    "phone": "Size 42.\n\nSent from my iPhone\n",
    "phone in German": "Size 42.\n\nVon meinem iPhone gesendet\n",
    "Outlook for a phone": "Size 42.\n\nGet Outlook for iOS<https://aka.test/x>\n",
}


@pytest.mark.parametrize("client", REPLIES)
def test_only_the_new_words_are_left(client: str) -> None:
    assert trim(REPLIES[client]).new == "Size 42."


@pytest.mark.parametrize("client", REPLIES)
def test_no_word_is_lost(client: str) -> None:
    trimmed = trim(REPLIES[client])
    assert sorted(f"{trimmed.new}\n{trimmed.quoted}".split()) == sorted(REPLIES[client].split())


@pytest.mark.parametrize(
    "text",
    [
        "On Monday I wrote to you and nobody answered.\n\nWhere is my parcel?",
        "From: Berlin\nI would like to send it to Hamburg.",
        "> only a quote",
        "I have three questions:\n- one\n- two\n--- three",
        "The label says: size 42",
        "On 12 January I ordered two shirts.\nThe seller wrote:\nwe will see",
    ],
)
def test_what_only_looks_like_a_quote_is_kept(text: str) -> None:
    assert trim(text).new == text


def test_answers_between_the_lines_are_kept_with_their_questions() -> None:
    text = "On Mon, 12 Jan 2026, Shop <help@example.test> wrote:\n> Which size?\n42\n> Which colour?\nblue"
    assert trim(text).new == "> Which size?\n42\n> Which colour?\nblue"


def test_a_forwarded_mail_without_own_words_is_the_new_text() -> None:
    text = "---------- Forwarded message ---------\nFrom: Mara\nSubject: x\n\nPlease help her."
    assert trim(text).new == "Please help her."
