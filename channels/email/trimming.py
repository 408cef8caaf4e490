"""The new words of a reply, told from what is quoted and from signatures. Rules, in many languages."""

import itertools
import re
from dataclasses import dataclass

MAX_CHARACTERS = 200_000
MAX_LINE = 1_000
MAX_LINES = 3_000
LOOK_AHEAD = 400
LONG_QUOTE = 4  # lines; a shorter one above the words is what they are about
WROTE = (
    "wrote|writes|said|schrieb(?:en)?|geschrieben|a écrit|écrit|écrivait|escribió|escribio|ha scritto|scritto|"
    "schreef|geschreven|"
    "escreveu|skrev|skrifaði|napsal(?:a)?|napísal(?:a)?|napisał(?:a)?|napisal(?:a)?|pisze|je napisao|je napisala|"
    "je pisao|"
    "kirjoitti|írta|írt|a scris|yazdı|şunları yazdı|έγραψε|написал(?:а)?|писал(?:а)?|пишет|написав|написала|пише|"
    "написа|kirjutas|rašė|rakstīja|đã viết|viết|menulis|menulis|va escriure|idatzi du|כתב(?:ה)?|كتب|写道|寫道|"
    "のメール|さんは書きました|書きました|님이 작성|작성|เขียนว่า|ने लिखा"
)
ON = (
    "On|At|Am|Em|El|Le|Il|Op|Den|Den|På|W dniu|Dnia|Dne|Dňa|Dana|V|Il giorno|Vào|Pada|La|În|Στις|В|Le|Vom|Den|Kl|"
    "Um|Eddig|"
    "Em seg|Em ter|Em qua|Em qui|Em sex|Em sáb|Em dom|Op|ב|في|Den|Ngày|Pe data de|Ha|A"
)
WROTE_WORD = re.compile(rf"(?<!\w)(?:{WROTE})(?!\w)", re.IGNORECASE)
CJK_WROTE = re.compile("写道|寫道|のメール|書きました|님이 작성|작성|เขียนว่า")
BEGINS_ON = re.compile(rf"^\W*(?:{ON})(?!\w)", re.IGNORECASE)
DATE = (
    r"(?:\d{4}[-/.年]\s?\d{1,2}[-/.月]\s?\d{1,2}|\d{1,2}[-/. ]\d{1,2}[-/. ]\d{2,4}|"
    r"\d{1,2}\.? (?:de )?[^\W\d]{3,10}\.?,? (?:de )?\d{4}|[^\W\d]{3,10}\.? \d{1,2},? \d{4})"
)
DATE_AND_ADDRESS = re.compile(rf"^\W*.{{0,40}}{DATE}.{{0,200}}<?[\w.+-]{{1,64}}@[\w.-]{{1,255}}[^\w]{{0,6}}[:：]?\s*$")
DATE_AND_ZONE = re.compile(rf"^{DATE}.{{0,12}}\d{{1,2}}:\d\d.{{0,10}}(?:GMT|UTC)[+-]\d.{{2,80}}$")
ADDRESS_LINE = re.compile(r"^.{0,80}<[^<>\s]{1,64}@[^<>\s]{1,255}>\s*(?:\(.{0,80}\)\s*)?[:：]\s*$")
ORIGINAL = (
    "Original Message|Original Email|Reply message|Reply Message|Forwarded message|Ursprüngliche Nachricht|"
    "Originalnachricht|Original-Nachricht|"
    "Original Nachricht|Ursprungliche Nachricht|Message d'origine|Message d’origine|Message original|Message initial|"
    "Mensaje original|Messaggio originale|Messaggio Originale|Oorspronkelijk bericht|Mensagem original|"
    "Mensagem Original|Ursprungligt meddelande|"
    "Originalt meddelelse|Oprindelig meddelelse|Opprinnelig melding|Alkuperäinen viesti|Oryginalna wiadomość|"
    "Wiadomość oryginalna|"
    "Pôvodná správa|Původní zpráva|Původní e-mail|Originální zpráva|Izvirno sporočilo|Izvorna poruka|Eredeti üzenet|"
    "Mesaj original|Mesajul original|Orijinal İleti|Özgün İleti|Özgün Mesaj|Исходное сообщение|"
    "Оригинальное сообщение|"
    "Пересылаемое сообщение|Оригінальне повідомлення|Вихідне повідомлення|Αρχικό μήνυμα|Missatge original|"
    "Tin nhắn gốc|"
    "Pesan Asli|Pesan asli|原始邮件|原始郵件|原邮件|邮件原件|Original|"
    "元のメッセージ|元メール|원본 메시지|원본 메일|ต้นฉบับข้อความ|הודעה מקורית|"
    "الرسالة الأصلية|"
    "Quoted message|Previous message|Weitergeleitete Nachricht"
)
SEPARATOR = re.compile(rf"^[\s>*]*[-_=–—]{{2,}}\s*(?:{ORIGINAL})(?!\w).{{0,60}}$", re.IGNORECASE)
ABOVE = re.compile(
    r"^\W*(?:please )?(?:(?:type|write|enter) your )?(?:reply|respond|answer|antwort\w*|répond\w+|responda|"
    r"responde)\b.{0,30}"
    r"\b(?:above|oberhalb|über dieser|au-dessus|dessus|por encima|arriba|acima|encima)\b.{0,60}$",
    re.IGNORECASE,
)
FORWARD = re.compile(
    r"^\W*(?:Begin forwarded message|-+ ?(?:Forwarded message|Weitergeleitete Nachricht|Message transféré|"
    r"Mensaje reenviado|"
    r"Messaggio inoltrato|Doorgestuurd bericht|Mensagem encaminhada|Пересылаемое сообщение|转发的邮件)\b.*|"
    r"Anfang der weitergeleiteten (?:Nachricht|E-Mail)|Début du message (?:transféré|réexpédié)|"
    r"Inicio del mensaje reenviado|"
    r"Inizio messaggio inoltrato|Início da mensagem (?:reencaminhada|encaminhada))[\W]*$",
    re.IGNORECASE,
)
FROM = (
    "From|Von|De|Da|Van|Från|Fra|Fra|Lähettäjä|Od|Odesílatel|Nadawca|Feladó|De la|Expeditor|Kimden|Gönderen|От|"
    "От кого|Від|Από|"
    "Từ|Dari|发件人|發件人|寄件者|差出人|送信者|보낸 사람|보낸사람|จาก|מאת|من|"
    "Expéditeur|Absender|Mittente|Remitente|Remetente|Afzender|"
    "Avsändare|Pošiljatelj"
)
OTHERS = (
    "Sent|Date|To|Cc|Subject|Reply-To|Gesendet|Datum|An|Betreff|Kopie|Antwort an|Envoyé|À|A|Objet|Copie|"
    "Répondre à|Enviado|"
    "Enviado el|Enviada em|Enviado em|Fecha|Para|CC|Asunto|Assunto|Data|Inviato|Oggetto|Risposta|Rispondi a|"
    "Verzonden|Aan|Onderwerp|Skickat|Till|Ämne|"
    "Sendt|Til|Emne|Lähetetty|Vastaanottaja|Päivämäärä|Aihe|Wysłano|Do|Temat|Odesláno|Komu|Předmět|Odoslané|"
    "Predmet|Elküldve|"
    "Dátum|Címzett|Tárgy|Trimis|Către|Subiect|Tarih|Gönderildi|Kime|Konu|Отправлено|Дата|Кому|Тема|Копия|"
    "Надіслано|Ημερομηνία|"
    "Προς|Θέμα|Στάλθηκε|Ngày|Đến|Tới|Chủ đề|Dikirim|Tanggal|Kepada|Perihal|Subjek|"
    "发送时间|发送日期|日期|时间|收件人|抄送|主题|傳送時間|"
    "寄件日期|"
    "收件者|主旨|送信日時|日時|送信日|宛先|件名|CC|"
    "보낸 날짜|날짜|받는 사람|받는사람|제목|Date d'envoi|Importance|Priority|Wichtigkeit|Attachments"
)
FROM_LINE = re.compile(rf"^[\s>*|_-]*(?:{FROM})\s*\*?\s*[:：]\s*\*?\s*\S", re.IGNORECASE)
OTHER_LINE = re.compile(rf"^[\s>*|]*(?:{OTHERS})\s*\*?\s*[:：]", re.IGNORECASE)
RULE_LINE = re.compile(r"^\s*(?:[-_=*#~+–—]\s?){2,}\s*$")
LONG_RULE = re.compile(r"^\s*[_=–—-]{20,}\s*$")
QUOTED = re.compile(r"^\s{0,3}(?:>|\|\s|[A-Z][\w.]{0,11}>\s)")
SIGNATURE = re.compile(r"^\s*(?:--|—|––|- -|-- \*|_{2,40}|-{2,40}|\u1427)\s*$")
MOBILE = re.compile(
    r"^\W*(?:sent (?:from|via|with|by|using) (?!the )|get \[?outlook for|sent by (?:my|galaxy)|from my (?:iphone|"
    r"ipad|android|phone|mobile|galaxy)|(?:von|mit) (?:meinem|meiner|unterwegs|outlook|gmx|web\.de|"
    r"yahoo)\b.{0,60}(?:gesendet|verschickt)|"
    r"gesendet (?:von|mit|über)|diese nachricht wurde von|envoyé (?:de|depuis|à partir)|télécharger? outlook|"
    r"enviado (?:desde|do|de|a partir|pelo|por|con|via)|"
    r"enviada do|obtener outlook|obter o outlook|inviato d|scarica outlook|verzonden v|verstuurd v|skickat från|"
    r"sendt fra|hämta outlook|få outlook|"
    r"lähetetty|wysłan[eo] z|odesláno z|odoslané z|отправлено (?:с|из)|trimis de pe|gönderildi|iphone'umdan|从我的|"
    r"從我的|發自我的|发自我的|iphoneから送信|私の|"
    r"나의 \w+에서 보냄|download outlook|outlook für \w+ (?:beziehen|herunterladen)|obtenez outlook|verzonden met)",
    re.IGNORECASE,
)
DASHES = re.compile(r"^-- ?$")
DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trimmed:
    """The new words, and everything else in the order in which it stood."""

    new: str
    quoted: str = ""


