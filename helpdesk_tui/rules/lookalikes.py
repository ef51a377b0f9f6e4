"""Words that look like others: which alphabets one mixes, and what it may be taken for (after Unicode UTS #39)."""

from __future__ import annotations

from functools import cache
from unicodedata import category, name, normalize

#: Alphabets that one word may mix, as the languages that need several do (UTS #39 §5.2, "highly restrictive").
_TOGETHER = (
    frozenset({"LATIN", "CJK", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "CJK", "HANGUL"}),
    frozenset({"LATIN", "CJK", "BOPOMOFO"}),
)
#: Alphabets whose letters nobody takes for Latin ones, so that each may stand beside them.
_UNLIKE_LATIN = frozenset(
    ["ARABIC", "BENGALI", "DEVANAGARI", "ETHIOPIC", "GEORGIAN", "GUJARATI", "GURMUKHI", "HEBREW", "KANNADA", "KHMER",
     "LAO", "MALAYALAM", "MYANMAR", "ORIYA", "SINHALA", "TAMIL", "TELUGU", "THAANA", "THAI", "TIBETAN"]
)  # fmt: skip
#: Letters that are Latin ones to the eye; a word of these alone imitates another.
_SAME = str.maketrans(
    "асԁеһіјӏорԛѕԝхуьпгѵѡ" + "οαικνρυτηω" + "օոսհցզ",
    "acdehijlopqswxybnrvw" + "oaikvputnw" + "onuhgq",
)
#: Letters that are so only to who expects them; `i`, `l` and `1` are one, and so are `o` and `0`.
_SIMILAR = str.maketrans(
    "вкмнтзиґ" + "χγεβμσ" + "ıɩɑɡøłđħŧʋᴏꜱ" + "1i0",
    "bkmhteur" + "xyebmo" + "llagoldhtvos" + "llo",
)
_PAIRS = (("rn", "m"), ("vv", "w"))
_LONGEST = 300


def scripts(text: str) -> frozenset[str]:
    """The alphabets of the letters in a text, by the first word of their Unicode names: `LATIN`, `CJK`."""
    plain = normalize("NFKC", text[:_LONGEST])
    return frozenset(_script(letter) for letter in plain if category(letter) in ("Ll", "Lu", "Lt", "Lo"))


def is_mixed(word: str) -> bool:
    """True where a word mixes alphabets as no language does."""
    if word.isascii():
        return False
    found = scripts(word)
    if len(found) < 2 or any(found <= together for together in _TOGETHER):
        return False
    return not (len(found) == 2 and "LATIN" in found and found - {"LATIN"} <= _UNLIKE_LATIN)


def imitated(word: str) -> str:
    """The Latin word for which a word of another alphabet is taken as a whole; "" where it is taken for none."""
    if word.isascii() or "LATIN" in scripts(word):
        return ""
    latin = _lower(word).translate(_SAME)
    return latin if latin.isascii() and any(letter.isalpha() for letter in latin) else ""


def skeleton(word: str) -> str:
    """A word as the eye takes it in: equal for words that are easily taken for each other."""
    plain = "".join(letter for letter in normalize("NFD", _lower(word)) if category(letter) != "Mn")
    seen = plain.translate(_SAME).translate(_SIMILAR)
    for pair, letter in _PAIRS:
        seen = seen.replace(pair, letter)
    return seen


def is_near(one: str, other: str) -> bool:
    """True where one letter more, less, changed or two swapped ones make a word of another; False for equal words."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rest, other_rest = one[at:], other[at:]
    is_swapped = rest[:2] == other_rest[1::-1] and rest[2:] == other_rest[2:]
    return is_swapped or rest[1:] in (other_rest, other_rest[1:]) or rest == other_rest[1:]


def _lower(word: str) -> str:
    return normalize("NFKC", word[:_LONGEST]).casefold()


@cache
def _script(letter: str) -> str:
    first = name(letter, "UNNAMED").partition(" ")[0]
    return "CJK" if first == "IDEOGRAPHIC" else first
