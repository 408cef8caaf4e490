"""Words that turn or measure a statement, in five languages: negations, limits, opposites, numbers, units, dates."""

from collections.abc import Mapping

from bot.stem import stem
from bot.words import fold, light_root

SERVED = ("en", "de", "fr", "es", "pt")


def root(word: str, language: str) -> str:
    """The form by which a folded word is compared."""
    return stem(word) if language == "en" else light_root(word)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _table(text: str) -> dict[str, str]:
    """Read `name: word word` lines into word to name; an underscore stands for a space."""
    table: dict[str, str] = {}
    for line in text.strip().splitlines():
        name, _, words = line.partition(":")
        table |= {fold(word.replace("_", " ")): name.strip() for word in words.split()}
    return table


TURNS: Mapping[str, Mapping[str, str]] = {
    "en": _table("""
not: not never no none nobody nothing nowhere neither nor without non hardly no-one
except: except unless excluding excludes excluded excepting
only: only solely exclusively merely
must: must shall required mandatory obligatory compulsory obliged
may: can may could might optional optionally
all: all every each everyone everybody everything always any anyone anybody anything entire whole both
some: some several certain sometimes occasionally partly partially
many: many most often usually mostly generally frequently
few: few rarely seldom
"""),
    "de": _table("""
not: nicht kein keine keinen keinem keiner keines nie niemals nichts niemand niemandem nirgends weder ohne
except: ausser ausgenommen ausgeschlossen
only: nur lediglich ausschliesslich bloss einzig
must: muss mussen musst musste verpflichtend obligatorisch erforderlich pflicht notwendig
may: kann konnen kannst darf durfen konnte optional freiwillig
all: alle allen aller alles jede jeder jedes jeden jedem immer stets beide beiden samtliche
some: einige manche manchmal gelegentlich teilweise mehrere
many: viele meist meistens oft haufig
few: wenige selten
"""),
    "fr": _table("""
not: ne n pas jamais aucun aucune rien personne ni non sans
except: sauf excepte hormis
only: seulement uniquement exclusivement
must: doit doivent devez devons obligatoire obligatoires requis requise necessaire faut
may: peut peuvent pouvez pouvons facultatif optionnel possible
all: tous toutes tout toute chaque toujours
some: certains certaines quelques parfois plusieurs
many: souvent beaucoup generalement plupart
few: rarement
"""),
    "es": _table("""
not: no nunca jamas ningun ninguna ninguno nada nadie ni tampoco sin
except: excepto salvo
only: solo solamente unicamente exclusivamente
must: debe deben debes debera obligatorio obligatoria necesario
may: puede pueden puedes podra opcional posible
all: todos todas todo toda cada siempre cualquier cualquiera
some: algunos algunas algun alguna varios varias
many: muchos muchas frecuentemente generalmente mayoria
few: pocos pocas raramente
"""),
    "pt": _table("""
not: nao nunca jamais nenhum nenhuma nada ninguem nem sem
except: exceto salvo
only: so somente apenas unicamente exclusivamente
must: deve devem devera obrigatorio obrigatoria necessario precisa precisam
may: pode podem podera opcional possivel
all: todos todas todo toda cada sempre qualquer
some: alguns algumas varios varias
many: muitos muitas frequentemente geralmente maioria
few: poucos poucas raramente
"""),
}
"""What turns a statement, by language: folded word to its sense."""

PHRASES: Mapping[str, Mapping[str, str]] = {
    "en": _table("""
not: no_longer not_anymore with_no
must: have_to has_to had_to need_to needs_to
may: able_to
least: at_least no_less_than not_less_than or_more and_above or_above
most: at_most up_to no_more_than not_more_than or_less or_fewer or_below as_much_as
over: more_than greater_than higher_than longer_than
under: less_than fewer_than lower_than shorter_than
except: other_than apart_from
"""),
    "de": _table("""
not: nicht_mehr kein_mehr
except: es_sei_denn
least: mindestens ab_mindestens
most: hochstens bis_zu maximal
over: mehr_als langer_als
under: weniger_als kurzer_als
"""),
    "fr": _table("""
except: a_moins
least: au_moins au_minimum
most: au_plus jusqu_a au_maximum
over: plus_de
under: moins_de
"""),
    "es": _table("""
must: tiene_que tienen_que hay_que
except: a_menos
least: al_menos como_minimo
most: como_maximo hasta
over: mas_de
under: menos_de
"""),
    "pt": _table("""
must: tem_de tem_que
except: a_menos
least: pelo_menos no_minimo
most: no_maximo ate
over: mais_de
under: menos_de
"""),
}
"""The same for words in a row, longest first where two begin alike; those of a limit say on which side it lies."""