def trim(text: str, *, reply: bool = True) -> Trimmed:
    """Split a plain text. Keeps everything when nothing would be left, and in forwards; at most 200,000 characters.

    `reply` is False for a mail that answers nothing: only its signature is set apart.
    """
    text, rest = text[:MAX_CHARACTERS], text[MAX_CHARACTERS:]
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    lines, rest = lines[:MAX_LINES], "\n".join([*lines[MAX_LINES:], rest])
    forward = next((at for at, line in enumerate(lines) if FORWARD.match(line[:MAX_LINE])), None)
    if forward is not None:
        return _forwarded(lines, forward, rest)
    above, lines = _without_opening_quote(lines) if reply else ([], lines)
    end = _quote_start(lines) if reply else len(lines)
    kept, after = lines[:end], lines[end:]
    if not _has_words(kept):
        return _joined(above + lines, [], rest)
    if reply:
        kept, attributions = _without_attributions(kept)
        above += attributions
    signature = _signature_start(kept)
    kept, after = kept[:signature], above + kept[signature:] + after
    return _joined(kept, after, rest)


def _forwarded(lines: list[str], at: int, rest: str) -> Trimmed:
    """A few own words above what is forwarded are the new ones; without any, what is forwarded is, without its head."""
    if len(" ".join(lines[:at]).split()) >= 3 and _has_words(lines[:at]):
        signature = _signature_start(lines[:at])
        return _joined(lines[:signature], lines[signature:], rest)
    head = at + 1
    while head < len(lines) and not lines[head].strip(" >"):
        head += 1
    while head < len(lines) and lines[head].strip(" >"):
        head += 1
    return _joined(lines[head:], lines[:head], rest) if _has_words(lines[head:]) else _joined(lines, [], rest)


