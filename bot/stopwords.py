"""The words that carry no subject, in five languages: left out of a search, and telling which language a text is in."""

from collections.abc import Mapping

# Folded as `bot/words.py` folds: lower case, no accents, no apostrophes ("don't" is read as "don" and "t").
_ENGLISH = """
a about after again all also am an and any anybody anyone anything are as at be because been before being both
but by can cannot could d did didn do does doesn doing don done down each either else etc even ever every few
for from further get gets getting give go goes going gonna got had hadn has hasn have haven having he hello help
her here hers hey hi him his how however i if in into is isn it its itself just kindly know let like ll looking
m made make many may maybe me might mine more most much must my myself need needs no nor not now of off ok okay
on once one only onto or other our ours out over own per please possible quite rather re really s same say see
seem shall she should shouldn so some somebody someone something still such sure t tell than thank thanks that
the their them then there these they thing things this those though through to too trying under until up upon us
use used using ve very via want wanted wants was wasn way we well were weren what whatever when where whether
which while who whom whose why will with within without won wonder wondering would wouldn yes yet you your yours
yourself
"""

_GERMAN = """
aber alle allem allen aller alles als also am an ander andere anderen auch auf aus bei beim bin bis bist bitte
brauche da damit danke dann das dass dein deine dem den denn der des dich die dies diese diesem diesen dieser
dieses dir doch dort du durch ein eine einem einen einer eines er es etwas euch euer eure fur ganz geht gern
gerne gibt guten hab habe haben habt hallo hat hatte hatten hier hilfe ich ihm ihn ihnen ihr ihre ihrem ihren
ihrer im in ist ja jede jedem jeden jeder jedes jetzt kann kannst kein keine keinem keinen konnen konnte konnten
mal man mein meine meinem meinen meiner mich mir mit mochte muss mussen nach nein nicht nichts noch nun nur ob
oder ohne schon sehr sein seine sich sie sind so soll sollen sollte sonst uber um und uns unser unsere unter
viel viele vom von vor wann war waren warum was weil welche welchem welchen welcher welches wenn wer werde
werden wie wieder wieso wieviel will wir wird wo wollen wollte wurde wurden zu zum zur zwischen
"""

_FRENCH = """
ai alors au aucun aussi autre autres aux avec avez avoir avons ayant bien bonjour c ca ce ceci cela celle celui
ces cet cette ceux chez comme comment d dans de des deux donc dont du elle elles en encore es est et etaient
etait etant ete etes etre eu eux faire fait faut il ils j jai je jusqu l la laquelle le lequel les leur leurs
lorsque lui m ma mais me meme merci mes moi mon n ne ni nos notre nous on ont ou par parce pas peut peux plait
plus pour pourquoi pouvez pourrais puis puisje qu quand que quel quelle quelles quels qui quoi s sa sans se sera
ses si sil son sont sous suis sur t ta te tes toi ton tous tout toute toutes tres tu un une veux vos votre
voudrais vous vouloir y
"""

_SPANISH = """
a al algo algun alguna algunas algunos ante antes aqui asi aun aunque buenas buenos cada como con cual cuales
cuando cuanta cuantas cuanto cuantos de del desde donde dos e el ella ellas ellos en entre era eres es esa esas
ese eso esos esta estaba estan estar estas este esto estos estoy favor fue fueron gracias ha haber habia hace
hacer han has hasta hay he hola la las le les lo los mas me mi mis mucho muy nada necesito ni no nos nosotros
nuestra nuestro o os otra otras otro otros para pero poder por porque puede puedo pueden que quien quiero
quisiera se sea segun ser si sido sin sobre sois solo somos son soy su sus tambien tan tanto te tengo tener ti
tiene tienen todo todos tu tus u un una unas uno unos usted ustedes y ya yo
"""

_PORTUGUESE = """
a ao aos as agora aqui ainda algum alguma ate bem boa bom cada com como da das de dela dele deles depois do dos
e ela elas ele eles em entao entre era essa essas esse esses esta estao estar estas estava este estes estou eu
favor faz fazer foi for foram fosse gostaria ha isso isto ja la lhe lhes mais mas me mesmo meu meus minha minhas
muito na nao nas nem no nos nossa nosso num numa o obrigada obrigado oi ola onde os ou para pela pelas pelo
pelos pode podem poderia por porque posso preciso pra qual quais quando quanto quantos que quem quero sao se
seja sem ser sera seu seus so sobre sou sua suas tambem tem tenho ter teu tu tua um uma umas uns voce voces vos
"""

STOP_WORDS: Mapping[str, frozenset[str]] = {
    "en": frozenset(_ENGLISH.split()),
    "de": frozenset(_GERMAN.split()),
    "fr": frozenset(_FRENCH.split()),
    "es": frozenset(_SPANISH.split()),
    "pt": frozenset(_PORTUGUESE.split()),
}
