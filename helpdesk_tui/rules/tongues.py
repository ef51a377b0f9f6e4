"""The language of a short text, German or English, by the small words that hardly any sentence does without.

Other languages are known only so far that they are not taken for one of the two.
"""

from __future__ import annotations

import re
import unicodedata

_MOST_CHARACTERS = 4_000
_LONGEST_WORD = 20
_LEAST_SCORE = 2
#: By how many times the words of the best language must outnumber those of the next.
_LEAD = 1.5

_WORD = re.compile(r"[^\W\d_]+(?:'[a-z]{1,2}(?![a-z]))?+")
_QUOTED = re.compile(r"^[ \t]*+>.*+$", re.M)
#: Addresses of mail and pages say nothing of the language; a word without an end is looked at once.
_ADDRESS = re.compile(r"(?<!\S)(?=\S)[^\s@:]*+(?:@|://)\S*+")

_SMALL_WORDS = {
    "de": """aber alle als also am an auch auf aus bei beim bin bis bitte da damit dank dann das dass dem den
        denn der des die dies diese diesem diesen dieser doch dort durch ein eine einem einen einer er erst
        es etwas euch euer freundliche freundlichen fuer für gegen gibt gruesse gruessen gruss gruß grüße
        grüßen habe haben hat hatte heute hier ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im in ist ja
        jetzt kann kein keine keinen koennen kommt können könnte könnten leider man mehr mein meine meinem
        meinen meiner mich mir mit morgen muss nach nein nicht nichts noch nun nur ob oder ohne schon sehr
        sein seine seit sich sie sind so soll ueber um und uns unser unsere unter vielen vom von vor wann
        war waren warum was weil weiter wenn wer werden wie wieder wir wird wo wurde zu zum zur zwei über""",
    "en": """a about after again all also am an and any are as at be been but by can can't cannot could did
        do does doesn't don't for from get had has have he her here his how i i'm i've if in invoice is
        isn't it it's its just me more my no not now of on one or our out password please printer regards
        she should since sincerely so some still than that the their them then there they this thx to too up
        us was we were what when where which while who why will with without won't work working works would
        yes yet you your""",
    "nl": """aan al als bedankt bij dag dank dat de deze die dit doen door een en er geen goed graag groet
        had hallo heb heeft het hij hoe ik in is je jullie kan kunnen maar me meer met mij mijn naar niet
        nog nu of om onze ook op over printer te toch u uit uw van veel voor waar was wat we weer wel wij
        wil worden zijn zo zou""",
    "nordic": """af alt at av da de deg den der det dig du efter eller en er et ett etter for fra från får
        för god ha han har hei hej hilsen hjälp hun hur hva hvad hvis hälsning i ikke ingen inte ja jag jeg
        kan kommer kunne man med meg men mig min mit mitt mvh må nej noe nu när någon något når og også om
        on op opp os oss printeren på selv sig sin ska skal skriver som så tack tak takk til till under ut
        vad var ved vi vil vill virker være är över""",
    "fr": """a ai au aux avec bien bonjour c'est ce cette comme cordialement d'une dans de des deux du elle
        en est et fait il ils j'ai je l'imprimante la le les leur lui ma mais me merci mes moi mon ne nous
        on ou où par pas plus pour pouvez qu'il que qui sa salut se ses si sont sur toujours très un une vos
        votre vous à être""",
    "es": """a al como con cuando de del desde el en es esta este está favor gracias ha hace hay he hola la
        las lo los me mi muy más necesito no nos o para pero por porque puede que se ser si sin su sus sí
        también tengo un una y ya yo""",
    "it": """a abbiamo ai al alla anche buongiorno che chi ci come con cosa da dal dei del della di e
        essere fa grazie ha ho i il in io la le lo ma mi mio molto ne nel no noi non o per perché più può
        quando questa questo se si sia solo sono su sul un una vi è""",
    "pt": """a ao as bom com como da das de dia do dos ela ele em esta este está eu foi mais mas me meu
        minha muito na no nos não o obrigada obrigado olá os ou para pode por porque que se sem seu sua
        também um uma você é""",
    "slavic": """a aby ale ani bardzo by być co czy dla do dobrý dzień dziękuję děkuji i ja jak jest jestem
        jsem już k kde kiedy ma mam mi mnie můj můžete na nam nas není nie od on po proszę prosím przed
        przez s się są ta tak ten to tu v w we wszystko z za ze że že""",
}
#: Words that say the language by themselves where a mail has few; they count twice.
_TELLING_WORDS = {
    "de": """anbei anfrage bestellung bitte danke dankeschön drucker erledigt fehler fehlermeldung
        funktioniert geehrte geehrter geht guten habe ich kaputt kennwort kündigen kündigung mfg moin nicht
        passwort rechner rechnung rückruf servus termin tschüss und wünsche""",
    "en": """attached broken cheers dear doesn't don't hello i'm i've isn't please thank thanks the you
        your yours""",
}
_TELLING = {language: frozenset(words.split()) for language, words in _TELLING_WORDS.items()}
_WORDS = {
    language: frozenset(words.split()) | _TELLING.get(language, frozenset()) for language, words in _SMALL_WORDS.items()
}


def language_of(text: str) -> str:
    """The language that a mail is written in: "de", "en", or "" where it is another or not sure.

    Only the beginning counts, and each word once; quoted lines do not.
    """
    words = _words(text[:_MOST_CHARACTERS])
    scores = {language: len(words & known) for language, known in _WORDS.items()}
    for language, telling in _TELLING.items():
        scores[language] += len(words & telling)
    best, second = sorted(scores, key=scores.__getitem__, reverse=True)[:2]
    if scores[best] < _LEAST_SCORE or scores[best] < _LEAD * scores[second]:
        return ""
    return best if best in _TELLING else ""


def _words(text: str) -> set[str]:
    """The different words of a text in lower case."""
    plain = _ADDRESS.sub(" ", _QUOTED.sub(" ", unicodedata.normalize("NFC", text.lower()).replace("’", "'")))
    return {word for word in _WORD.findall(plain) if len(word) <= _LONGEST_WORD}
