"""Which mail is an alert, of which matter, and how that stands; a person's mail is none."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk_tui.rules.alerts import Alert, AlertState, alert_of
from helpdesk_tui.terms import DeliveryReport, IncomingMail, Person
from tests.build import an_incoming

BAD, GOOD, SEEN = AlertState.PROBLEM, AlertState.RECOVERY, AlertState.ACKNOWLEDGED
MACHINE = "alerts@mon.example"
PERSON = "erika@customer.example"

ZABBIX = """{first} at 10:00:00 on 2026.05.12
Problem name: {name}
Host: {host}
Severity: High

Original problem ID: {number}
"""


def a_mail(subject: str, sender: str = PERSON, text: str = "See below.", **fields: object) -> IncomingMail:
    return an_incoming(sender=Person("", sender), subject=subject, text=text, **fields)


def zabbix(subject: str, name: str = "Disk full", host: str = "web01", number: int = 1) -> IncomingMail:
    return a_mail(subject, text=ZABBIX.format(first="Problem started", name=name, host=host, number=number))


@dataclass(frozen=True)
class Matter:
    """The mails of one matter with the state that each tells."""

    mails: tuple[tuple[IncomingMail, AlertState | None], ...]


def told(*subjects: tuple[str, AlertState | None], sender: str = PERSON, text: str = "See below.") -> Matter:
    return Matter(tuple((a_mail(subject, sender, text), state) for subject, state in subjects))


#: Each entry is one matter; every subject of it has the key of the others, and of no other entry.
MATTERS = {
    "Nagios service": told(
        ("** PROBLEM Service Alert: web01/HTTP is CRITICAL **", BAD),
        ("** PROBLEM Service Alert: web01/HTTP is WARNING **", BAD),
        ("** ACKNOWLEDGEMENT Service Alert: web01/HTTP is CRITICAL **", SEEN),
        ("** FLAPPINGSTART Service Alert: web01/HTTP is CRITICAL **", None),
        ("** DOWNTIMESTART Service Alert: web01/HTTP is OK **", None),
        ("** CUSTOM Service Alert: web01/HTTP is CRITICAL **", BAD),
        ("** RECOVERY Service Alert: web01/HTTP is OK **", GOOD),
    ),
    "Nagios service of another host": told(("** PROBLEM Service Alert: web02/HTTP is CRITICAL **", BAD)),
    "Nagios, another service": told(("** PROBLEM Service Alert: web01/HTTPS is CRITICAL **", BAD)),
    "Nagios host": told(
        ("** PROBLEM Host Alert: web01 is DOWN **", BAD),
        ("** PROBLEM Host Alert: web01 is UNREACHABLE **", BAD),
        ("** RECOVERY Host Alert: web01 is UP **", GOOD),
    ),
    "old Nagios": told(("Host DOWN alert for web03!", BAD), ("Host UP alert for web03!", GOOD)),
    "old Nagios service": told(
        ("** PROBLEM alert - web01/Disk is CRITICAL **", BAD), ("** RECOVERY alert - web01/Disk is OK **", GOOD)
    ),
    "Icinga 2": told(
        ("[PROBLEM] HTTP on web01 is CRITICAL!", BAD),
        ("[ACKNOWLEDGEMENT] HTTP on web01 is CRITICAL!", SEEN),
        ("[RECOVERY] HTTP on web01 is OK!", GOOD),
    ),
    "Icinga 2 host": told(("[PROBLEM] Host web01 is DOWN!", BAD), ("[RECOVERY] Host web01 is UP!", GOOD)),
    "Icinga, old": told(("PROBLEM - web01 - HTTP is CRITICAL", BAD), ("RECOVERY - web01 - HTTP is OK", GOOD)),
    "Zabbix": Matter(
        (
            (zabbix("Problem: Disk full"), BAD),
            (zabbix("Resolved: Disk full"), GOOD),
            (zabbix("Resolved in 1h 5m 3s: Disk full"), GOOD),
            (zabbix("Updated problem in 5m: Disk full"), SEEN),
            (zabbix("Problem: Disk full", number=2), BAD),
        )
    ),
    "Zabbix on another host": Matter(((zabbix("Problem: Disk full", host="web02"), BAD),)),
    "Zabbix, old": told(
        ("PROBLEM: Ping lost", BAD), ("OK: Ping lost", GOOD), text="Trigger: Ping lost\nTrigger status: PROBLEM\n"
    ),
    "Alertmanager": told(
        ("[FIRING:1] HighCPU (web01 prod critical)", BAD),
        ("[FIRING:12] HighCPU (prod critical)", BAD),
        ("[RESOLVED] HighCPU (web01 prod critical)", GOOD),
    ),
    "Alertmanager, another group": told(("[FIRING:1] HighMemory (web01 prod critical)", BAD)),
    "Alertmanager without groups": told(("[FIRING:1]  (HighCPU web01)", BAD), ("[RESOLVED]  (HighCPU web01)", GOOD)),
    "Alertmanager, parentheses": told(
        ("[FIRING:1] Disk (root) full (web01 (prod))", BAD), ("[RESOLVED] Disk (root) full (web01)", GOOD)
    ),
    "Grafana": told(("[FIRING:2, RESOLVED:1] Latency Web (eu prod)", BAD), ("[RESOLVED] Latency Web (eu)", GOOD)),
    "old Grafana": told(("[Alerting] Latency alert", BAD), ("[OK] Latency alert", GOOD), sender="grafana@mon.example"),
    "Checkmk": told(
        ("Check_MK: db01/CPU load OK -> CRIT", BAD),
        ("Checkmk: db01/CPU load CRIT -> WARN", BAD),
        ("Checkmk: db01/CPU load Acknowledged (CRIT)", SEEN),
        ("Checkmk: db01/CPU load WARN -> OK", GOOD),
    ),
    "Checkmk host": told(("Check_MK: db01 UP -> DOWN", BAD), ("Check_MK: db01 DOWN -> UP", GOOD)),
    "PRTG": told(
        ("[PRTG Network Monitor (SRV)] fw01 Ping (Firewalls) Down (Request timed out (ICMP error))", BAD),
        ("[PRTG Network Monitor (SRV)] fw01 Ping (Firewalls) Down ESCALATION (Request timed out)", BAD),
        ("[PRTG Network Monitor (SRV)] fw01 Ping (Firewalls) Down Acknowledged", SEEN),
        ("[PRTG Network Monitor (SRV)] fw01 Ping (Firewalls) Down ended (now: Up)", GOOD),
        ("[PRTG Network Monitor (SRV)] fw01 Ping (Firewalls) Up (12 msec)", GOOD),
    ),
    "UptimeRobot": told(("Monitor is DOWN: Shop", BAD), ("Monitor is UP: Shop", GOOD)),
    "Uptime Kuma": told(("[Shop] [🔴 Down] timeout of 48000ms exceeded", BAD), ("[Shop] [✅ Up] 200 - OK", GOOD)),
    "Pingdom": told(("DOWN alert: Shop (shop.example) is DOWN", BAD), ("UP alert: Shop (shop.example) is UP", GOOD)),
    "Healthchecks": told(("DOWN | nightly dump", BAD), ("UP | nightly dump", GOOD)),
    "CloudWatch": told(
        ('ALARM: "queue-depth" in EU (Frankfurt)', BAD),
        ('INSUFFICIENT_DATA: "queue-depth" in EU (Frankfurt)', None),
        ('OK: "queue-depth" in EU (Frankfurt)', GOOD),
    ),
    "Azure": told(
        ("Fired:Sev3 Azure Monitor Alert cpu on vm01 ( microsoft.compute )", BAD),
        ("Resolved:Sev3 Azure Monitor Alert cpu on vm01 ( microsoft.compute )", GOOD),
    ),
    "SMART": told(
        ("SMART error (FailedHealthCheck) detected on host: nas01", BAD), text="Device: /dev/sda [SAT], failed.\n"
    ),
    "SMART of another disk": told(
        ("SMART error (FailedHealthCheck) detected on host: nas01", BAD), text="Device: /dev/sdb [SAT], failed.\n"
    ),
    "mdadm": told(
        ("DegradedArray event on /dev/md0:nas01", BAD),
        ("RebuildStarted event on /dev/md0:nas01", None),
        ("SpareActive event on /dev/md0:nas01", GOOD),
    ),
    "cron": told(("Cron <root@nas01> /usr/local/bin/backup --all", None)),
    "cron on another host": told(("Cron <root@nas02> /usr/local/bin/backup --all", None)),
    "anacron": told(("Anacron job 'cron.daily' on nas01", None)),
    "Veeam": told(
        ("[Failed] Backup Files (3 objects) 1 failed", BAD),
        ("[Failed] Backup Files 1 failed", BAD),
        sender="veeam@mon.example",
    ),
    "Veeam, by its text": told(
        ("[Failed] Backup Mail (2 VMs)", BAD),
        ("[Warning] Backup Mail (2 VMs)", BAD),
        ("[Success] Backup Mail (3 VMs)", GOOD),
        text="Backup job: Backup Mail\nVeeam Backup & Replication 12\n",
    ),
    "Proxmox": told(
        ("vzdump backup status (pve1.mon.example) : backup failed", BAD),
        ("vzdump backup status (pve1.mon.example): backup successful", GOOD),
    ),
    "Bacula": told(
        ("Bacula: Backup Error of files-fd Incremental", BAD), ("Bacula: Backup OK of files-fd Incremental", GOOD)
    ),
    "German words": told(
        ("Störung: Leitung Werk 2", BAD),
        ("Störung Leitung Werk 2 wurde behoben", GOOD),
        ("Behoben: Leitung Werk 2", GOOD),
        ("Leitung Werk 2 ausgefallen", BAD),
        ("Leitung Werk 2 ist wieder erreichbar", GOOD),
        sender=MACHINE,
    ),
    "another line": told(("Störung: Leitung Werk 3", BAD), sender=MACHINE),
    "not reachable": told(("Server nas01 nicht erreichbar", BAD), ("Server nas01 erreichbar", GOOD), sender=MACHINE),
    "English words": told(
        ("[CRITICAL] Disk on db02", BAD),
        ("CRITICAL: Disk on db02", BAD),
        ("WARNING: Disk on db02 (3 times)", BAD),
        ("Disk on db02 is OK", GOOD),
        ("Disk on db02: recovered", GOOD),
        ("RESOLVED: Disk on db02 2026-05-12 10:15", GOOD),
        ("CRITICAL: Disk on db02 12.05.2026 10:15:30 Uhr", BAD),
        sender=MACHINE,
    ),
    "tags in front": told(
        ("[prod] [ALERT] queue 10.0.0.5:8080", BAD), ("[prod] [OK] queue 10.0.0.5:8080", GOOD), sender=MACHINE
    ),
    "the same in another place": told(("[test] [ALERT] queue 10.0.0.5:8080", BAD), sender=MACHINE),
    "a number that is no time": told(("CRITICAL: Update 1.2.34", BAD), sender=MACHINE),
    "another such number": told(("CRITICAL: Update 1.2.35", BAD), sender=MACHINE),
    "a backup": told(("Backup nas07 failed", BAD), ("Backup nas07 erfolgreich", GOOD), sender="root@nas.example"),
    "a recovery that failed": told(("Recovery of nas08 failed", BAD), sender=MACHINE),
}


def found(mail: IncomingMail) -> Alert:
    alert = alert_of(mail)
    assert alert is not None, mail.subject
    return alert


@pytest.mark.parametrize("name", MATTERS)
def test_all_mails_of_a_matter_have_one_key_and_tell_its_state(name: str) -> None:
    alerts = [(found(mail), state) for mail, state in MATTERS[name].mails]
    assert len({alert.key for alert, _state in alerts}) == 1
    assert [alert.state for alert, _state in alerts] == [state for _alert, state in alerts]
    assert all(alert.matter for alert, _state in alerts)


def test_no_two_matters_share_a_key() -> None:
    assert sum(len(matter.mails) for matter in MATTERS.values()) >= 50
    keys = {name: found(matter.mails[0][0]).key for name, matter in MATTERS.items()}
    assert [pair for pair in combinations(keys, 2) if keys[pair[0]] == keys[pair[1]]] == []


def test_two_senders_have_two_matters() -> None:
    subject = "** PROBLEM Host Alert: web01 is DOWN **"
    assert found(a_mail(subject, "nagios@a.example")).key != found(a_mail(subject, "nagios@b.example")).key


OF_PEOPLE = [
    "Problem mit dem Drucker",
    "Problem: Drucker",
    "PROBLEM: Drucker",
    "Störung: Telefon",
    "Störung behoben?",
    "Drucker ausgefallen",
    "Server down",
    "Alles wieder OK",
    "OK",
    "Warning: my password expires",
    "[Failed] my order",
    "[OK] meeting alert",
    "Resolved: my question",
    "Monitor is broken: which one do you offer?",
    "Backup failed",
    "Cron jobs do not run",
    "Check_MK: how do I log in?",
    "[PRTG] Lizenz verlängern",
    "SMART error on my laptop",
    "Alert",
    "Fire alarm on May 5",
]


@pytest.mark.parametrize("subject", OF_PEOPLE)
def test_the_words_of_a_person_are_no_alert(subject: str) -> None:
    assert alert_of(a_mail(subject)) is None


@pytest.mark.parametrize("mark", ["Re: ", "AW: ", "Fwd: ", "WG: ", "Re: AW: "])
@pytest.mark.parametrize("name", MATTERS)
def test_an_answer_to_an_alert_is_none(name: str, mark: str) -> None:
    for mail, _state in MATTERS[name].mails:
        assert alert_of(a_mail(mark + mail.subject, mail.sender.address, mail.text)) is None


@pytest.mark.parametrize(
    "subject", ["Rechnung verfügbar", "Your invoice is available", "Kontaktformular: Drucker ist wieder online"]
)
def test_that_nobody_reads_the_answer_makes_no_alert(subject: str) -> None:
    assert alert_of(a_mail(subject, "noreply@shop.example")) is None


def test_a_web_form_and_a_list_are_no_machines() -> None:
    subject, sender = "Störung: Telefon", "alerts@shop.example"
    assert alert_of(a_mail(subject, sender))
    assert alert_of(a_mail(subject, sender, reply_to=(Person("Erika", PERSON),))) is None
    assert alert_of(a_mail(subject, sender, is_list=True)) is None


def test_a_report_about_an_alert_is_none() -> None:
    subject = "** PROBLEM Host Alert: web01 is DOWN **"
    assert alert_of(a_mail(subject, report=DeliveryReport(True, "", "", ""))) is None
    assert alert_of(a_mail(subject, notice="receipt")) is None


WORDS = st.sampled_from(
    [
        "Problem",
        "Störung",
        "Fehler",
        "behoben",
        "OK",
        "ok",
        "down",
        "up",
        "DOWN",
        "Alarm",
        "critical",
        "warning",
        "failed",
        "Backup",
        "Server",
        "Drucker",
        "mit",
        "dem",
        "der",
        "ist",
        "is",
        "Monitor",
        "Host",
        "alert",
        "resolved",
        "wieder",
        "bitte",
        "prüfen",
        "Ticket",
        "[extern]",
        "10:15",
        "web01",
        ":",
        "-",
        "!",
        "?",
        "(",
        ")",
    ]
)


@settings(max_examples=1_500, deadline=None)
@given(st.lists(WORDS, max_size=8).map(" ".join))
def test_no_words_of_a_person_make_an_alert(subject: str) -> None:
    assert alert_of(a_mail(subject)) is None


@settings(max_examples=500, deadline=None)
@given(st.text(max_size=600), st.text(max_size=100))
def test_every_text_has_an_answer(subject: str, text: str) -> None:
    first, second = (alert_of(a_mail(subject, MACHINE, text)) for _time in range(2))
    assert first == second


FORMS = [
    *("[FIRING:1] {}", "** PROBLEM Service Alert: {} is OK **", "[PRTG x] {} Down ({})", "Check_MK: {} OK -> CRIT"),
    *(
        "Problem: {}",
        "[a] [Down] {}",
        "DOWN alert: {} is DOWN",
        "Cron <{}@{}> {}",
        'ALARM: "{}" in {}',
        "{}",
        "{} failed",
    ),
    *("Bacula: Backup OK {} of {}", "PROBLEM - {} is OK", "[{}] [{}] CRITICAL: {}", "Monitor is UP: {}"),
]
FILLINGS = [
    "a",
    " ",
    "<",
    ">",
    "=",
    "-",
    "(",
    ")",
    "[",
    "]",
    ":",
    "is ",
    " is OK",
    " Down (",
    "[a] ",
    "1:1",
    "(1x",
    " of ",
]


@pytest.mark.parametrize("form", FORMS)
def test_no_subject_holds_it_up(form: str) -> None:
    for filling in FILLINGS:
        long = filling * (60_000 // len(filling))
        begun = time.process_time()
        alert_of(a_mail(form.replace("{}", long), MACHINE, "Host: " + long))
        alert_of(a_mail(form.replace("{}", long[:150]), MACHINE, "Device: " + long))
        assert time.process_time() - begun < 0.5, filling
