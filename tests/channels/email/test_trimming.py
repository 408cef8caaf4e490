from email.message import EmailMessage
from email.policy import SMTP

import pytest

from channels.email.reader import read
from channels.email.trimming import trim
from tests.channels.email import html_replies, replies

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


ALL_TEXTS = {f"{program}, {one}": (text, one) for one in replies.NEW for program, text in replies.texts(one)}
ALL_PAGES = {f"{program}, {one}": (page, one) for one in replies.NEW for program, page in html_replies.pages(one)}


def as_reply(content: str, subtype: str) -> bytes:
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["Subject"], mail["In-Reply-To"] = "mara@customer.test", "Re: My parcel", "<1@example.test>"
    mail.set_content(content, subtype=subtype)
    return mail.as_bytes()


@pytest.mark.parametrize("reply", ALL_TEXTS)
def test_only_the_new_words_of_a_text_are_left(reply: str) -> None:
    text, language = ALL_TEXTS[reply]
    assert read(as_reply(text, "plain")).text.split() == replies.NEW[language].split()


@pytest.mark.parametrize("reply", ALL_PAGES)
def test_only_the_new_words_of_a_page_are_left(reply: str) -> None:
    page, language = ALL_PAGES[reply]
    assert read(as_reply(page, "html")).text.split() == replies.NEW[language].split()


ATTRIBUTIONS = {
    "Arabic": "في الاثنين، 12 يناير 2026 في 10:00 ص تمت كتابة ما يلي بواسطة Shop <help@example.test>:",
    "Basque": "Shop (help@example.test) erabiltzaileak hau idatzi du (2026 urt. 12, al. (10:00)):",
    "Bulgarian": "На пн, 12.01.2026 г. в 10:00 Shop <help@example.test> написа:",
    "Catalan": "Missatge de Shop <help@example.test> del dia dl., 12 de gen. 2026 a les 10:00:",
    "Croatian": "pon, 12. sij 2026. u 10:00 Shop <help@example.test> napisao je:",
    "Czech": "po 12. 1. 2026 v 10:00 odesílatel Shop <help@example.test> napsal:",
    "Danish": "Den man. 12. jan. 2026 kl. 10.00 skrev Shop <help@example.test>:",
    "Estonian": "Shop <help@example.test> kirjutas kuupäeval E, 12. jaanuar 2026 kell 10:00:",
    "Finnish": "ma 12. tammik. 2026 klo 10.00 Shop (help@example.test) kirjoitti:",
    "Greek": "Στις Δευ 12 Ιαν 2026 στις 10:00 π.μ., ο/η Shop <help@example.test> έγραψε:",
    "Hebrew": "\u202bבתאריך יום ב׳, 12 בינו׳ 2026 ב-10:00 מאת \u202aShop\u200f <\u202ahelp@example.test\u202c>:",
    "Hungarian": "Shop <help@example.test> ezt írta (időpont: 2026. jan. 12., H, 10:00):",
    "Indonesian": "Pada tanggal Sen, 12 Jan 2026 pukul 10.00 Shop <help@example.test> menulis:",
    "Korean": "2026년 1월 12일 (월) 오전 10:00, Shop <help@example.test>님이 작성:",
    "Latvian": "pirmd., 2026. g. 12. janv., plkst. 10:00 — lietotājs Shop (<help@example.test>) rakstīja:",
    "Lithuanian": "2026-01-12, pr, 10:00 Shop <help@example.test> rašė:",
    "Norwegian": "man. 12. jan. 2026 kl. 10:00 skrev Shop <help@example.test>:",
    "Romanian": "lun., 12 ian. 2026 la 10:00, Shop <help@example.test> a scris:",
    "Slovak": "po 12. 1. 2026 o 10:00 Shop <help@example.test> napísal(a):",
    "Slovenian": "V pon., 12. jan. 2026 ob 10:00 je oseba Shop <help@example.test> napisala:",
    "Swedish": "Den mån 12 jan. 2026 kl 10:00 skrev Shop <help@example.test>:",
    "Thai": "ในวันที่ จ. 12 ม.ค. 2026 เวลา 10:00 Shop <help@example.test> เขียนว่า:",
    "Turkish": "Shop <help@example.test>, 12 Oca 2026 Pzt, 10:00 tarihinde şunu yazdı:",
    "Ukrainian": "пн, 12 січ. 2026 р. о 10:00 Shop <help@example.test> пише:",
    "Vietnamese": "Vào Th 2, 12 thg 1, 2026 vào lúc 10:00 Shop <help@example.test> đã viết:",
}


@pytest.mark.parametrize("quoted", ["> Which size?", "Which size?"], ids=["marked", "unmarked"])
@pytest.mark.parametrize("language", ATTRIBUTIONS)
def test_who_wrote_when_is_known_in_every_language(language: str, quoted: str) -> None:
    assert trim(f"Size 42.\n\n{ATTRIBUTIONS[language]}\n\n{quoted}\n").new == "Size 42."


