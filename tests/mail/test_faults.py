"""Which test guards which of the faults that a poller meets (F01 to F26), by name; each has one."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

KILLS = "test_kill_poller::test_a_poller_killed_on_the_way_leaves_nothing_undone"
YEARS = "test_imap_years"
FAULTS: dict[str, tuple[str, ...]] = {
    "F01 killed at the start": (KILLS,),
    "F02 killed after FETCH": (KILLS,),
    "F03 killed within a literal": (KILLS,),
    "F04 killed before the raw commit": (KILLS,),
    "F05 killed after the raw commit": (KILLS, "test_kill_poller::test_a_poller_killed_again_and_again_gets_there_all_the_same"),
    "F06 killed while a mail is parsed": (KILLS,),
    "F07 killed before the commit of the ticket": (KILLS,),
    "F08 killed after it, before the flag": (KILLS,),
    "F09 killed after the flag, before it is noted": (
        KILLS, "test_kill_poller::test_a_poller_killed_while_it_moves_mail_away_has_every_mail_in_one_place",
    ),
    "F10 killed after COPY, before EXPUNGE": (
        "test_kill_poller::test_a_poller_killed_between_copying_and_taking_away_has_every_ticket_once",
    ),
    "F11 killed after the move": (
        "test_kill_poller::test_a_poller_killed_while_it_moves_mail_away_has_every_mail_in_one_place",
    ),
    "F12 killed while all is looked at anew": (
        "test_kill_poller::test_a_poller_killed_after_the_server_gave_new_numbers_makes_no_ticket_twice",
    ),
    "F13 any command fails": (
        "test_every_command::test_it_fails_and_nothing_is_lost_or_twice_there",
        "test_every_command::test_a_round_is_made_of_these_commands",
    ),
    "F14 the server drops in IDLE": (
        "test_imap_waiting::test_a_server_that_dies_is_noticed_at_once_and_costs_nothing",
        "test_poller_process::test_a_server_that_goes_and_comes_back_is_found_again",
    ),
    "F15 half-open connection": (
        f"{YEARS}::test_it_is_noticed_and_the_next_one_is_good",
        f"{YEARS}::test_the_limits_together_stay_below_five_minutes",
    ),
    "F16 the server trickles": ("test_imap_troubles::test_a_server_that_trickles_is_left_in_time",),
    "F17 literal longer than announced": (
        "test_imap_troubles::test_an_answer_without_sense_ends_in_one_of_our_errors_or_a_mail",
        "test_imap_refused::test_the_others_come_in_and_the_refused_one_is_named",
    ),
    "F18 UIDVALIDITY changes": (
        "test_poller::test_a_folder_with_new_numbers_makes_no_ticket_twice",
        "test_either_dovecot::test_new_numbers_are_noticed",
    ),
    "F19 UIDs are used again": (f"{YEARS}::test_the_new_mail_comes_in_and_nothing_twice",),
    "F20 a person changes the folder": (
        f"{YEARS}::test_it_is_deleted_and_made_again",
        f"{YEARS}::test_it_is_renamed_and_renamed_back",
        f"{YEARS}::test_it_is_emptied",
    ),
    "F21 flag or move refused": (
        f"{YEARS}::test_it_is_tried_again_each_time_later",
        f"{YEARS}::test_what_the_user_may_not_move_stays_on_a_real_server",
        f"{YEARS}::test_on_a_real_server",
    ),
    "F22 token or password runs out": (
        "test_credentials::test_a_token_that_runs_out_while_the_poller_runs_is_seen_within_one_poll",
        f"{YEARS}::test_it_is_told_tried_seldom_and_found_again",
    ),
    "F23 the certificate changes": (
        f"{YEARS}::test_it_is_refused_and_what_was_accepted_is_named",
        f"{YEARS}::test_a_mailbox_in_trouble_stops_no_other",
    ),
    "F24 DNS gone": ("test_imap_troubles::test_a_name_that_nobody_knows",),
    "F25 two pollers": (
        "test_two_pollers::test_the_second_takes_over_where_the_first_is_killed",
        "test_two_pollers::test_without_the_lock_the_store_keeps_them_apart",
    ),
    "F26 the clock is wrong": ("test_clock_of_the_poller::test_every_mail_comes_in_once",),
}  # fmt: skip


@cache
def names_in(module: str) -> frozenset[str]:
    tree = ast.parse((Path(__file__).parent / f"{module}.py").read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_has_a_test(fault: str) -> None:
    for guard in FAULTS[fault]:
        module, _colons, name = guard.partition("::")
        assert name in names_in(module), guard


def test_no_fault_is_left_out() -> None:
    assert [fault.split()[0] for fault in FAULTS] == [f"F{number:02}" for number in range(1, 27)]
