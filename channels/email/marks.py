"""What mail programs write around an earlier mail and below a new one, in many languages. Patterns only."""

import re

WROTE = (
    "wrote|writes|said|napisana przez|schrieb(?:en)?|geschrieben|a écrit|écrit|écrivait|escribió|escribio|"
    "ha scritto|scritto|schreef|geschreven|"
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
    r"^(?:[^\w\n]{0,40}(?:Begin forwarded message|Anfang der weitergeleiteten (?:Nachricht|E-Mail)|"
    r"Début du message (?:transféré|réexpédié)|Inicio del mensaje reenviado|Inizio messaggio inoltrato|"
    r"Início da mensagem (?:reencaminhada|encaminhada))\W{0,40}$|"
    r"[\s>*]{0,20}-{1,60} ?(?:Forwarded message|Weitergeleitete Nachricht|Message transféré|Mensaje reenviado|"
    r"Messaggio inoltrato|Doorgestuurd bericht|Mensagem encaminhada|Пересылаемое сообщение|转发的邮件)\b)",
    re.IGNORECASE,
)
FROM = (
    "From|Von|De|Da|Van|Från|Fra|Fra|Lähettäjä|Od|Odesílatel|Nadawca|Feladó|De la|Expeditor|Kimden|Gönderen|От|"
    "От кого|Від|Από|"
    "Từ|Dari|发件人|發件人|寄件者|差出人|送信者|보낸 사람|보낸사람|จาก|מאת|من|"
    "Expéditeur|Absender|Mittente|Remitente|Remetente|Afzender|"
    "Avsändare|Pošiljatelj|Šalje|Saatja|Nuo|Frá"
)
OTHERS = (
    "Sent|Date|To|Cc|Subject|Reply-To|Gesendet|Datum|An|Betreff|Kopie|Antwort an|Envoyé|À|A|Objet|Copie|"
    "Répondre à|Enviado|"
    "Enviado el|Enviada em|Enviado em|Fecha|Para|CC|Asunto|Assunto|Data|Inviato|Oggetto|Risposta|Rispondi a|"
    "Verzonden|Aan|Onderwerp|Skickat|Till|Ämne|"
    "Sendt|Til|Emne|Lähetetty|Vastaanottaja|Päivämäärä|Aihe|Wysłan[oea]|Do|Temat|Odesláno|Komu|Předmět|Odoslané|"
    "Predmet|Elküldve|"
    "Dátum|Címzett|Tárgy|Trimis|Către|Subiect|Tarih|Gönderildi|Kime|Konu|Отправлено|Дата|Кому|Тема|Копия|"
    "Надіслано|Ημερομηνία|"
    "Προς|Θέμα|Στάλθηκε|Ngày|Đến|Tới|Chủ đề|Dikirim|Tanggal|Kepada|Perihal|Subjek|"
    "发送时间|发送日期|日期|时间|收件人|抄送|主题|傳送時間|"
    "寄件日期|"
    "收件者|主旨|送信日時|日時|送信日|宛先|件名|CC|"
    "Enviat|Per a|Poslano|Prima|Za|Zadeva|Изпратено|До|Относно|Saadetud|Adressaat|Teema|Nosūtīts|Kam|Tēma|Išsiųsta|"
    "Efni|נשלח|אל|נושא|إرسال|تم الإرسال|إلى|الموضوع|ส่ง|ถึง|เรื่อง|"
    "보낸 날짜|날짜|받는 사람|받는사람|제목|Date d'envoi|Importance|Priority|Wichtigkeit|Attachments"
)
FROM_LINE = re.compile(rf"^[\s>*|_-]*(?:{FROM})\s*\*?\s*[:：]\s*\*?\s*\S", re.IGNORECASE)
OTHER_LINE = re.compile(rf"^[\s>*|]*(?:{OTHERS})\s*\*?\s*[:：]", re.IGNORECASE)
RULE_LINE = re.compile(r"^\s*(?:[-_=*#~+–—]\s?){2,}\s*$")
LONG_RULE = re.compile(r"^\s*[_=–—-]{20,}\s*$")
QUOTED = re.compile(r"^\s{0,3}(?:>|\|(?:\s|$)|[A-Z][\w.]{0,11}>\s)")
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
# What a mobile signature names; without such a word a line that begins like one is mostly somebody's sentence.
DEVICE = re.compile(
    r"iphone|ipad|ios\b|android|galaxy|samsung|huawei|honor|xiaomi|redmi|oneplus|pixel|motorola|nokia|sony|blackberry|"
    r"windows|outlook|gmail|google|\bmail|e-?mail|yahoo|gmx|web\.de|t-online|proton|thunderbird|k-9|spark|aol|zoho|"
    r"phone|mobile|mobil|handy|tablet|telefon|tel[eé]fono|t[eé]l[eé]phone|telefoon|telefone|cellulare|celular|"
    r"m[oó]vil|telemóvel|puhelim|手机|電話|スマート|휴대",
    re.IGNORECASE,
)
# "Get Outlook for iOS" in any language: the two names in one short line.
APP = re.compile(r"^(?=.{0,40}\boutlook\b)(?=.{0,60}\b(?:ios|android)\b)[^.!?]{0,60}$", re.IGNORECASE)
LINK = re.compile(r"<?(?:https?|mailto):[^\s<>]{1,500}>?|\[[^\]]{0,100}\]\([^)\s]{0,500}\)", re.IGNORECASE)
# What lawyers, printers and virus scanners put below: it begins a paragraph. The first kind says so by its title; the
# second begins like a sentence of anybody's, so it takes two of the words that lawyers use.
FOOTER_TITLE = re.compile(
    r"^\W*(?:confidentiality (?:notice|note|statement)|legal (?:notice|disclaimer)|disclaimer\W*(?:$|:)|"
    r"privileged (?:and|&) conf|vertraulichkeitshinweis|haftungsausschluss|avis de confidentialité|"
    r"aviso (?:legal|de confidencialidade?)|avviso di riservatezza|"
    r"(?:please )?(?:consider the environment|think (?:of the environment )?before (?:you )?print)|"
    r"(?:bitte )?(?:denken sie an die umwelt|prüfen sie.{0,60}ausdruck)|(?:merci de )?pense[zr] à l.environnement|"
    r"(?:por favor,? )?(?:piense en el medio|antes de imprimir)|prima di stampare|denk aan het milieu|"
    r"virus-free\b|virenfrei\b|garanti sans virus|sans virus\b|libre de virus|(?:livre de|sem) vírus|"
    r"(?:mail )?priv[ao] di virus|virusvrij|woln[aey] od wirusów|"
    r"(?:this|diese|dieses|cet|este|questa|deze) e-?mail (?:has been|was|wurde|a été|ha sido|è stata) .{0,40}virus)",
    re.IGNORECASE,
)
FOOTER_START = re.compile(
    r"^\W*(?:(?:this|the (?:information|contents?)\b.{0,30}\bthis|any views?\b.{0,40}\bthis) (?:e-?mail|message|"
    r"communication|transmission|electronic)|"
    r"(?:diese|der inhalt dieser|die informationen? in dieser) (?:e-?mail|mail|nachricht)|"
    r"(?:ce|le présent) (?:message|courriel|mail|courrier|e-mail)|este (?:mensaje|correo|e-?mail|correio|documento)|"
    r"esta mensagem|questo messaggio|questa e-?mail|le informazioni contenute|il contenuto di questa|"
    r"dit (?:e-?mail)?bericht|deze e-?mail|de informatie|"
    r"niniejsz[aey] (?:wiadomość|e-?mail|informacj|korespondencj)\w*)",
    re.IGNORECASE,
)
LEGAL = re.compile(
    r"confiden[tc]i|vertraulich|riservat|vertrouwelijk|poufn|privileged|intended (?:only|solely|recipient)|recipient|"
    r"addressee|empfänger|adressat|destinat|geadresseerde|adresat|disclos|unauthori|notify|delete|vernicht|lösch|unbefugt|"
    r"irrtümlich|elimin|borrar|détruire|supprimer|attachments?|anhänge|pièces jointes|archivos adjuntos|anexos|"
    r"allegati|bijlagen|exclusi",
    re.IGNORECASE,
)
# What the receiving company puts above a mail that comes from elsewhere.
BANNER = re.compile(
    r"^\W*(?:caution|external|warning|attention|be careful|achtung|vorsicht|extern\w*|avertissement|atención|atenção|"
    r"attenzione|let op|this (?:e-?mail|message) (?:originated|came|was sent) from)\b"
    r"(?=.{0,300}(?:mail|message|nachricht|courriel|correo|mensaje|mensagem|messaggio|bericht))"
    r"(?=.{0,300}(?:extern|outside|außerhalb|l.extérieur|fuera|fora d|esterno|buiten))"
    r"(?=.{0,400}(?:organi[sz]|company|sender|absender|\blinks?\b|attachment|anh[aä]ng|unternehmen|pièces|adjunt|anexos|"
    r"allegat|bijlage))",
    re.IGNORECASE,
)
DASHED = re.compile(r"^[\s>*]*[-_=–—]{3,}\s*[^\W\d_][^-_=–—]{2,40}\S\s*[-_=–—]{3,}\s*$")
FROM_START = re.compile(rf"^[\s>*|]*(?:{FROM})\s*\*?\s*[:：]?\s", re.IGNORECASE)
LABEL = re.compile(r"^[\s>*|]*[^\W\d_][^:：\d<>@]{0,24}\*?\s?[:：]\s*\*?\s*\S")
CLOCK = re.compile(r"\b\d{1,2}[:.h∶]\d{2}\b")
ENCLOSED_ADDRESS = re.compile(r"[<(][^<>()\s@]{1,64}@[^<>()\s]{1,255}[>)]")
UNSEEN = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
DASHES = re.compile(r"^-- ?$")
DIGIT = re.compile(r"\d")