HEADS = {
    "sv": "Från/Skickat/Till/Ämne",
    "da": "Fra/Sendt/Til/Emne",
    "fi": "Lähettäjä/Lähetetty/Vastaanottaja/Aihe",
    "cs": "Od/Odesláno/Komu/Předmět",
    "hu": "Feladó/Elküldve/Címzett/Tárgy",
    "ro": "De la/Trimis/Către/Subiect",
    "ru": "От/Отправлено/Кому/Тема",
    "uk": "Від/Надіслано/Кому/Тема",
    "tr": "Kimden/Gönderildi/Kime/Konu",
    "el": "Από/Στάλθηκε/Προς/Θέμα",
    "ja": "差出人/送信日時/宛先/件名",
    "zh": "发件人/发送时间/收件人/主题",
    "ko": "보낸 사람/보낸 날짜/받는 사람/제목",
    "ca": "De/Enviat/Per a/Tema",
    "hr": "Šalje/Poslano/Prima/Predmet",
    "sl": "Od/Poslano/Za/Zadeva",
    "sk": "Od/Odoslané/Komu/Predmet",
    "bg": "От/Изпратено/До/Относно",
    "et": "Saatja/Saadetud/Adressaat/Teema",
    "lv": "No/Nosūtīts/Kam/Tēma",
    "lt": "Nuo/Išsiųsta/Kam/Tema",
    "he": "מאת/נשלח/אל/נושא",
    "ar": "من/إرسال/إلى/الموضوع",
    "vi": "Từ/Đã gửi/Tới/Chủ đề",
    "th": "จาก/ส่ง/ถึง/เรื่อง",
    "id": "Dari/Dikirim/Kepada/Subjek",
    "is": "Frá/Sent/Til/Efni",
}


@pytest.mark.parametrize("mark", ["", "*"], ids=["plain", "bold"])
@pytest.mark.parametrize("language", HEADS)
def test_the_head_of_an_earlier_mail_is_known_in_every_language(language: str, mark: str) -> None:
    values = ("Shop <help@example.test>", "12. 1. 2026 10:00", "Mara <mara@customer.test>", "Re: My parcel")
    names = HEADS[language].split("/")
    head = "\n".join(f"{mark}{name}:{mark} {value}" for name, value in zip(names, values, strict=True))
    assert trim(f"Size 42.\n\n{head}\n\nWhich size?\n").new == "Size 42."


FOOTERS = {
    "notice": "CONFIDENTIALITY NOTICE: This e-mail is for the sole use of the intended recipient.",
    "English": "This email and any files transmitted with it are confidential and intended solely for the addressee.",
    "German": "Diese E-Mail enthält vertrauliche Informationen. Wenn Sie nicht der Adressat sind, löschen Sie sie.",
    "French": "Ce message et toutes les pièces jointes sont confidentiels.",
    "Spanish": "Este mensaje y sus archivos adjuntos son confidenciales.",
    "Portuguese": "Esta mensagem pode conter informação confidencial e destina-se ao seu destinatário.",
    "Italian": "Questo messaggio contiene informazioni riservate ed è destinato solo a Lei.",
    "Dutch": "Dit e-mailbericht is vertrouwelijk en alleen voor de geadresseerde bestemd.",
    "Polish": "Niniejsza wiadomość zawiera informacje poufne, przeznaczone tylko dla adresata.",
    "print": "Please consider the environment before printing this email.",
    "virus": "Virus-free. www.scanner.test",
}


@pytest.mark.parametrize("footer", FOOTERS)
def test_what_lawyers_and_scanners_add_is_set_apart(footer: str) -> None:
    trimmed = trim(f"Size 42.\n\n{FOOTERS[footer]}\nMore of it follows here, as it always does.\n")
    assert (trimmed.new, trimmed.quoted.startswith(FOOTERS[footer])) == ("Size 42.", True)


def test_the_warning_that_a_company_puts_above_foreign_mail_is_set_apart() -> None:
    banner = "CAUTION: This email originated from outside of the organization.\nDo not click links.\n\n"
    assert trim(f"{banner}Size 42.").new == "Size 42."


@pytest.mark.parametrize(
    "text",
    [
        "My neighbour wrote on 12 January 2026:\nshe will take the parcel.\n\nSo please leave it there.",
        "It says:\n\nError 42: disk full\n-----\nat line 7\n\nWhat can I do?",
        "Please change my address.\n\nFrom: Old street 1, Berlin\nTo: New street 2, Hamburg\n\nThank you!",
        "Ich brauche den Zeitraum\nVon: 12.01.2026\nBis: 15.01.2026\nDanke",
        "Hello\n\nSent from my office two days ago, the parcel still is not there.",
        "The invoice is wrong.\n\nSent by post on Monday, it had the wrong address on it, and I paid again.",
        "Hola, el paquete fue\nenviado por correo pero no ha llegado. ¿Dónde está?",
        "Hello,\n\nThis message is intended for your complaints department. My tent has a hole.",
        "Hello,\n\nThis e-mail is no spam, and has no virus. My tent has a hole.",
        "Attention: the external drive that I bought from you is broken.\n\nWhat can I do?",
        "Is my message confidential? This is about my health.",
        "From the form:\n\nName: Mara\nE-Mail: mara@x.test\nDate: 12.01.2026 10:00\nOrder: 4711\nMessage: Where is it?",
        "This is what I ordered:\n\nOrder: 4711\nDate: 12.01.2026\nTo: Customer street 1\nTotal: 42\n\nIt is not here.",
        "Where is my parcel?\n\nMara Muster\nTel: +49 30 123\nMail: mara@customer.test\nWeb: www.customer.test",
    ],
)
def test_a_customers_own_sentence_is_never_cut(text: str) -> None:
    assert trim(text).new == text