FREE = frozenset({"free", "gratis", "kostenlos", "kostenfrei", "gratuit", "gratuito"})
COSTS = frozenset({"cost", "charge", "fee", "price", "kosten", "gebuhr", "kost", "frai", "coste", "custo"})
"""Roots: `no cost` and `costs nothing` are `free`."""

SIDES: Mapping[str, str] = {"least": "up", "over": "up", "most": "down", "under": "down"}
QUANTITIES = frozenset({"all", "some", "many", "few"})
MODALS = frozenset({"must", "may"})
LIMITS = frozenset({"up", "down"})
YES_OR_NO = _words("yes yeah yep no nope ja nein doch oui non si sim nao")

NEGATING = ("un", "in", "im", "ir", "il", "dis", "non")

_OPPOSITES = {
    "en": """
before/after/within/until/since/during  within/outside/beyond  free/paid/chargeable  more/less/fewer  open/closed/shut
include/exclude included/excluded includes/excludes including/excluding  above/below  over/under/within  minimum/maximum
increase/decrease/reduce increased/decreased/reduced  enable/disable enabled/disabled  accept/reject/refuse/decline
accepts/rejects/refuses/declines accepted/rejected/refused/declined  allow/forbid/prohibit/prevent/block
allows/forbids/prohibits/prevents/blocks allowed/forbidden/prohibited/prevented/blocked  with/without  online/offline
public/private  same/different  first/last  higher/lower  highest/lowest  high/low  early/late earlier/later
earliest/latest  start/end begin/finish starts/ends begins/finishes started/ended began/finished/ended  add/remove
adds/removes added/removed adding/removing  buy/sell buys/sells bought/sold buying/selling  sender/recipient
credit/debit  deposit/withdraw/withdrawal deposits/withdraws/withdrawals  send/receive sends/receives sent/received
arrive/depart/leave arrives/departs/leaves arrived/departed/left  upper/lower  left/right  inside/outside
domestic/international/foreign  new/used/old newer/older  long/short longer/shorter longest/shortest
cheap/expensive cheaper/dearer  large/small larger/smaller largest/smallest big/small bigger/smaller biggest/smallest
hot/cold  monthly/yearly/annual/weekly/daily/quarterly  month/year  temporary/permanent temporarily/permanently
automatic/manual automatically/manually  required/optional mandatory/optional  true/false  legal/illegal  male/female
north/south east/west northern/southern eastern/western  gain/lose/loss  win/lose wins/loses won/lost  rise/fall
rises/falls rose/fell rising/falling  import/export imports/exports  income/expense  asset/liability  simple/complex
easy/difficult/hard easier/harder  fast/slow faster/slower  strong/weak stronger/weaker  full/empty/partial
fully/partially/partly  best/worst better/worse good/bad/poor  most/least  success/failure succeed/fail
succeeded/failed  succeeds/fails  approve/deny/reject approved/denied/rejected approves/denies/rejects  front/back
top/bottom  day/night  morning/evening/afternoon  weekday/weekend weekdays/weekends  husband/wife  mother/father
son/daughter
brother/sister  man/woman men/women boy/girl  king/queen  he/she him/her  young/old younger/older  safe/dangerous
keep/lose kept/lost  agree/disagree  activate/deactivate activated/deactivated activates/deactivates
connect/disconnect connected/disconnected  install/uninstall  subscribe/unsubscribe  lock/unlock locked/unlocked
visible/hidden show/hide shows/hides shown/hidden  wide/narrow  thick/thin  heavy/light  near/far  rich/poor
present/absent  major/minor majority/minority  positive/negative  active/passive  single/multiple
individual/joint/group  personal/business  primary/secondary  internal/external  forward/backward  rural/urban
winter/summer  spring/autumn/fall  indoor/outdoor indoors/outdoors  local/global/remote  support/oppose supports/opposes
supported/opposed  ally/enemy allies/enemies  victory/defeat  war/peace  birth/death born/died  ancient/modern
increase/drop  expand/shrink expanded/shrank  approve/decline  credit/cash  check-in/check-out  pickup/delivery
up/down  on/off  in/out  to/from  always/never/sometimes  everyone/nobody  all/none  everything/nothing
refundable/non-refundable  instead/besides  once/twice  single/double/triple  half/double  doubled/halved  parent/child
employer/employee  landlord/tenant  lender/borrower  payer/payee  buyer/seller  customer/merchant  guest/member
""",
    "de": """
vor/nach/bis/seit/innerhalb  innerhalb/ausserhalb  kostenlos/kostenpflichtig gratis/kostenpflichtig  mehr/weniger
offen/geschlossen geoffnet/geschlossen  mit/ohne  inklusive/exklusive einschliesslich/ausschliesslich  uber/unter
minimum/maximum mindestens/hochstens/maximal minimal/maximal  erlaubt/verboten zulassig/unzulassig
moglich/unmoglich gultig/ungultig verfugbar/unverfugbar  alt/neu alte/neue alter/neuer  fruher/spater  immer/nie
erste/letzte ersten/letzten erster/letzter  kurz/lang kurzer/langer  hoch/niedrig hoher/niedriger  gross/klein
grosser/kleiner  monatlich/jahrlich/wochentlich/taglich  automatisch/manuell  vorubergehend/dauerhaft
aktivieren/deaktivieren aktiviert/deaktiviert  annehmen/ablehnen angenommen/abgelehnt akzeptiert/abgelehnt
genehmigt/abgelehnt  senden/empfangen gesendet/empfangen  kaufen/verkaufen gekauft/verkauft  beginnt/endet
inland/ausland  online/offline  pflicht/freiwillig erforderlich/optional verpflichtend/freiwillig  alle/keine
gebraucht/ungebraucht benutzt/unbenutzt benutzte/unbenutzte getragen/ungetragen  ein/aus  von/nach
""",
    "fr": """
avant/apres/depuis/pendant/sous  gratuit/payant gratuite/payante gratuits/payants gratuitement/payant  plus/moins
ouvert/ferme ouverte/fermee ouverts/fermes  avec/sans  inclus/exclu inclus/exclus incluse/exclue comprend/exclut
minimum/maximum minimal/maximal  autorise/interdit permis/interdit autorisee/interdite  possible/impossible
valable/perime valide/invalide  disponible/indisponible disponibles/indisponibles  nouveau/ancien neuf/usage
premier/dernier premiere/derniere  toujours/jamais  accepte/refuse acceptee/refusee acceptons/refusons
active/desactive activer/desactiver  envoyer/recevoir  achat/vente acheter/vendre  debut/fin commence/finit
mensuel/annuel/hebdomadaire mensuelle/annuelle  automatique/manuel automatiquement/manuellement
temporaire/definitif  obligatoire/facultatif obligatoire/facultative  sur/sous  tous/aucun toutes/aucune
remboursable/non-remboursable  interieur/exterieur  superieur/inferieur superieure/inferieure  tot/tard
""",
    "es": """
antes/despues/desde/durante  gratis/pago gratuito/pagado gratuita/pagada  mas/menos  abierto/cerrado abierta/cerrada
con/sin  incluye/excluye incluido/excluido incluida/excluida incluidos/excluidos  minimo/maximo minima/maxima
permitido/prohibido permitida/prohibida permite/prohibe  posible/imposible  valido/invalido  disponible/indisponible
nuevo/usado nuevo/viejo nueva/vieja  primero/ultimo primera/ultima primer/ultimo  siempre/nunca
acepta/rechaza aceptado/rechazado aceptamos/rechazamos  activar/desactivar activado/desactivado  enviar/recibir
comprar/vender  empieza/termina comienza/termina  mensual/anual/semanal/diario  automaticamente/manualmente
automatico/manual  temporal/permanente temporalmente/permanentemente  obligatorio/opcional obligatoria/opcional
todos/ninguno todas/ninguna  sobre/bajo  superior/inferior  dentro/fuera  temprano/tarde
reembolsable/no-reembolsable  mayor/menor
""",
    "pt": """
antes/depois/desde/durante  gratis/pago gratuito/pago gratuita/paga  mais/menos  aberto/fechado aberta/fechada
com/sem  inclui/exclui incluido/excluido incluida/excluida incluidos/excluidos  minimo/maximo minima/maxima
permitido/proibido permitida/proibida permite/proibe  possivel/impossivel  valido/invalido
disponivel/indisponivel disponiveis/indisponiveis  novo/usado nova/usada  primeiro/ultimo primeira/ultima
sempre/nunca  aceita/recusa aceitamos/recusamos aceito/recusado  ativar/desativar ativado/desativado
enviar/receber  comprar/vender  comeca/termina  mensal/anual/semanal/diario  automaticamente/manualmente
automatico/manual  temporario/permanente  obrigatorio/opcional obrigatoria/opcional  todos/nenhum todas/nenhuma
sobre/sob  superior/inferior  dentro/fora  cedo/tarde  reembolsavel/nao-reembolsavel  maior/menor
""",
}


