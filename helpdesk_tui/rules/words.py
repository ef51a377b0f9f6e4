"""How text is cut into words for searching: one function for both stores, so that both find the same tickets.

A word is a run of letters and digits. It is folded (case, accents; ä = ae = a, ß = ss), then stemmed as German and
as English, so that "Rechnungen" finds "Rechnung" and "printing" finds "prints" whatever the ticket's language.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import islice

import snowballstemmer

#: Text beyond this many bytes (UTF-8) of one message is not searched (it is stored all the same).
MESSAGE_LIMIT = 256 * 1024
#: What all words of a ticket may weigh in the index; PostgreSQL refuses a tsvector of 1 MiB or more.
TICKET_COST = 900_000
#: So many different words of a message are stemmed, the rest only folded: a log of a megabyte must not take seconds.
STEMMED_WORDS = 4000
_LONGEST_WORD = 64
#: A lexeme costs its bytes, a length byte, alignment and its first position (PostgreSQL, tsvector on disk).
_LEXEME_OVERHEAD = 6
#: Bytes of each further position of a lexeme.
_SEEN_AGAIN = 3

_WORD = re.compile(r"[^\W_]+")
_DIGRAPH = re.compile("[aou]e")
_german = snowballstemmer.stemmer("german")
_english = snowballstemmer.stemmer("english")


def fold(text: str) -> str:
    """Text as it is compared: lower case, without accents, umlauts and their two-letter forms made one letter."""
    return _DIGRAPH.sub(lambda found: found[0][0], _bare(text))


def words(text: str) -> list[str]:
    """The words of a text in order, folded and stemmed; of at most `MESSAGE_LIMIT` characters."""
    return _words(text, set())


def of_message(texts: Iterable[str]) -> list[str]:
    """The words of all texts of one message, as far as they are among its first `MESSAGE_LIMIT` bytes."""
    found: list[str] = []
    stemmed: set[str] = set()
    room = MESSAGE_LIMIT
    for text in texts:
        # No letter has less than a byte, so that the slice keeps a huge text from being encoded whole.
        piece = text[:room].encode("utf-8", "replace")[:room]
        room -= len(piece)
        found += _words(piece.decode("utf-8", "ignore"), stemmed)
    return found


def cost(new_words: Iterable[str]) -> int:
    """What these words weigh in the index, an upper bound in bytes."""
    every = list(new_words)
    different = set(every)
    again = len(every) - len(different)
    return len("".join(different).encode()) + _LEXEME_OVERHEAD * len(different) + _SEEN_AGAIN * again


def fit(new_words: list[str], room: int) -> list[str]:
    """As many of these words, from the first, as the index has room for."""
    while new_words and cost(new_words) > room:
        new_words = new_words[: len(new_words) * 3 // 4]
    return new_words


def _words(text: str, stemmed: set[str]) -> list[str]:
    """The words of one of several texts; `stemmed` holds those of all of them that are stemmed, and grows."""
    found = _WORD.findall(_bare(text[:MESSAGE_LIMIT])[:MESSAGE_LIMIT])
    new = (word for word in dict.fromkeys(found) if word not in stemmed)
    stemmed |= set(islice(new, STEMMED_WORDS - len(stemmed)))
    return [_stem(word) if word in stemmed else fold(word)[:_LONGEST_WORD] for word in found]


def _bare(text: str) -> str:
    """Text in lower case without accents, however they are written: as a letter, or as a sign behind it."""
    lowered = text.casefold()
    if lowered.isascii():
        return lowered
    return "".join(c for c in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(c))


@lru_cache(maxsize=100_000)
def _stem(word: str) -> str:
    folded = fold(word)[:_LONGEST_WORD]
    stemmed: str = _english.stemWord(_german.stemWord(folded))
    return stemmed or folded
