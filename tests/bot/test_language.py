import tomllib
from importlib.resources import files

import pytest

from bot import language
from bot.phrases import LANGUAGES, load

WRITTEN = [
    ("en", "Where is my order? It should have been here on Monday."),
    ("en", "i want 2 change my adress pls"),
    ("en", "pls cancel order asap thx"),
    ("en", "in der Straße is the name of my street, can you ship there?"),
    ("de", "Wo ist meine Bestellung? Sie sollte am Montag hier sein."),
    ("de", "Ich habe den falschen Schlafsack bekommen und will ihn umtauschen"),
    ("de", "kann man die bestellung noch stornieren"),
    ("fr", "Où est ma commande ? Elle devait arriver lundi."),
    ("fr", "je voudrais renvoyer la tente, comment faire"),
    ("es", "¿Dónde está mi pedido? Debía llegar el lunes."),
    ("es", "quiero devolver la tienda que compré ayer"),
    ("pt", "Onde está a minha encomenda? Devia ter chegado na segunda."),
    ("pt", "não recebi o pacote ainda, podem ajudar?"),
    ("it", "Dov'è il mio ordine? Doveva arrivare lunedì e non ho ancora ricevuto niente."),
    ("it", "Vorrei restituire la tenda che ho comprato, come posso fare?"),
    ("nl", "Waar is mijn bestelling? Die had maandag hier moeten zijn."),
    ("nl", "Ik wil graag de tent terugsturen die ik heb gekocht, hoe moet dat?"),
    ("pl", "Gdzie jest moje zamówienie? Miało przyjść w poniedziałek."),
    ("pl", "Chciałbym zwrócić namiot, jak mogę to zrobić?"),
    ("tr", "Siparişim nerede? Pazartesi günü gelmesi gerekiyordu."),
    ("tr", "Çadırı iade etmek istiyorum, nasıl yapabilirim?"),
    ("sv", "Var är min beställning? Den skulle ha kommit i måndags."),
    ("sv", "Hur kan jag skicka tillbaka tältet som jag köpte?"),
    ("da", "Hvor er min bestilling? Jeg har ikke fået den endnu."),
    ("no", "Hvor er bestillingen min? Jeg har ikke fått den ennå."),
    ("fi", "Missä tilaukseni on? Sen piti tulla maanantaina, mutta se ei ole tullut."),
    ("cs", "Kde je moje objednávka? Měla přijít v pondělí a ještě není tady."),
    ("sk", "Kde je moja objednávka? Mala prísť v pondelok a ešte nie je tu."),
    ("ro", "Unde este comanda mea? Nu am primit încă nimic și vreau banii înapoi."),
    ("hu", "Hol van a rendelésem? Hétfőn kellett volna megérkeznie, de még nincs itt."),
    ("id", "Di mana pesanan saya? Paket itu belum sampai dan saya ingin uang kembali."),
    ("vi", "Đơn hàng của tôi ở đâu? Tôi chưa nhận được gì."),
    ("ca", "On és la meva comanda? Encara no he rebut el paquet i vull una resposta."),
    ("hr", "Gdje je moja narudžba? Paket još nije stigao i želim povrat novca."),
    ("sl", "Kje je moje naročilo? Paket še ni prišel in želim vračilo denarja."),
    ("et", "Kus on minu tellimus? Ma ei ole veel midagi saanud."),
    ("lv", "Kur ir mans pasūtījums? Es vēl neko neesmu saņēmis un gribu naudu."),
    ("lt", "Kur yra mano užsakymas? Aš dar nieko negavau ir noriu pinigus atgal."),
    ("tl", "Nasaan na po ang order ko? Hindi pa dumating sa akin."),
    ("el", "Πού είναι η παραγγελία μου;"),
    ("ru", "Где мой заказ? Он должен был прийти в понедельник."),
    ("uk", "Де моє замовлення? Воно мало прийти в понеділок."),
    ("bg", "Къде е поръчката ми? Още не съм получил нищо."),
    ("sr", "Где је моја поруџбина? Још није стигла."),
    ("he", "איפה ההזמנה שלי?"),
    ("ar", "أين طلبي؟ كان يجب أن يصل يوم الاثنين."),
    ("fa", "سفارش من کجاست؟ هنوز چیزی دریافت نکرده‌ام و پولم را می‌خواهم."),
    ("ur", "میرا آرڈر کہاں ہے؟ ابھی تک نہیں ملا۔"),
    ("hi", "मेरा ऑर्डर कहाँ है?"),
    ("hi", "mera order kahan hai, abhi tak nahi aaya"),
    ("bn", "আমার অর্ডার কোথায়?"),
    ("th", "สินค้าของฉันอยู่ที่ไหน"),
    ("zh", "我的订单在哪里?"),
    ("ja", "注文した商品はどこですか?"),
    ("ko", "제 주문은 어디에 있나요?"),
]


@pytest.mark.parametrize(("code", "text"), WRITTEN, ids=[f"{code} {text[:20]}" for code, text in WRITTEN])
@pytest.mark.parametrize("known", ["", "en"])
def test_a_whole_sentence_tells_its_language(code: str, text: str, known: str) -> None:
    assert language.of(text, known) == code