def _opposites(text: str) -> dict[str, frozenset[str]]:
    """Each word with its contraries. Words are compared as they are written: an ending may be all the difference."""
    table: dict[str, set[str]] = {}
    for group in text.split():
        words = [fold(word) for word in group.split("/")]
        for word in words:
            table.setdefault(word, set()).update(other for other in words if other != word)
    return {word: frozenset(others) for word, others in table.items()}


OPPOSITES: Mapping[str, Mapping[str, frozenset[str]]] = {code: _opposites(text) for code, text in _OPPOSITES.items()}

NUMBERS: Mapping[str, str] = _table("""
0: zero null cero
2: two zwei deux dos dois duas
3: three drei trois tres
4: four vier quatre cuatro quatro
5: five funf cinq cinco
6: six sechs seis
7: seven sieben sept siete sete
8: eight acht huit ocho oito
9: nine neun neuf nueve nove
10: ten zehn dix diez dez
11: eleven elf onze once
12: twelve zwolf douze doce doze dozen dutzend douzaine docena duzia
13: thirteen dreizehn treize trece treze
14: fourteen vierzehn quatorze catorce catorze
15: fifteen funfzehn quinze quince
16: sixteen sechzehn seize dieciseis dezesseis dezasseis
17: seventeen siebzehn
18: eighteen achtzehn dieciocho dezoito
19: nineteen neunzehn
20: twenty zwanzig vingt veinte vinte
30: thirty dreissig trente treinta trinta
40: forty vierzig quarante cuarenta quarenta
50: fifty funfzig cinquante cincuenta cinquenta
60: sixty sechzig soixante sesenta sessenta
70: seventy siebzig setenta
80: eighty achtzig ochenta oitenta
90: ninety neunzig noventa
100: hundred hundert cent cien cem
""")
"""Written-out numbers; "one" is left out, for it mostly counts nothing."""

