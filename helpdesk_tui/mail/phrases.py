"""What mail programs write around a quoted mail, one row for each language; a new language is one more row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Phrases:
    """The words of one language, alternatives parted by `|`, as regular expressions.

    Args:
        on, wrote: first and last words of "On … wrote:".
        headers: names of the fields From, Date, To, Subject and others in lower case, as Outlook writes them.
        original, forwarded: what stands between the dashes above an earlier mail.
        sent: whole lines that a program puts below a mail.
        legal: how a notice begins that a company puts below every mail, within its first `LONGEST_OPENING` characters.
        below: how somebody says that the answers stand in the quoted mail.
    """

    on: str
    wrote: str
    headers: tuple[str, str, str, str, str]
    original: str
    forwarded: str
    sent: str
    legal: str = ""
    below: str = ""


def any_of(alternatives: Iterable[str]) -> str:
    """One regular expression out of those of all languages."""
    return "|".join(part for part in alternatives if part)


LONGEST_OPENING = 240
#: What a line below a mail names that a program wrote: a device, a program or a service.
PRODUCTS = (
    r"iphone|ipad|ios|macbook|android|galaxy|samsung|huawei|xiaomi|oneplus|pixel|xperia|nokia|blackberry|handheld"
    r"|handy|phone|téléphone|telefoon|telefon\w*|smartphone|tablet|mobil\w*|ger[äa]e?t|device|windows|outlook|e?mail"
    r"|gmail|gmx|yahoo|aol|proton|tuta\w*|thunderbird|spark|sparrow|app|почт\w*"
)
#: Words for "my" in front of a device whose name nobody has heard of.
MINE = "my|meine[mr]|mon|ma|mijn|min|mitt?|mi|mio|meu|mojego|моего"


PHRASES = (
    Phrases(  # English
        on="on|at",
        wrote="wrote|writes|sent|said|quoting",
        headers=("from", "sent|date", "to", "subject", "cc|bcc|reply-to|importance|attachments|organization"),
        original=r"original message|reply message|message from .{1,60}"
        r"|please (?:type|write|enter) your (?:reply|answer) above this line",
        forwarded=r"forwarded message|begin forwarded message|forwarded by .{1,80}|forward(?:ed)? (?:e-?)?mail",
        sent=r"sent (?:from|via|with|using) (?:my |the |a )?(?:[\w'&+.-]+ ){0,5}[\w'&+()./:?-]+\.?"
        r"|get outlook for (?:ios|android)(?: ?<\S+>)?|sent from outlook(?: for \w+)?(?: ?<\S+>)?"
        r"|sent from (?:mail|yahoo mail)(?: ?<\S+>)? (?:for|on) \w+(?: \d+)?(?: ?<\S+>)?",
        legal=r"(?:this|the information (?:contained )?in this|the contents? of this) "
        r"(?:e-?mail|message|communication|transmission)\b.{0,160}\b(?:confidential|privileged|solely|recipient|virus)"
        r"|confidentiality not(?:ice|e)\b|disclaimer\s*(?::|\Z)|legal notice\s*(?::|\Z)|any unauthori[sz]ed"
        r"|if you (?:are|have) (?:not the intended|received this)|please consider the environment|virus-free",
        below=r"(?:see|find|put|wrote|answered|are|comments?|answers?|repl(?:y|ies)) "
        r"(?:my (?:comments|answers|replies) )?(?:inline|below in|in (?:red|blue|green|bold))\b"
        r"|(?:comments|answers|replies) (?:are )?(?:inline|below)\b|\binline (?:comments|answers|replies)",
    ),
    Phrases(  # German
        on="am",
        wrote="schrieb|schreibt|hat geschrieben|geschrieben|zitat von",
        headers=(
            "von",
            "gesendet|datum|gesendet am",
            "an",
            "betreff",
            "kopie|priorität|wichtigkeit|anlagen|antwort an",
        ),
        original=r"urspr(?:ü|ue)ngliche (?:nachricht|mail|e-?mail)|original-?(?:nachricht|mail)|nachricht von .{1,60}"
        r"|bitte (?:geben|schreiben) sie ihre antwort (?:über|oberhalb) dieser (?:zeile|linie)(?: ein)?",
        forwarded=r"(?:anfang der )?weitergeleitete[n]? (?:nachricht|e-?mail)|weitergeleitet von .{1,80}",
        sent=r"(?:diese (?:nachricht|e-?mail) wurde )?von mein(?:em|er)\b.{1,50} (?:aus )?(?:ge|ver)(?:sendet|schickt)"
        r"|(?:gesendet|versendet|verschickt) (?:von|mit|aus|über|via) .{1,60}"
        r"|holen sie sich outlook für (?:ios|android)(?: ?<\S+>)?"
        r"|outlook für (?:ios|android) (?:beziehen|herunterladen)(?: ?<\S+>)?"
        r"|diese (?:nachricht|e-?mail|mail) wurde (?:von|mit) .{1,60} (?:gesendet|versendet|verschickt)\.?",
        legal=r"(?:diese|der inhalt dieser|die informationen in dieser|die in dieser) "
        r"(?:e-?mail|nachricht|mail|mitteilung)\b.{0,160}(?:vertraulich|rechtlich gesch|ausschlie(?:ß|ss)lich|adressat|viren)"
        r"|vertraulichkeitshinweis|(?:haftungsausschluss|disclaimer|rechtlicher hinweis)\s*(?::|\Z)"
        r"|(?:das )?(?:unerlaubte|unbefugte)s? (?:kopieren|weitergabe)|bitte (?:denken|prüfen) sie .{0,60}(?:umwelt|druck)"
        r"|denken sie an die umwelt|(?:wenn|sollten|falls) sie (?:nicht der (?:richtige|beabsichtigte|vorgesehene)"
        r"|diese (?:e-?mail|nachricht) irrtümlich)|(?:informationen|hinweise?) zum datenschutz.{0,60}(?:https?:|www\.)"
        r"|virenfrei",
        below=r"(?:antwort(?:en)?|anmerkung(?:en)?|kommentare?|ergänzung(?:en)?)\b.{0,40}\b(?:unten|inline|im text|in rot)\b"
        r"|(?:siehe|steht|stehen|antworte|s\.) (?:\w+ ){0,2}(?:unten (?:im text|in (?:rot|blau|grün|fett))|inline|im text|in rot)\b"
        r"|\bin (?:rot|blau|grün) (?:unten|markiert|eingefügt|geschrieben|beantwortet)\b",
    ),
    Phrases(  # French
        on="le",
        wrote="a écrit|écrit",
        headers=("de", "envoyé|date|envoyé le", "à|a", "objet|sujet", "copie|cc"),
        original="message d'origine|message original|courriel original",
        forwarded="message transféré|début du message (?:transféré|réexpédié)",
        sent=r"envoyé (?:de|depuis|avec|à partir de) (?:mon |ma |l')?.{1,50}|télécharger outlook pour (?:ios|android)",
        legal=r"ce (?:message|courriel|mail)\b.{0,160}(?:confidentiel|destinataire)",
    ),
    Phrases(  # Spanish
        on="el",
        wrote="escribió|ha escrito",
        headers=("de", "enviado|fecha|enviado el", "para", "asunto", "cc|cco"),
        original="mensaje original",
        forwarded="mensaje reenviado|inicio del mensaje reenviado",
        sent=r"enviado (?:desde|con|de) (?:mi |el )?.{1,50}|obtener outlook para (?:ios|android)",
        legal=r"este (?:mensaje|correo)\b.{0,160}(?:confidencial|destinatari)",
    ),
    Phrases(  # Italian
        on="il",
        wrote="ha scritto|scrive",
        headers=("da", "inviato|data|inviato il", "a", "oggetto", "risposta|cc|ccn"),
        original="messaggio originale",
        forwarded="messaggio inoltrato|inizio messaggio inoltrato",
        sent=r"inviato (?:da|dal|con) (?:mio |il mio )?.{1,50}|scarica outlook per (?:ios|android)",
        legal=r"(?:questo messaggio|questa e-?mail|le informazioni contenute)\b.{0,160}(?:riservat|confidenzial|destinatari)",
    ),
    Phrases(  # Dutch
        on="op",
        wrote="schreef|het volgende geschreven|heeft geschreven",
        headers=("van", "verzonden|datum", "aan", "onderwerp", "cc"),
        original="oorspronkelijk bericht|origineel bericht",
        forwarded="doorgestuurd bericht|begin doorgestuurd bericht",
        sent=r"verzonden (?:vanaf|met|van|vanuit) (?:mijn )?.{1,50}|verstuurd vanaf (?:mijn )?.{1,50}",
        legal=r"(?:dit bericht|deze e-?mail|de informatie in (?:dit|deze))\b.{0,160}(?:vertrouwelijk|bestemd)",
    ),
    Phrases(  # Portuguese
        on="em|no dia",
        wrote="escreveu",
        headers=("de", "enviado|data|enviada em", "para", "assunto", "cc"),
        original="mensagem original",
        forwarded="mensagem encaminhada|mensagem reencaminhada",
        sent=r"enviad[oa] (?:do|de|a partir do) (?:meu )?.{1,50}",
    ),
    Phrases(  # Polish
        on="w dniu|dnia|dn",
        wrote=r"napisał(?:\(a\)|a)?|pisze",
        headers=("od", "wysłano|data|wysłane", "do", "temat", "dw"),
        original="wiadomość oryginalna|oryginalna wiadomość|original message",
        forwarded="przekazana wiadomość|wiadomość przekazana dalej",
        sent=r"wysłan[eo] z (?:mojego )?.{1,50}",
    ),
    Phrases(  # Danish and Norwegian
        on="den|på",
        wrote="skrev|skriver",
        headers=("fra", "sendt|dato", "til", "emne", "kopi"),
        original="oprindelig (?:meddelelse|besked)|opprinnelig melding",
        forwarded="videresendt (?:meddelelse|besked|melding)",
        sent=r"sendt fra (?:min |mit )?.{1,50}",
    ),
    Phrases(  # Swedish
        on="den",
        wrote="skrev",
        headers=("från", "skickat|datum", "till", "ämne", "kopia"),
        original="ursprungligt meddelande|originalmeddelande",
        forwarded="vidarebefordrat meddelande|vidarebefordrat brev",
        sent=r"skickat från (?:min |mitt )?.{1,50}",
    ),
    Phrases(  # Russian and Ukrainian
        on="в|пользователь",
        wrote="написал(?:а|\\(а\\))?|пишет|пише",
        headers=("от|від", "отправлено|дата|надіслано", "кому", "тема", "копия"),
        original="исходное сообщение|оригинальное сообщение",
        forwarded="пересылаемое сообщение|пересланное сообщение",
        sent=r"отправлено (?:с|из) (?:моего )?.{1,50}|надіслано з .{1,50}",
    ),
    Phrases(  # Japanese
        on="",
        wrote="のメール",
        headers=("差出人|送信者", "送信日時|日時|日付", "宛先", "件名", "cc"),
        original="元のメッセージ|オリジナルメッセージ|original message",
        forwarded="転送メッセージ",
        sent="iphoneから送信|私のiphoneから送信",
    ),
)
