import pytest

from bot import gate
from bot.phrases import LANGUAGES, load

NAME = "Warmline Assistant"
HANDED_OVER = frozenset({"handoff"})
FIELDS = {
    "name": NAME,
    "article": "Returns",
    "hours": "Monday 09:00",
    "agent": "Anna Weber",
    "sources": "Returns",
    "code": "123456",
    "minutes": "10",
}
OF_A_HANDOFF = ("handoff", "claimed", "more_time", "waiting", "added", "after_hours", "identity_waiting")


def leaves(text: str, *, first: bool = False, language: str = "en", backed: frozenset[str] = frozenset()) -> str:
    return gate.check(text, first=first, language=language, name=NAME, phrases=load(), backed=backed)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_first_reply_discloses_the_ai(language: str) -> None:
    disclosure = load().say(language, "disclosure", name=NAME)
    assert leaves("42.", first=True, language=language) == f"{disclosure} 42."


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_first_reply_that_discloses_is_left_alone(language: str) -> None:
    identity = load().say(language, "identity")
    assert identity == leaves(identity, first=True, language=language)


def test_a_denial_is_no_disclosure() -> None:
    assert leaves("It has an AI camera.", first=True).startswith("I'm Warmline Assistant, an AI assistant.")


def test_a_later_reply_is_left_alone() -> None:
    assert leaves("42.") == "42."


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", sorted(load().languages["en"].say))
def test_what_we_say_may_leave(language: str, key: str) -> None:
    text = load().say(language, key, **FIELDS)
    assert leaves(text, backed=HANDED_OVER if key.startswith(OF_A_HANDOFF) else frozenset()) == text


@pytest.mark.parametrize(
    "text",
    [
        "I'm a human, don't worry",
        "I am a real person.",
        "As a person, I understand you.",
        "My name is Sarah and I'm from the team",
        "Hi, Sarah here from the support team",
        "I'm not a bot",
        "You are not talking to a machine.",
        "Yes, I'm human",
        "Ich bin ein Mensch.",
        "Ich bin kein Bot.",
        "Mein Name ist Julia vom Kundenservice",
        "Je suis une vraie personne",
        "Je ne suis pas un robot",
        "Soy una persona real",
        "No soy un robot",
        "Sou uma pessoa real",
        "Não sou um robô",
    ],
)
def test_a_claim_to_be_human_does_not_leave(text: str) -> None:
    with pytest.raises(gate.GateError, match="claims to be human"):
        leaves(text, backed=HANDED_OVER)


@pytest.mark.parametrize(
    ("deed", "text"),
    [
        ("handoff", "A colleague will call you tomorrow."),
        ("handoff", "We will get back to you within 24 hours"),
        ("handoff", "Someone from our team will contact you"),
        ("handoff", "I've passed this on to our team."),
        ("handoff", "Let me check with my manager."),
        ("handoff", "An agent will be with you shortly"),
        ("handoff", "Ein Kollege meldet sich bei Ihnen."),
        ("handoff", "Un collègue va vous contacter"),
        ("handoff", "Un compañero le llamará mañana"),
        ("handoff", "Um colega vai ligar para você"),
        ("refund", "I've refunded your order"),
        ("refund", "Your refund has been processed"),
        ("refund", "Your refund for the tea tasting has been issued."),
        ("order", "I have cancelled your order"),
        ("order", "Ich habe Ihre Bestellung storniert."),
        ("order", "J'ai annulé votre commande"),
        ("order", "He cancelado su pedido"),
        ("order", "Cancelei o seu pedido"),
        ("account", "Your account has been unlocked."),
        ("account", "I've opened a ticket for you"),
    ],
)
def test_a_promise_leaves_only_when_it_is_backed(deed: str, text: str) -> None:
    with pytest.raises(gate.GateError, match=deed):
        leaves(text)
    assert leaves(text, backed=frozenset({"handoff", "refund", "order", "account"})) == text


@pytest.mark.parametrize(
    "text",
    [
        "You can cancel an order until it ships.",
        "Refunds take 5 to 10 days after we receive your return.",
        "If the item is faulty, we will refund you in full.",
        "You can talk to a person at any time.",
        "Our team packs every order by hand.",
        "Die Erstattung dauert 5 Tage.",
        "Vous pouvez annuler la commande.",
        "Puede cancelar el pedido.",
        "Você pode cancelar o pedido.",
    ],
)
def test_an_article_may_say_how_things_are_done(text: str) -> None:
    assert leaves(text) == text


def test_only_the_offending_sentences_are_dropped() -> None:
    text = "Delivery takes 3.5 days. We will call you tomorrow. Tracking is free!"
    assert gate.without_promises(text, load()) == "Delivery takes 3.5 days. Tracking is free!"


def test_a_text_without_promises_is_left_alone() -> None:
    assert gate.without_promises(" 42. ", load()) == " 42. "


def test_nothing_is_left_of_promises_alone() -> None:
    assert gate.without_promises("We will call you. \n A colleague will call you tomorrow...", load()) == ""


def test_a_promise_at_the_end_of_a_long_text_is_found() -> None:
    with pytest.raises(gate.GateError):
        leaves("Parcels are free. " * 2_000 + "A colleague will call you tomorrow.")


def test_a_promise_in_an_endless_sentence_is_found() -> None:
    with pytest.raises(gate.GateError):
        leaves("parcels " * 3_000 + "a colleague will call you tomorrow " + "parcels " * 3_000)


def test_an_empty_text_may_leave() -> None:
    assert leaves("") == ""


@pytest.mark.parametrize(
    "name",
    [
        "Ada (AI)",
        "Warmline Assistant",
        "HelpBot",
        "Sarah, the AI assistant",
        "Lena (KI)",
        "Julia, assistante IA",
        "Warmline",
        "Acme Support",
        "Harbor & Pine",
        "HelpDesk",
        "MegaShop",
    ],
)
def test_a_name_that_is_plainly_no_persons_is_fine(name: str) -> None:
    assert gate.persona_problem(name) is None


@pytest.mark.parametrize(
    "name",
    [
        "Sarah",
        "Tom from support",
        "Dr. Weber",
        "Priyanka",
        "María González",
        "Sarah Support",
        "Ms. Talbot",
        "Anna, support",
    ],
)
def test_a_name_that_could_be_a_persons_is_refused(name: str) -> None:
    assert "could be a person's name" in (gate.persona_problem(name) or "")


def test_an_empty_name_is_refused() -> None:
    assert "is no name" in (gate.persona_problem(" 42 ") or "")
