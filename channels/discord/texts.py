"""The few words that Discord's adapter itself says to customers, in their language. Pure."""

from collections.abc import Mapping

TEXTS: Mapping[str, Mapping[str, str]] = {
    "continue": {
        "en": "Continue here",
        "de": "Hier weitermachen",
        "fr": "Continuer ici",
        "es": "Continuar aquí",
        "pt": "Continuar aqui",
    },
    "moved": {
        "en": "We go on here in private: only you and our team read this. It began at {link}",
        "de": "Hier geht es vertraulich weiter: nur Sie und unser Team lesen mit. Angefangen hat es bei {link}",
        "fr": "Nous continuons ici en privé : seuls vous et notre équipe lisez ceci. Tout a commencé ici : {link}",
        "es": "Seguimos aquí en privado: solo usted y nuestro equipo leen esto. Empezó en {link}",
        "pt": "Continuamos aqui em privado: só você e a nossa equipa leem isto. Começou em {link}",
    },
    "not_private": {
        "en": "A private place could not be opened. Please allow direct messages from this server, then press again.",
        "de": "Es ließ sich kein privater Ort öffnen. Bitte erlauben Sie Direktnachrichten von diesem Server.",
        "fr": "Impossible d'ouvrir un espace privé. Autorisez les messages privés de ce serveur, puis réessayez.",
        "es": "No se pudo abrir un lugar privado. Permita mensajes directos de este servidor e inténtelo otra vez.",
        "pt": "Não foi possível abrir um lugar privado. Permita mensagens diretas deste servidor e tente outra vez.",
    },
    "not_stored": {
        "en": "That did not reach us, so nothing was done. Please try again in a minute.",
        "de": "Das ist nicht angekommen, es ist nichts geschehen. Bitte versuchen Sie es in einer Minute noch einmal.",
        "fr": "Cela ne nous est pas parvenu, rien n'a été fait. Veuillez réessayer dans une minute.",
        "es": "No nos llegó, así que no se hizo nada. Inténtelo de nuevo en un minuto.",
        "pt": "Não nos chegou, por isso nada foi feito. Tente outra vez dentro de um minuto.",
    },
    "private_name": {
        "en": "Private: your question",
        "de": "Vertraulich: Ihre Frage",
        "fr": "Privé : votre question",
        "es": "Privado: su pregunta",
        "pt": "Privado: a sua pergunta",
    },
    "paused": {
        "en": "That was a lot at once, so I have stopped answering here for a minute. Please write again then.",
        "de": "Das war viel auf einmal, darum antworte ich hier eine Minute lang nicht. Bitte schreiben Sie danach.",
        "fr": "Cela faisait beaucoup à la fois : je ne réponds plus ici pendant une minute. Réécrivez ensuite.",
        "es": "Fue mucho de una vez, así que dejo de responder aquí durante un minuto. Escriba de nuevo entonces.",
        "pt": "Foi muito de uma vez, por isso deixo de responder aqui durante um minuto. Escreva de novo depois.",
    },
    "file_too_large": {
        "en": "[The file {name} is too large for Discord.]",
        "de": "[Die Datei {name} ist zu groß für Discord.]",
        "fr": "[Le fichier {name} est trop volumineux pour Discord.]",
        "es": "[El archivo {name} es demasiado grande para Discord.]",
        "pt": "[O ficheiro {name} é demasiado grande para o Discord.]",
    },
}


def say(key: str, language: str, **fields: str) -> str:
    """A text in a language such as `de` or `pt-BR`; in English where there is no other."""
    known = TEXTS[key]
    return known.get(language.partition("-")[0].lower(), known["en"]).format(**fields)
