"""Replies as the programs of customers write them, in eight languages: what is new in them, and the whole text."""

from collections.abc import Iterator

SHOP, ADDRESS = "Shop Support", "help@example.test"

NEW = {
    "en": (
        "Thanks for the quick answer!\n\nSize 42 please, order HP-4711. Could you also tell me when it will arrive?\n\n"
        "Best regards\nMara"
    ),
    "de": (
        "Danke für die schnelle Antwort!\n\nBitte Größe 42, Bestellung HP-4711. Wann kommt das Paket an?\n\n"
        "Viele Grüße\nMara"
    ),
    "fr": (
        "Merci pour votre réponse rapide !\n\nTaille 42 s'il vous plaît, commande HP-4711. Quand arrive le colis ?\n\n"
        "Cordialement\nMara"
    ),
    "es": (
        "¡Gracias por la respuesta!\n\nTalla 42 por favor, pedido HP-4711. ¿Cuándo llega el paquete?\n\nUn saludo\nMara"
    ),
    "pt": (
        "Obrigada pela resposta!\n\nTamanho 42 por favor, encomenda HP-4711. Quando chega o pacote?\n\n"
        "Cumprimentos\nMara"
    ),
    "it": (
        "Grazie per la risposta!\n\nTaglia 42 per favore, ordine HP-4711. Quando arriva il pacco?\n\n"
        "Cordiali saluti\nMara"
    ),
    "nl": (
        "Bedankt voor het snelle antwoord!\n\nMaat 42 graag, bestelling HP-4711. Wanneer komt het pakket aan?\n\n"
        "Met vriendelijke groet\nMara"
    ),
    "pl": (
        "Dziękuję za szybką odpowiedź!\n\nPoproszę rozmiar 42, zamówienie HP-4711. Kiedy dotrze paczka?\n\n"
        "Pozdrawiam\nMara"
    ),
}

OLD = "\n".join(
    [
        "Hello Mara,",
        "",
        "I'm PineBot, an AI assistant. Which size do you need?",
        "Your order is number HP-4711.",
        "",
        "↩ That solved it",
        "",
        "-- ",
        "PineBot · AI assistant",
    ]
)

GMAIL = {
    "en": f"On Mon, Jan 12, 2026 at 10:00 AM {SHOP} <{ADDRESS}>\nwrote:",
    "de": f"Am Mo., 12. Jan. 2026 um 10:00 Uhr schrieb {SHOP} <\n{ADDRESS}>:",
    "fr": f"Le lun. 12 janv. 2026 à 10:00, {SHOP} <{ADDRESS}> a\nécrit :",
    "es": f"El lun, 12 ene 2026 a las 10:00, {SHOP} (<{ADDRESS}>)\nescribió:",
    "pt": f"Em seg., 12 de jan. de 2026 às 10:00, {SHOP} <{ADDRESS}>\nescreveu:",
    "it": f"Il giorno lun 12 gen 2026 alle ore 10:00 {SHOP} <\n{ADDRESS}> ha scritto:",
    "nl": f"Op ma 12 jan 2026 om 10:00 schreef {SHOP} <{ADDRESS}>:",
    "pl": f"pon., 12 sty 2026 o 10:00 {SHOP} <{ADDRESS}> napisał(a):",
}

APPLE = {
    "en": f"On 12 Jan 2026, at 10:00, {SHOP} <{ADDRESS}> wrote:",
    "de": f"Am 12.01.2026 um 10:00 schrieb {SHOP} <{ADDRESS}>:",
    "fr": f"Le 12 janv. 2026 à 10:00, {SHOP} <{ADDRESS}> a écrit :",
    "es": f"El 12 ene 2026, a las 10:00, {SHOP} <{ADDRESS}> escribió:",
    "pt": f"Em 12/01/2026, à(s) 10:00, {SHOP} <{ADDRESS}> escreveu:",
    "it": f"Il giorno 12 gen 2026, alle ore 10:00, {SHOP} <{ADDRESS}> ha scritto:",
    "nl": f"Op 12 jan 2026, om 10:00 heeft {SHOP} <{ADDRESS}> het volgende geschreven:",
    "pl": f"Wiadomość napisana przez {SHOP} <{ADDRESS}> w dniu 12.01.2026, o godz. 10:00:",
}

THUNDERBIRD = {
    "en": f"On 12/01/2026 10:00, {SHOP} wrote:",
    "de": f"Am 12.01.26 um 10:00 schrieb {SHOP}:",
    "fr": f"Le 12/01/2026 à 10:00, {SHOP} a écrit :",
    "es": f"El 12/1/26 a las 10:00, {SHOP} escribió:",
    "pt": f"Em 12/01/2026 10:00, {SHOP} escreveu:",
    "it": f"Il 12/01/2026 10:00, {SHOP} ha scritto:",
    "nl": f"Op 12-1-2026 om 10:00 schreef {SHOP}:",
    "pl": f"W dniu 12.01.2026 o 10:00, {SHOP} pisze:",
}

