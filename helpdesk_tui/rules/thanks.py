"""Mails that say thank you and nothing else, in German and English: what was solved stays solved."""

from __future__ import annotations

import re
from collections.abc import Collection

#: A longer mail says more.
_LONGEST = 400
_THANKS = re.compile(
    r"\b(?:danke?|dank|dankesch[öo]e?n|bedanke?n?|merci|thx|thanks?|thank|ty|cheers|much appreciated|appreciate it)\b",
    re.I,
)
#: What may stand beside it: politeness, praise, names of things that work again; each takes its words away.
_BESIDE = re.compile(
    r"""\b(?:
    hallo|hi|hello|hey|dear|liebe[rs]?|sehr\s+geehrte[rs]?|frau|herr|mr|mrs|ms|team|guten\s+(?:tag|morgen|abend)|moin|servus
    |viel(?:e|en)|herzlich(?:e|en)?|besten?|lieben?|recht|ganz|schön(?:en)?|many|so|very|much|a\s+lot|again|nochmals?|noch\s?mal
    |f(?:ü|ue)r|for|die|der|das|den|dem|ihre?n?|eure?n?|deine?n?|your|the|all|alle[ns]?|es|it|that|this|now|jetzt|and|und|me|mir
    |schnelle?n?|rasche?n?|prompte?n?|gute?n?|tolle?n?|super|prima|perfekt|klasse|great|quick|fast|kind|perfect|excellent
    |(?:it|das|es|alles|everything)\s+(?:works|is\s+working|funktioniert|klappt|geht|l(?:ä|ae)uft|is\s+fine|ist\s+(?:ok|okay|gut))
    |funktioniert|klappt|l(?:ä|ae)uft|geht|works|working|fine|solved|gel(?:ö|oe)st|erledigt|wieder|alles|everything
    |(?:mit\s+)?(?:freundlichen|besten|herzlichen|vielen|lieben)\s+gr(?:ü|ue)(?:ß|ss)en?|(?:viele|liebe|beste|schöne)\s+gr(?:ü|ue)(?:ß|ss)e
    |gr(?:ü|ue)(?:ß|ss)e?|mfg|lg|vg|(?:kind|best|warm)\s+regards|regards|best|cheers|sincerely|yours|wishes
    |(?:einen\s+)?sch(?:ö|oe)n(?:en|es)\s+(?:tag|abend|wochenende)|have\s+a\s+(?:nice|great|good)\s+(?:day|weekend|evening)
    |ich|wir|i|we|you|sie|ihnen|euch|dir|to|an|bin|am|are|is|ist|sehr|gern(?:e)?|ok|okay|top
    )\b""",
    re.I | re.X,
)
#: What one is thanked for, where words that praise or say so stand before it; alone it is what one asks for.
_DEED = (
    r"(?:hilfe|help|support|unterst(?:ü|ue)tzung|antwort|answer|reply|response|r(?:ü|ue)ckmeldung|bem(?:ü|ue)hungen|m(?:ü|ue)he"
    r"|service|info(?:rmation)?s?)"
)
_PRAISE = (
    r"(?:schnelle?[nrs]?|rasche?[nrs]?|prompte?[nrs]?|gute?[nrs]?|tolle?[nrs]?|nette?[nrs]?|freundliche?[nrs]?|liebe?[nrs]?"
    r"|super|prima|perfekte?[nrs]?|klasse|great|quick|fast|kind|perfect|excellent|good|wonderful|amazing)"
)
_OF_WHOM = r"(?:die|der|das|den|dem|ihre?n?|eure?n?|deine?n?|your|the|all|alle|diese?n?|so|very|sehr|und|and)"
_FOR = re.compile(
    rf"\b(?:(?:for|f(?:ü|ue)r)\s+(?:(?:{_OF_WHOM}|{_PRAISE})\s+)*|(?:{_PRAISE}\s+)+){_DEED}"
    rf"(?:\s+(?:und|and)\s+(?:(?:{_OF_WHOM}|{_PRAISE})\s+)*{_DEED})*\b",
    re.I,
)
_NAME = r"[^\W\d_a-zäöüß][\w'’.-]*"
#: Somebody who is greeted by name, at the end of a line or of what is said to them.
_GREETED = re.compile(
    rf"(?i:\b((?:hallo|hi|hello|hey|dear|liebe[rs]?|moin|servus)(?: +(?:frau|herr|mr|mrs|ms)\b\.?)?|(?:frau|herr|mr|mrs|ms)\b\.?))"
    rf" +{_NAME}(?: +{_NAME})?(?=\s*(?:[,!.]\s|[,!.]?\s*$|[,!.]?\n))",
    re.M,
)
#: Somebody who is thanked by name.
_THANKED = re.compile(rf"(?i:\b(danke?|dank|thanks?|thank\s+you)\b),? +({_NAME}(?: +{_NAME})?)(?=\s*(?:[,!.]|$))", re.M)
#: A name at the very end, below the words a letter ends with.
_SIGNED = re.compile(
    rf"(?i:(gr(?:ü|ue)(?:ß|ss)en?|regards|mfg|lg|vg|yours|sincerely|cheers|wishes))[ ,]*\s+"
    rf"{_NAME}(?:[ ]+{_NAME}){{0,2}}\s*\Z"
)
_WORD = re.compile(r"[^\W\d_]{2,}|\d+")


def is_mere_thanks(text: str, name: str = "", ours: Collection[str] = ()) -> bool:
    """True for a mail that thanks, asks nothing and tells nothing.

    Args:
        name: the sender's, who signs with it. ours: the names of those who may be thanked.
    """
    said = text.strip()
    if not said or len(said) > _LONGEST or "?" in said or not _THANKS.search(said):
        return False
    thanked = set().union(*map(_words, ours))
    rest = _BESIDE.sub(" ", _THANKS.sub(" ", _FOR.sub(" ", _without_names(said, thanked))))
    return _words(rest) <= _words(name)


def _words(text: str) -> set[str]:
    return {one.casefold() for one in _WORD.findall(text)}


def _without_names(said: str, thanked: set[str]) -> str:
    """Without whom it greets, whom of us it thanks and who signs: those names nobody has to know."""
    rest = _GREETED.sub(r"\1 ", said)
    rest = _THANKED.sub(lambda found: found[1] if _words(found[2]) <= thanked else found[0], rest)
    return _SIGNED.sub(r"\1", rest)