ONES = frozenset({"one", "ein", "eine", "einen", "einem", "einer", "un", "une", "una", "um", "uma"})
"""These count only before a unit."""

NUMBERS_IN: Mapping[str, frozenset[str]] = {
    "en": _words("""
zero two three four five six seven eight nine ten eleven twelve dozen thirteen fourteen fifteen sixteen
seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred
"""),
    "de": _words("""
zwei drei vier funf sechs sieben acht neun zehn elf zwolf dutzend dreizehn vierzehn funfzehn sechzehn siebzehn
achtzehn neunzehn zwanzig dreissig vierzig funfzig sechzig siebzig achtzig neunzig hundert null
"""),
    "fr": _words("""
zero deux trois quatre cinq six sept huit neuf dix onze douze douzaine treize quatorze quinze seize vingt
trente  quarante cinquante soixante cent
"""),
    "es": _words("""
cero dos tres cuatro cinco seis siete ocho nueve diez once doce docena trece catorce quince dieciseis
dieciocho  veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa cien
"""),
    "pt": _words("""
zero dois duas tres quatro cinco seis sete oito nove dez onze doze duzia treze catorze quinze dezesseis
dezasseis dezoito vinte trinta quarenta cinquenta sessenta setenta oitenta noventa cem
"""),
}