YAHOO = {
    "en": f"On Monday, January 12, 2026 at 10:00:00 AM GMT+1, {SHOP} <{ADDRESS}> wrote:",
    "de": f"Am Montag, 12. Januar 2026 um 10:00:00 MEZ hat {SHOP} <{ADDRESS}> Folgendes geschrieben:",
    "fr": f"Le lundi 12 janvier 2026 à 10:00:00 UTC+1, {SHOP} <{ADDRESS}> a écrit :",
    "es": f"En lunes, 12 de enero de 2026, 10:00:00 CET, {SHOP} <{ADDRESS}> escribió:",
    "pt": f"Em segunda-feira, 12 de janeiro de 2026 às 10:00:00 BRT, {SHOP} <{ADDRESS}> escreveu:",
    "it": f"Il lunedì 12 gennaio 2026 alle ore 10:00:00 CET, {SHOP} <{ADDRESS}> ha scritto:",
    "nl": f"Op maandag 12 januari 2026 om 10:00:00 CET schreef {SHOP} <{ADDRESS}>:",
    "pl": f"W dniu poniedziałek, 12 stycznia 2026 10:00:00 CET użytkownik {SHOP} <{ADDRESS}> napisał:",
}

PROTON = {
    "en": f"On Monday, January 12th, 2026 at 10:00, {SHOP} <{ADDRESS}> wrote:",
    "de": f"Am Montag, 12. Januar 2026 um 10:00, schrieb {SHOP} <{ADDRESS}>:",
    "fr": f"Le lundi 12 janvier 2026 à 10:00, {SHOP} <{ADDRESS}> a écrit :",
    "es": f"El lunes, 12 de enero de 2026 a las 10:00, {SHOP} <{ADDRESS}> escribió:",
    "pt": f"Em segunda-feira, 12 de janeiro de 2026 às 10:00, {SHOP} <{ADDRESS}> escreveu:",
    "it": f"Il lunedì 12 gennaio 2026 alle 10:00, {SHOP} <{ADDRESS}> ha scritto:",
    "nl": f"Op maandag 12 januari 2026 om 10:00 schreef {SHOP} <{ADDRESS}>:",
    "pl": f"W poniedziałek, 12 stycznia 2026 o 10:00, {SHOP} <{ADDRESS}> napisał(a):",
}

ROUNDCUBE = {
    "en": f"On 2026-01-12 10:00, {SHOP} wrote:",
    "de": f"Am 2026-01-12 10:00, schrieb {SHOP}:",
    "fr": f"Le 2026-01-12 10:00, {SHOP} a écrit :",
    "es": f"El 2026-01-12 10:00, {SHOP} escribió:",
    "it": f"Il 2026-01-12 10:00 {SHOP} ha scritto:",
    "nl": f"{SHOP} schreef op 2026-01-12 10:00:",
    "pl": f"W dniu 2026-01-12 10:00, {SHOP} napisał(a):",
    "pt": f"Em 2026-01-12 10:00, {SHOP} escreveu:",
}

K9 = {
    "en": f"On 12 January 2026 10:00:00 CET, {SHOP} <{ADDRESS}> wrote:",
    "de": f"Am 12. Januar 2026 10:00:00 MEZ schrieb {SHOP} <{ADDRESS}>:",
    "fr": f"Le 12 janvier 2026 10:00:00 GMT+01:00, {SHOP} <{ADDRESS}> a écrit :",
    "es": f"El 12 de enero de 2026 10:00:00 CET, {SHOP} <{ADDRESS}> escribió:",
    "it": f"Il 12 gennaio 2026 10:00:00 CET, {SHOP} <{ADDRESS}> ha scritto:",
    "nl": f"Op 12 januari 2026 10:00:00 CET schreef {SHOP} <{ADDRESS}>:",
    "pl": f"Dnia 12 stycznia 2026 10:00:00 CET, {SHOP} <{ADDRESS}> napisał/a:",
    "pt": f"Em 12 de janeiro de 2026 10:00:00 BRT, {SHOP} <{ADDRESS}> escreveu:",
}

EVOLUTION = {
    "en": f"On Mon, 2026-01-12 at 10:00 +0000, {SHOP} wrote:",
    "de": f"Am Montag, dem 12.01.2026 um 10:00 +0100 schrieb {SHOP}:",
    "fr": f"Le lundi 12 janvier 2026 à 10:00 +0100, {SHOP} a écrit :",
    "es": f"El lun, 12-01-2026 a las 10:00 +0100, {SHOP} escribió:",
    "it": f"Il giorno lun, 12/01/2026 alle 10.00 +0100, {SHOP} ha scritto:",
    "nl": f"{SHOP} schreef op ma 12-01-2026 om 10:00 [+0100]:",
    "pl": f"W dniu pon, 12.01.2026 o godzinie 10∶00 +0100, użytkownik {SHOP} napisał:",
    "pt": f"Em seg, 2026-01-12 às 10:00 +0000, {SHOP} escreveu:",
}