def _joined(kept: list[str], after: list[str], rest: str) -> Trimmed:
    new = "\n".join(kept).strip("\n")
    return Trimmed(new=new.rstrip(), quoted=("\n".join(after).strip("\n") + rest).rstrip())


def _quote_start(lines: list[str]) -> int:
    """The first line that is not new any more; the number of lines where all are."""
    for at, line in enumerate(lines):
        if not line.strip():
            continue
        if _begins_quote(lines, at):
            return _without_rules(lines, at)
        if QUOTED.match(line) and _all_quoted(lines, at):
            return at
    return len(lines)


def _begins_quote(lines: list[str], at: int) -> bool:
    line = lines[at][:MAX_LINE]
    if SEPARATOR.match(line) or ABOVE.match(line) or _is_header_block(lines, at):
        return True
    if QUOTED.match(line):
        return False
    end = _attribution_end(lines, at)
    return end > 0 and not _interleaved(lines, end)


def _attribution_end(lines: list[str], at: int) -> int:
    """The line after the attribution that begins here, 0 where none does. Mail programs wrap it over some lines."""
    line = lines[at][:MAX_LINE].strip()
    if ADDRESS_LINE.match(line) or DATE_AND_ADDRESS.match(line) or DATE_AND_ZONE.match(line):
        return at + 1
    opens = bool(BEGINS_ON.match(line))
    if not opens and not DIGIT.search(line) and "@" not in line and "<" not in line and not WROTE_WORD.search(line):
        return 0
    begins = opens or line.endswith("<") or bool(re.search(DATE, line))
    joined = ""
    for further in range(at, min(at + 7, len(lines))):
        part = lines[further].strip(" >*")
        if not part and not _goes_on_with_address(lines, further):
            break
        joined = f"{joined} {part}".strip()[:MAX_LINE]
        if _is_attribution(joined):
            return further + 1 if begins or not _begins_later(lines, at + 1, further) else 0
        if joined.endswith((".", "!", "?", ":", "：")) and len(joined) > 3 and not WROTE_WORD.search(joined):
            break
    return 0