SCALES: Mapping[str, int] = {
    "thousand": 1_000,
    "tausend": 1_000,
    "mille": 1_000,
    "mil": 1_000,
    "million": 1_000_000,
    "millions": 1_000_000,
    "millionen": 1_000_000,
    "millon": 1_000_000,
    "millones": 1_000_000,
    "milhao": 1_000_000,
    "milhoes": 1_000_000,
    "billion": 1_000_000_000,
    "billions": 1_000_000_000,
    "milliarden": 1_000_000_000,
    "milliarde": 1_000_000_000,
    "milliards": 1_000_000_000,
    "milliard": 1_000_000_000,
    "trillion": 1_000_000_000_000,
}

UNITS: Mapping[str, str] = _table("""
second: second seconds sec secs sekunde sekunden seconde secondes segundo segundos
minute: minute minutes min mins minuten minuto minutos
hour: hour hours hr hrs stunde stunden heure heures hora horas
day: day days tag tage tagen tages jour jours dia dias
workday: weekday weekdays werktag werktage werktagen arbeitstag arbeitstage arbeitstagen bankarbeitstage geschaftstage
week: week weeks woche wochen semaine semaines semana semanas
month: month months monat monate monaten monats mois mes meses
quarter: quarter quarters quartal quartale
year: year years yr yrs jahr jahre jahren ans an annee annees ano anos
decade: decade decades
century: century centuries jahrhundert siecle siecles siglo siglos seculo seculos
percent: % percent prozent pourcent
dollar: $ usd dollar dollars us$ dolar dolares
euro: € eur euro euros
pound: £ gbp quid
yen: ¥ jpy yen
franc: chf franken francs
rupee: ₹ inr rupee rupees
cent: cents centimes
kilogram: kg kgs kilo kilos kilogram kilograms kilogramm kilogramme kilogrammes kilogramo kilogramos quilograma
gram: g gram grams gramm gramme grammes gramo gramos grama gramas
ton: ton tons tonne tonnes tonnen tonelada toneladas
lb: lb lbs
ounce: oz ounce ounces
kilometer: km kilometer kilometers kilometre kilometres kilometern kilometro kilometros quilometro quilometros
meter: m meter meters metre metres metern metro metros
centimeter: cm centimeter centimeters centimetre centimetres
millimeter: mm millimeter millimeters
mile: mile miles mi meile meilen milla millas milha milhas
foot: ft foot feet
inch: inch inches
acre: acre acres
hectare: hectare hectares ha
liter: l liter liters litre litres litro litros
gallon: gallon gallons
degree: degree degrees grad
gigabyte: gb gigabyte gigabytes
megabyte: mb megabyte megabytes
kilobyte: kb kilobyte kilobytes
terabyte: tb terabyte terabytes
time: times mal fois veces vezes
point: points point
""")
"""What a number can be counted in, in whatever language."""

WORKING = frozenset({"working", "business", "ouvrables", "ouvres", "ouvre", "ouvrable", "laborables", "laborable"}) | {
    "habiles",
    "habil",
    "uteis",
    "util",
}
"""Before or after `day`, these make it a working day."""

CURRENCIES = frozenset({"dollar", "euro", "pound", "yen", "franc", "rupee", "cent"})

MONTHS: Mapping[str, str] = _table("""
month-1: january jan januar janvier enero janeiro
month-2: february feb februar fevrier febrero fevereiro
month-3: march marz mars marzo marco
month-4: april apr avril abril
month-5: may mai mayo maio
month-6: june jun juni juin junio junho
month-7: july jul juli juillet julio julho
month-8: august aug aout agosto
month-9: september sept sep septembre septiembre setembro
month-10: october oct oktober octobre octubre outubro
month-11: november nov novembre noviembre novembro
month-12: december dec dezember decembre diciembre dezembro
""")
ALSO_WORDS = frozenset({"may", "march", "mars", "marco", "mai", "jun", "jan", "sep", "august", "dec", "oct"})
"""Months that are words or names too: they count with a capital and a number or a small word of time beside them."""

WEEKDAYS: Mapping[str, str] = _table("""
weekday-1: monday mon montag lundi lunes segunda-feira
weekday-2: tuesday tue tues dienstag mardi martes terca-feira terca
weekday-3: wednesday wed mittwoch mercredi miercoles quarta-feira
weekday-4: thursday thu thur thurs donnerstag jeudi jueves quinta-feira
weekday-5: friday fri freitag vendredi viernes sexta-feira sexta
weekday-6: saturday sat samstag sonnabend samedi sabado
weekday-7: sunday sun sonntag dimanche domingo
""")
SHORT_DAYS = frozenset({"mon", "tue", "wed", "thu", "fri", "sat", "sun", "sexta"})