HORDE = {
    "en": f"Quoting {SHOP} <{ADDRESS}>:",
    "de": f"Zitat von {SHOP} <{ADDRESS}>:",
    "fr": f"{SHOP} <{ADDRESS}> a écrit :",
    "es": f"{SHOP} <{ADDRESS}> escribió:",
    "it": f"Quoting {SHOP} <{ADDRESS}>:",
    "nl": f"Quoting {SHOP} <{ADDRESS}>:",
    "pl": f"Cytowanie {SHOP} <{ADDRESS}>:",
    "pt": f"Citando {SHOP} <{ADDRESS}>:",
}

# From, Sent, To, Subject, and a date; then From, To, Date, Subject as Notes and telephones have them.
HEADS = {
    "en": ("From", "Sent", "To", "Subject", "Monday, January 12, 2026 10:00 AM"),
    "de": ("Von", "Gesendet", "An", "Betreff", "Montag, 12. Januar 2026 10:00"),
    "fr": ("De", "Envoyé", "À", "Objet", "lundi 12 janvier 2026 10:00"),
    "es": ("De", "Enviado el", "Para", "Asunto", "lunes, 12 de enero de 2026 10:00"),
    "pt": ("De", "Enviada em", "Para", "Assunto", "segunda-feira, 12 de janeiro de 2026 10:00"),
    "it": ("Da", "Inviato", "A", "Oggetto", "lunedì 12 gennaio 2026 10:00"),
    "nl": ("Van", "Verzonden", "Aan", "Onderwerp", "maandag 12 januari 2026 10:00"),
    "pl": ("Od", "Wysłane", "Do", "Temat", "poniedziałek, 12 stycznia 2026 10:00"),
}
NOTES = {
    "en": ("From", "To", "Date", "Subject"),
    "de": ("Von", "An", "Datum", "Betreff"),
    "fr": ("De", "A", "Date", "Objet"),
    "es": ("De", "Para", "Fecha", "Asunto"),
    "pt": ("De", "Para", "Data", "Assunto"),
    "it": ("Da", "Per", "Data", "Oggetto"),
    "nl": ("Van", "Aan", "Datum", "Onderwerp"),
    "pl": ("Od", "Do", "Data", "Temat"),
}

ORIGINAL = {
    "en": "Original Message",
    "de": "Ursprüngliche Nachricht",
    "fr": "Message d'origine",
    "es": "Mensaje original",
    "pt": "Mensagem original",
    "it": "Messaggio originale",
    "nl": "Oorspronkelijk bericht",
    "pl": "Wiadomość oryginalna",
}

SAMSUNG_ORIGINAL = {
    "en": "Original message",
    "de": "Ursprüngliche Nachricht",
    "fr": "Message d'origine",
    "es": "Mensaje original",
    "pt": "Mensagem original",
    "it": "Messaggio originale",
    "nl": "Oorspronkelijk bericht",
    "pl": "Oryginalna wiadomość",
}

ZIMBRA_ORIGINAL = {
    "en": "Original Message",
    "de": "Ursprüngliche Mail",
    "fr": "Mail original",
    "es": "Mensaje original",
    "pt": "Mensagem original",
    "it": "Messaggio originale",
    "nl": "Oorspronkelijk bericht",
    "pl": "Oryginalna wiadomość",
}

EM_ORIGINAL = {
    "en": "Original Message",
    "de": "Originalnachricht",
    "fr": "Message d'origine",
    "es": "Mensaje original",
    "it": "Messaggio Originale",
    "nl": "Origineel bericht",
    "pl": "Wiadomość oryginalna",
    "pt": "Mensagem original",
}

IPHONE = {
    "en": "Sent from my iPhone",
    "de": "Von meinem iPhone gesendet",
    "fr": "Envoyé de mon iPhone",
    "es": "Enviado desde mi iPhone",
    "pt": "Enviado do meu iPhone",
    "it": "Inviato da iPhone",
    "nl": "Verstuurd vanaf mijn iPhone",
    "pl": "Wysłane z iPhone’a",
}

GALAXY = {
    "en": "Sent from my Galaxy",
    "de": "Von meinem/meiner Galaxy gesendet",
    "fr": "Envoyé depuis mon appareil Galaxy",
    "es": "Enviado desde mi Galaxy",
    "pt": "Enviado do meu Galaxy",
    "it": "Inviato dal mio Galaxy",
    "nl": "Verzonden vanaf mijn Galaxy",
    "pl": "Wysłano z telefonu Galaxy",
}