def _goes_on_with_address(lines: list[str], at: int) -> bool:
    """Some programs put an empty line before the address."""
    return any(line.strip().startswith(("<", "mailto:")) for line in lines[at + 1 : at + 2])


def _begins_later(lines: list[str], first: int, last: int) -> bool:
    return any(_is_attribution(lines[one].strip(" >*")[:MAX_LINE]) for one in range(first, last + 1))


def _is_attribution(line: str) -> bool:
    """Whether a line says who wrote when: "On ... wrote:", "Name <address> schrieb am ...:", with a date or address."""
    if not line.endswith((":", "：", ">", "-", "…")):
        return False
    for found in [*WROTE_WORD.finditer(line), *CJK_WROTE.finditer(line)]:
        before, after = line[: found.start()], line[found.end() :]
        if len(after) > 200 or not before.strip():
            continue
        if BEGINS_ON.match(before) and len(before) > 6 and (DIGIT.search(line) or "@" in line or len(line) < 80):
            return True
        if line.endswith((":", "：")) and len(before) < 400 and (DIGIT.search(before + after) or "@" in line):
            return True
    return False


def _interleaved(lines: list[str], at: int) -> bool:
    """Whether new words stand between or below lines that are marked as quoted."""
    quoted, fresh = 0, 0
    for line in lines[at : at + LOOK_AHEAD]:
        if QUOTED.match(line):
            quoted += 1
        elif SIGNATURE.match(line) or MOBILE.match(line):
            break
        elif line.strip() and quoted:
            fresh += 1
    return quoted > 0 and fresh > 0 and not _wrapped_quote(lines, at)


