"""What the channel itself writes into a mail, in the customer's language."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The few words of a language. `assistant` must say that it is an AI; `no_subject` stands behind "Re:"."""

    assistant: str
    no_subject: str


ENGLISH = Wording(assistant="AI assistant", no_subject="your message")
LANGUAGES = {
    "en": ENGLISH,
    "de": Wording(assistant="KI-Assistent", no_subject="Ihre Nachricht"),
    "fr": Wording(assistant="assistant IA", no_subject="votre message"),
    "es": Wording(assistant="asistente de IA", no_subject="su mensaje"),
    "pt": Wording(assistant="assistente de IA", no_subject="a sua mensagem"),
}


def wording(language: str) -> Wording:
    """The words of a language such as `de` or `de-AT`; English where there are none."""
    return LANGUAGES.get(language.replace("_", "-").partition("-")[0].lower(), ENGLISH)