OUTLOOK_APP = {
    "en": "Get Outlook for iOS",
    "de": "Outlook für iOS beziehen",
    "fr": "Télécharger Outlook pour iOS",
    "es": "Obtener Outlook para iOS",
    "pt": "Obter o Outlook para iOS",
    "it": "Scarica Outlook per iOS",
    "nl": "Outlook voor iOS downloaden",
    "pl": "Pobierz program Outlook dla systemu iOS",
}

WINDOWS = {
    "en": "Sent from Mail for Windows",
    "de": "Gesendet von Mail für Windows",
    "fr": "Envoyé à partir de Courrier pour Windows",
    "es": "Enviado desde Correo para Windows",
    "pt": "Enviado do Correio para Windows",
    "it": "Inviato da Posta per Windows",
    "nl": "Verzonden vanuit Mail voor Windows",
    "pl": "Wysłano z aplikacji Poczta dla Windows",
}


def quoted(text: str) -> str:
    """The text as most programs quote it."""
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def head(language: str, mark: str = "") -> str:
    """The head of an earlier mail as Outlook shows it."""
    sender, sent, to, subject, date = HEADS[language]
    space = " " if language == "fr" else ""
    fields = (
        (sender, f"{SHOP} <{ADDRESS}>"),
        (sent, date),
        (to, "Mara <mara@customer.test>"),
        (subject, "Re: My parcel"),
    )
    return "\n".join(f"{mark}{name}{space}:{mark} {value}" for name, value in fields)


def texts(language: str) -> Iterator[tuple[str, str]]:
    """Program and text of each reply; what is new is `NEW` of the language."""
    new, marked, mobile = NEW[language], quoted(OLD), IPHONE[language]
    app = f"{OUTLOOK_APP[language]}<https://aka.test/o0ukef>\n{'_' * 32}"
    apple, gmail = APPLE[language], GMAIL[language]
    for program, line in (
        ("Gmail", GMAIL), ("Apple", APPLE), ("Thunderbird", THUNDERBIRD), ("Proton", PROTON),
        ("Roundcube", ROUNDCUBE), ("K-9", K9), ("Evolution", EVOLUTION), ("Horde", HORDE),
    ):  # fmt: skip
        yield program, f"{new}\n\n{line[language]}\n\n{marked}\n"
    yield "Gmail, nested", f"{new}\n\n{gmail}\n\n{marked}\n>\n{quoted(gmail)}\n>\n> > My first question.\n"
    yield "Apple, attribution quoted", f"{new}\n\n> {apple}\n>\n{marked}\n"
    yield "Apple, nothing quoted", f"{new}\n\n{apple}\n\n{OLD}\n"
    yield "iPhone", f"{new}\n\n{mobile}\n\n> {apple}\n>\n> \ufeffHello Mara,\n{marked}\n"
    yield "Thunderbird, below", f"{THUNDERBIRD[language]}\n{marked}\n\n{new}\n"
    yield "Yahoo", f" {new}\n\n    {YAHOO[language]}  \n \n {OLD}\n"
    yield "with a signature", f"{new}\n\n-- \nMara Muster\nStreet 1\n\n{gmail}\n\n{marked}\n"
    for program, before, told in (
        ("Outlook", "", head(language)),
        ("Outlook, with a line", "_" * 32, head(language)),
        ("Outlook, bold", "", head(language, "*")),
        ("Outlook, separator", f"-----{ORIGINAL[language]}-----", head(language)),
        ("Outlook for a phone", app, head(language)),
        ("Windows", f"{WINDOWS[language]}\n", head(language)),
        ("GMX", " \n", dated_first(language)),
        ("Notes", "\n\n", by_notes(language)),
        ("Samsung", f"{GALAXY[language]}\n\n-------- {SAMSUNG_ORIGINAL[language]} --------", by_notes(language)),
        ("Zimbra", f"----- {ZIMBRA_ORIGINAL[language]} -----", dated_first(language)),
        ("eM Client", f"------ {EM_ORIGINAL[language]} ------", by_notes(language).replace(":", "", 1)),
    ):
        yield program, f"{new}\n\n{before}\n{told}\n\n{OLD}\n"


def dated_first(language: str) -> str:
    """A head that begins with the date."""
    sender, sent, to, subject, date = HEADS[language]
    return f'{sent}: {date}\n{sender}: "{SHOP}" <{ADDRESS}>\n{to}: mara@customer.test\n{subject}: Re: My parcel'


def by_notes(language: str) -> str:
    """A head with the short names."""
    sender, to, date, subject = NOTES[language]
    return f"{sender}: {SHOP} <{ADDRESS}>\n{date}: 12.01.2026 10:00\n{to}: mara@customer.test\n{subject}: Re: My parcel"