def _wrapped_quote(lines: list[str], at: int) -> bool:
    """Whether the unmarked lines are only the torn-off ends of quoted ones."""
    ends = 0
    near = lines[at : at + LOOK_AHEAD]
    for before, line in itertools.pairwise(near):
        if line.strip() and not QUOTED.match(line):
            if not QUOTED.match(before) or len(before) < 60 or len(line) > 40:
                return False
            ends += 1
    return ends > 0


def _is_header_block(lines: list[str], at: int) -> bool:
    if not FROM_LINE.match(lines[at][:MAX_LINE]):
        return False
    near = [line[:MAX_LINE] for line in lines[at + 1 : at + 12] if line.strip()][:5]
    return sum(bool(OTHER_LINE.match(line)) for line in near) >= 2


def _all_quoted(lines: list[str], at: int) -> bool:
    for index in range(at, min(len(lines), at + LOOK_AHEAD)):
        line = lines[index]
        if line.strip() and not QUOTED.match(line):
            return bool(SIGNATURE.match(line) or MOBILE.match(line) or _wrapped_quote(lines, at))
    return True


def _without_rules(lines: list[str], at: int) -> int:
    """Take a line of dashes and empty lines that stand before a quote to it."""
    while at and (not lines[at - 1].strip() or RULE_LINE.match(lines[at - 1])):
        at -= 1
    return at


def _without_opening_quote(lines: list[str]) -> tuple[list[str], list[str]]:
    """What was answered below: an attribution and one block of quoted lines at the top, and the words below them."""
    first = next((at for at, line in enumerate(lines) if line.strip()), 0)
    start = _attribution_end(lines, first) if first < len(lines) else 0
    at = start or first
    while at < len(lines) and (QUOTED.match(lines[at]) or not lines[at].strip()):
        at += 1
    long = start or at - first > LONG_QUOTE
    if long and first < at < len(lines) and at > start and not any(QUOTED.match(line) for line in lines[at:]):
        return lines[:at], lines[at:]
    if start and _has_words(lines[start:]) and not QUOTED.match(next(filter(None, lines[start:]), "")):
        return lines[:start], lines[start:]
    return [], lines


def _without_attributions(lines: list[str]) -> tuple[list[str], list[str]]:
    """Between the lines of a quote the answers stay with what they answer; who wrote it when goes."""
    kept: list[str] = []
    gone: list[str] = []
    at = 0
    while at < len(lines):
        end = _attribution_end(lines, at) if lines[at].strip() and not QUOTED.match(lines[at]) else 0
        if end and end < len(lines) and any(QUOTED.match(line) for line in lines[end : end + 3]):
            gone += lines[at:end]
            at = end
        else:
            kept.append(lines[at])
            at += 1
    return kept, gone


def _signature_start(lines: list[str]) -> int:
    for at, line in enumerate(lines):
        if (SIGNATURE.match(line) or MOBILE.match(line[:MAX_LINE])) and _has_words(lines[:at]) and _is_end(lines, at):
            return at
    end = len(lines)
    while end and (not lines[end - 1].strip() or RULE_LINE.match(lines[end - 1])):
        end -= 1
    return end


def _is_end(lines: list[str], at: int) -> bool:
    """A signature is short, and no further paragraph of prose follows it."""
    if DASHES.match(lines[at]):
        return True
    below = [line for line in lines[at + 1 :] if line.strip() and not MOBILE.match(line[:MAX_LINE])]
    return len(below) <= 6 and all(len(line) < 80 for line in below)


def _has_words(lines: list[str]) -> bool:
    return any(re.search(r"\w|[\U0001F300-\U0001FAFF\u2600-\u27BF]", line) for line in lines)
