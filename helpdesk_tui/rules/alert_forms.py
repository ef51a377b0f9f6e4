"""How monitoring systems word their subjects: each form names what it is about and how that stands.

A form is matched against a whole subject. Its groups `what`, `kind` and `host` name the matter, `type` and `now` its
state; `now` is asked where `type` decides nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAGIOS_TYPES = (
    "PROBLEM|RECOVERY|ACKNOWLEDGEMENT|FLAPPINGSTART|FLAPPINGSTOP|FLAPPINGEND|FLAPPINGDISABLED|DOWNTIMESTART|DOWNTIMEEND"
    "|DOWNTIMECANCELLED|DOWNTIMEREMOVED|CUSTOM"
)
_NAGIOS_STATES = "OK|WARNING|CRITICAL|UNKNOWN|UP|DOWN|UNREACHABLE"
_CHECKMK_STATES = "OK|WARN|WARNING|CRIT|CRITICAL|UNKN|UNKNOWN|UP|DOWN|UNREACH|UNREACHABLE|PEND"
_PRTG_STATES = "Down|Up|Warning|Unusual|Unknown|Error|Paused"


@dataclass(frozen=True, slots=True)
class Form:
    """One way to word a subject.

    Args:
        system: who words it so; it parts the matters of two systems.
        is_vague: a person may word it so too: the rest of the mail has to be a machine's.
        has_counts: times and numbers of occurrences stand in it, which are no part of the matter.
    """

    system: str
    pattern: re.Pattern[str]
    is_vague: bool = False
    has_counts: bool = False


FORMS = (
    Form(
        "nagios",
        re.compile(
            rf"\*\* ?(?P<type>{_NAGIOS_TYPES})(?: \(?[A-Z]+\)?)? (?:(?P<kind>Service|Host) )?[Aa]lert(?::| -) ?(?P<what>.+)"
            rf" is (?P<now>{_NAGIOS_STATES})!? ?\*\*"
        ),
    ),
    Form("nagios", re.compile(r"Host (?P<now>DOWN|UP|UNREACHABLE) alert for (?P<what>.+)!")),
    Form("icinga", re.compile(rf"\[(?P<type>{_NAGIOS_TYPES})\] (?P<what>.+) is (?P<now>{_NAGIOS_STATES})!?")),
    Form("icinga", re.compile(rf"(?P<type>{_NAGIOS_TYPES}) - (?P<what>.+) is (?P<now>{_NAGIOS_STATES})!?")),
    Form("prometheus", re.compile(r"\[(?P<now>FIRING|RESOLVED)(?::\d{1,6})?(?:, RESOLVED:\d{1,6})?\] *(?P<what>\S.*)")),
    Form("grafana", re.compile(r"\[(?P<now>Alerting|OK|No Data|Pending)\] (?P<what>.+ alert)"), is_vague=True),
    Form(
        "checkmk",
        re.compile(rf"Check_?[Mm][Kk]: (?P<what>.+) (?:{_CHECKMK_STATES}) ?-> ?(?P<now>{_CHECKMK_STATES})"),
    ),
    Form("checkmk", re.compile(r"Check_?[Mm][Kk]: (?P<what>.+) (?P<now>Acknowledged)(?: \(.*\))?")),
    Form(
        "prtg",
        re.compile(
            rf"\[PRTG[^\]]{{0,100}}\] (?P<what>.+) (?P<now>Down Acknowledged|(?:{_PRTG_STATES})(?: ended)?)(?: ESCALATION)?"
            r"(?: \(.*\))?"
        ),
    ),
    Form("uptimerobot", re.compile(r"(?:\W{1,4})?Monitor is (?P<now>DOWN|UP): (?P<what>.+)")),
    Form("uptimekuma", re.compile(r"\[(?P<what>[^\[\]]+)\] \[(?:[^\w\[\]]{1,4} ?)?(?P<now>Down|Up)\](?: .*)?")),
    Form("pingdom", re.compile(r"(?P<now>DOWN|UP) alert: (?P<what>.+) is (?:DOWN|UP)")),
    Form("healthchecks", re.compile(r"(?P<now>DOWN|UP) \| (?P<what>.+)")),
    Form("cloudwatch", re.compile(r"(?P<now>ALARM|OK|INSUFFICIENT_DATA): (?P<what>\".{1,255}\" in .+)")),
    Form("azure", re.compile(r"(?P<now>Fired|Resolved):Sev\d (?P<what>Azure Monitor Alert .+)")),
    Form("smartd", re.compile(r"SMART (?P<now>error) \((?P<kind>\w+)\) detected on host: (?P<host>\S+)")),
    Form(
        "mdadm",
        re.compile(
            r"(?P<now>Fail|FailSpare|DegradedArray|SparesMissing|DeviceDisappeared|RebuildStarted|Rebuild\d\d?"
            r"|RebuildFinished|SpareActive|TestMessage) event on (?P<what>/dev/[^\s:]+:\S+)"
        ),
    ),
    Form("cron", re.compile(r"Cron <(?P<host>[^<>\s]+@[^<>\s]+)> (?P<what>.+)")),
    Form("anacron", re.compile(r"Anacron job '(?P<what>[^']+)' on (?P<host>\S+)")),
    Form("veeam", re.compile(r"\[(?P<now>Success|Warning|Failed)\] (?P<what>.+)"), is_vague=True, has_counts=True),
    Form(
        "proxmox", re.compile(r"vzdump backup status \((?P<host>[^()]+)\) ?: (?P<now>backup successful|backup failed)")
    ),
    Form(
        "bacula",
        re.compile(r"(?:Bacula|Bareos): (?P<kind>\w+) (?P<now>OK|Error|Fatal Error|Canceled)\b.* of (?P<what>.+)"),
    ),
)

#: Zabbix words it like a person: the lines below the subject must be its own.
ZABBIX = re.compile(r"(?P<now>Problem|PROBLEM|Resolved|OK|Updated problem)(?: in \d[\dywdhms ]{0,40})?: (?P<what>.+)")
ZABBIX_LINE = re.compile(
    r"^(?:Original problem ID: *\d+|Trigger status: *(?:OK|PROBLEM)|Current problem status is )", re.M
)
ZABBIX_HOST = re.compile(r"^(?:Host|Trigger host): *(\S.*)$", re.M)
ZABBIX_ID = re.compile(r"^Original problem ID: *(\d+)", re.M)
SMART_DEVICE = re.compile(r"^Device: *(/dev/\S+.*)$", re.M)