@pytest.mark.parametrize(
    "text",
    [
        "ok",
        "merci",
        "Danke!",
        "HP-20417",
        "#88231",
        "👍",
        "",
        "...",
        "12.11.2025",
        "mara@example.org",
        "https://example.org/de/und/nicht",
        "Ja",
        "Max Mustermann",
        "Kathmandu Trekking GmbH",
        "Calle Mayor 5, Madrid",
        "Zażółć",
    ],
)
@pytest.mark.parametrize("known", ["en", "de", "fr", "nl"])
def test_a_short_text_leaves_the_language_of_the_conversation(text: str, known: str) -> None:
    assert language.of(text, known) == known


@pytest.mark.parametrize(("text", "code"), [("Hola", "es"), ("Danke", "de"), ("Bonjour", "fr"), ("Hello", "en")])
def test_the_first_word_of_all_may_tell(text: str, code: str) -> None:
    assert language.of(text, "") == code


@pytest.mark.parametrize(
    ("text", "code"), [("Guten Tag, ich habe", "de"), ("hola, gracias", "es"), ("muito obrigado", "pt")]
)
def test_two_small_words_of_one_language_turn_a_conversation(text: str, code: str) -> None:
    assert language.of(text, "en") == code


@pytest.mark.parametrize("text", ["", "12345", "?!", "🙂", "xqzt blorf"])
def test_what_tells_nothing_is_taken_for_english_at_first(text: str) -> None:
    assert language.of(text) == "en"


@pytest.mark.parametrize(
    ("known", "text"),
    [
        ("de", "Danke, wo finde ich the tracking link for my order bitte?"),
        ("en", "My order says “Ihre Bestellung ist unterwegs und wird bald geliefert” - what does it mean?"),
        ("en", "The page shows Где мой заказ and nothing else, what do I do?"),
        ("fr", "Mon colis est marqué « delivered to the front door » mais je ne l'ai pas"),
    ],
)
def test_a_mixed_text_stays_with_the_conversation(known: str, text: str) -> None:
    assert language.of(text, known) == known


def test_a_customer_may_come_back_to_a_language_that_is_served() -> None:
    assert language.of("Sorry, I can also write in English. Where is my order?", "nl") == "en"


@pytest.mark.parametrize("known", ["uk", "bg", "sr"])
def test_a_short_word_in_cyrillic_stays_with_the_conversation(known: str) -> None:
    assert language.of("Добре", known) == known


@pytest.mark.parametrize(
    "text",
    [
        "Van was late again and the man in it was rude",
        "I want to see the men in de van about my tent",
        "pan am on line, sam and dan do go to me",
        "Can I use a Visa card in the UK? Mi amigo has one.",
        "La Sportiva or Le Chameau boots in size 9?",
        "order no 5 is en route to da house",
        "jag xf car rack fits on a kia?",
        "need an sos tent to go at once",
    ],
)
def test_english_with_words_that_others_have_is_served(text: str) -> None:
    assert language.is_served(language.of(text, "en"))


def test_every_language_with_phrases_is_served() -> None:
    assert set(language.SERVED) == set(LANGUAGES)


@pytest.mark.parametrize(
    ("code", "has_model", "served"),
    [("pt", False, True), ("nl", False, False), ("nl", True, True), (language.UNKNOWN, True, True)],
)
def test_a_model_serves_every_language(code: str, has_model: bool, served: bool) -> None:
    assert language.is_served(code, has_model=has_model) is served


def test_writing_without_a_table_is_unknown() -> None:
    assert language.of("ᎠᏂᏴᏫᏯ ᎤᏂᏬᏂᎯᏍᏗ", "en") == language.UNKNOWN


def test_the_line_of_theirs_stands_before_the_english_one() -> None:
    theirs, english = language.held("nl", "I have called a person.").split("\n\n")

    assert "AI-assistent" in theirs
    assert english == "I have called a person."


def test_without_a_line_of_theirs_the_english_one_stands_alone() -> None:
    assert language.held(language.UNKNOWN, "I have called a person.") == "I have called a person."


def test_no_language_is_both_served_and_not() -> None:
    table = tomllib.loads(files("bot.phrases").joinpath("unserved.toml").read_text("utf-8"))

    assert table.keys() & set(load().languages) == set()


def test_a_hostile_text_is_read_no_further_than_its_beginning() -> None:
    assert language.of("the and of " * 200 + "het een van niet " * 100_000, "en") == "en"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("no confirmation email", "en"),
        ("tell me a joke", "en"),
        ("write me a python script", "en"),
        ("no me funciona el enlace", "es"),
        ("no me llega el correo", "es"),
        ("não me chegou nada", "pt"),
        ("Quiero cancelar", "es"),
    ],
)
def test_a_word_of_two_languages_does_not_tell_the_language(text: str, code: str) -> None:
    assert language.of(text) == code


@pytest.mark.parametrize("text", ["ok 123", "no", "+49 30 1234", "https://example.com/is/the/way"])
@pytest.mark.parametrize("known", ["en", "es", "pt", "fr"])
def test_the_known_language_stays_when_a_text_tells_nothing(text: str, known: str) -> None:
    assert language.of(text, known) == known
