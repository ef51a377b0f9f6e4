"""State words at the ends of a subject, in German and English, and what is left of it without them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PROBLEM = (
    r"problem|critical|crit|warning|warn|down|alert|alarm|failed|failure|failing|errors?|unreachable|offline|unavailable"
    r"|not (?:available|reachable|responding|running)|degraded|outage|triggered|fatal|störung|gestört|ausgefallen|ausfall"
    r"|fehler(?:haft)?|fehlgeschlagen|nicht (?:erreichbar|verfügbar|erfolgreich)|kritisch|warnung|überschritten"
)
_RECOVERY = (
    r"ok|up|online|recovery|recovered|resolved|cleared|back to normal|normal|success(?:ful(?:ly)?)?|succeeded|fixed"
    r"|available|reachable|störung behoben|behoben|erfolgreich|entstört|erreichbar|verfügbar|wiederhergestellt|entwarnung"
)
_WORD = rf"(?:(?P<problem>{_PROBLEM})|(?P<recovery>{_RECOVERY}))(?!\w)"
_TAGS = r"(?P<tags>(?:\[[^\[\]]{1,60}\] ?){0,2}?)"
#: At the front a word is a state only in brackets, stars, or before a colon or bar.
_MARKED = re.compile(
    rf"{_TAGS}(?:[\[(*]{{1,2}} ?{_WORD} ?[\])*]{{1,2}}[ :|–-]{{0,3}}|{_WORD.replace('P<', 'P<bare_')} ?[:|] ?)", re.I
)
#: These also stand before the matter without any mark, where its end says how it goes on.
_OPENING = re.compile(r"(?:störung(?:smeldung)?|alert|alarm|ausfall) (?=\S)", re.I)
_LAST = re.compile(
    rf"(?:^|[ :|(\[*–-]{{1,4}})(?:(?:is|ist|wurde|has|been|now|jetzt|wieder|back|was) ){{0,3}}(?<!not )(?<!nicht ){_WORD}[ )\]*!.]{{0,4}}\Z",
    re.I,
)
_TIME = re.compile(
    r"(?<![\w.:/-])(?:\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:\.\d{1,6})?(?:Z|[+-]\d\d:?\d\d)?)?"
    r"|\d{1,2}\.\d{1,2}\.(?:19|20)\d\d|\d{1,2}/\d{1,2}/(?:19|20)\d\d"
    r"|\d{1,2}:\d\d(?::\d\d)?(?: ?(?:Uhr|AM|PM|CES?T|MES?Z|UTC|GMT)(?!\w))?)(?![\w:/-]|\.\w)"
)
_COUNT = re.compile(
    r"[(\[](?:#\d{1,9}|\d{1,9} ?x|x ?\d{1,9}|\d{1,9} ?(?:times?|mal|objects?|objekte?|vms?|machines?|occurrences?|events?"
    r"|errors?|warnings?|failed|min\w{0,6}|h|hours?|stunden?|s|sec\w{0,6})(?!\w)[^()\[\]]{0,60})[)\]]",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Said:
    """The matter of a subject without its state words, and whether they say that it is over."""

    matter: str
    is_over: bool


def said_plainly(subject: str) -> Said | None:
    """What a subject says that begins or ends in a state word, None for others and those that hold nothing else."""
    rest, marked = subject.strip(), None
    if front := _MARKED.match(rest):
        marked = bool(front["recovery"] or front["bare_recovery"])
        rest = front["tags"] + rest[front.end() :]
    last = _LAST.search(rest)
    if last:
        rest = rest[: last.start()]
        rest = _OPENING.sub("", rest, count=1) if _OPENING.match(rest) else rest
    if marked is None and last is None:
        return None
    matter = without_counts(rest).strip(" :|-–!*")
    return Said(matter, bool(marked) or bool(last and last["recovery"])) if re.search(r"\w", matter) else None


def without_counts(text: str) -> str:
    """A text without times and numbers of occurrences."""
    return " ".join(_COUNT.sub(" ", _TIME.sub(" ", text)).split())