ORDINALS: Mapping[str, str] = _table("""
th-1: first 1st erste ersten erster erstes premier premiere primero primera primer primeiro primeira
th-2: 2nd zweite zweiten zweiter deuxieme segunda
th-3: third 3rd dritte dritten dritter troisieme tercero tercera tercer terceiro terceira
th-4: fourth 4th vierte vierten quatrieme cuarto cuarta quarto quarta
th-5: fifth 5th funfte funften cinquieme quinto quinta
th-6: sixth 6th sechste sechsten sixieme sexto
th-7: seventh 7th septieme septimo setimo
th-8: eighth 8th huitieme octavo oitavo
th-9: ninth 9th neuvieme noveno nono
th-10: tenth 10th dixieme decimo
""")

_SOCIAL = {
    "en": """
anything answer anytime ask assist assistance best bye chat contact else enjoy feel glad good great happy hear hello
help
hi hope hopefully kind know let luck matter moment nice note ok okay pleasure please question questions reach regards
sorry sure take thank thanks time touch welcome wish wonderful write writing day further free more clarify understand
apologize apologies inconvenience appreciate patience trouble trying
""",
    "de": """
antwort bitte danke fragen frage freue freuen freut gern gerne gruss grusse gute gutes guten hallo helfen helfe hilfe
hoffe hoffentlich jederzeit leid melden tut tag viel vielen vergnugen weiter weitere weiteren weiterhelfen willkommen
wunsche wunschen schreiben schonen erfolg sagen wissen verstehe entschuldigung
""",
    "fr": """
aide aider avec besoin bienvenue bonjour bonne cordialement demander desole desolee espere excellente heureux hesitez
journee merci plaisir question questions ravi ravie savoir salutations volontiers autre comprends excuses dire ecrire
""",
    "es": """
ayuda ayudar ayudarle bienvenido buen buenos cordial cordialmente dia duda dudas encantado espero favor feliz gracias
gusto hola lamento pregunta preguntas preguntar puedo saludos saber siento necesita necesitas escribir decir entiendo
""",
    "pt": """
ajuda ajudar bem-vindo bom dia disposicao duvida duvidas espero feliz fico lamento obrigado obrigada ola perguntar
pergunta perguntas posso prazer saber sinto satisfacao precisar precisa escrever dizer entendo cumprimentos
""",
}
SOCIAL: Mapping[str, frozenset[str]] = {
    code: frozenset(root(fold(word), code) for word in words.split()) for code, words in _SOCIAL.items()
}
"""Words of courtesy, as roots: a sentence of nothing else states no fact."""

_FRAMES = """
according answer article far see articles based besides case documentation essentially example fact finally
generally guide help
however information instance intended meaning means mentioned namely note noted otherwise overall page pages passage
passages please policy regarding says short specifically states summary therefore thus yes
laut hilfeseite hilfeseiten artikel seite angaben kurz ja also beispiel somit daher selon oui donc article segun si
pagina
articulo segundo sim portanto exemple ejemplo exemplo
"""
FRAMES = frozenset(stem(fold(word)) for word in _FRAMES.split()) | frozenset(
    light_root(fold(word)) for word in _FRAMES.split()
)
"""Words that only lead over to a statement."""

_SECRETS = """
password passwords passcode passcodes passphrase pin cvv cvc otp credential credentials login ssn iban
passwort passworter kennwort kennworter tan zugangsdaten kreditkartennummer
passe identifiants contrasena contrasenas clave claves senha senhas wachtwoord wachtwoorden haslo hasla parola lozinka
sifre sifreniz losenord adgangskode passord salasana heslo jelszo
"""
SECRETS = frozenset(_SECRETS.split())
_TELLING = """
send tell give share provide reply email mail message text write submit disclose forward hand
senden schicken sagen geben nennen mitteilen schreiben teilen mailen weitergeben sende schicke nenne
envoyez envoyer donnez donner dites communiquez communiquer ecrivez partagez transmettez
envie enviar diga dar comparta compartir escriba mande mandar facilite
envie enviar diga compartilhe compartilhar escreva forneca informe
"""
TELLING = frozenset(_TELLING.split())
