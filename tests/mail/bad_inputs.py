"""All bad mails by number and name, and which tests elsewhere prove what a mail alone does not show."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tests.mail.bad_bodies import BODIES
from tests.mail.bad_headers import DATES, HEADERS
from tests.mail.bad_mail import BadInput
from tests.mail.bad_senders import SENDERS
from tests.mail.bad_structure import STRUCTURE
from tests.mail.bad_words import NAMES, WORDS

#: Each bad input by its name, which begins with its number where it has one.
BAD_INPUTS: Mapping[str, BadInput] = {**STRUCTURE, **HEADERS, **DATES, **SENDERS, **BODIES, **WORDS, **NAMES}
#: The numbers that there are, of those that concern mail.
NUMBERS = (
    *range(1, 10), 11, 13, 14, 15, 18, 19, 20, 21, *range(23, 33), *range(34, 39), 40, 41, *range(43, 50), 51, 52, 53, 54,
    56, 57, 58, 59, *range(61, 66), 67, 68, 70, 71, 72, 73, *range(75, 79), *range(80, 86), *range(87, 92), 93, 94,
    *range(96, 100), *range(101, 121), 122, 123, 124, 125, 127, 128, 129, 130, 132, 138,
)  # fmt: skip
#: Where it matters what was there before or how a screen shows it: the tests, by number.
ELSEWHERE = {
    "B26": ("mail/test_bad_places.py::test_nobody_in_copy_becomes_a_recipient",),
    "B47": ("mail/test_bad_places.py::test_an_answer_goes_to_the_sender_wherever_it_is_asked_for",),
    "B56": ("mail/test_received_at.py::test_a_server_that_names_no_possible_year_means_now",),
    "B57": ("desk/test_mailroom.py::test_a_claim_of_the_future_does_not_move_a_mail",),
    "B61": (
        "mail/test_bad_places.py::test_two_mails_with_one_id_are_two_mails",
        "mail/test_strangers_and_robots.py::test_a_forged_message_id_does_not_draw_replies_away",
    ),
    "B62": ("mail/test_bad_places.py::test_one_mail_in_two_mailboxes_is_two_that_are_linked",),
    "B63": ("mail/test_bad_places.py::test_one_mail_twice_in_a_mailbox_is_one_ticket",),
    "B64": ("mail/test_bad_places.py::test_a_stranger_who_names_a_customers_mail_is_only_linked",),
    "B65": (
        "mail/test_bad_places.py::test_a_number_in_a_subject_puts_nobody_into_another_ticket",
        "desk/test_mailroom.py::test_a_subject_alone_offers_to_merge_and_merges_nothing",
    ),
    "B67": ("desk/test_mailroom.py::test_a_stranger_with_the_token_gets_a_ticket_of_their_own",),
    "B68": ("desk/test_agents_by_mail.py::test_without_proof_it_is_the_mail_of_a_person",),
    "B70": (
        "desk/test_mailroom.py::test_an_answer_to_a_merged_ticket_goes_to_its_target",
        "desk/test_mailroom.py::test_a_ticket_closed_long_ago_stays_closed",
    ),
    "B71": ("desk/test_mailroom.py::test_our_own_mail_that_comes_back_is_no_ticket",),
    "B72": ("desk/test_mailroom.py::test_a_forged_id_of_ours_hides_nothing",),
    "B73": ("mail/test_bad_places.py::test_mail_in_our_own_name_is_never_answered_by_itself",),
    "B75": (
        "desk/test_mailroom.py::test_an_absence_note_lies_in_its_ticket_and_opens_nothing",
        "desk/test_mailroom.py::test_a_robots_mail_is_kept_aside",
    ),
    "B76": ("mail/test_bad_places.py::test_two_that_answer_by_themselves_soon_fall_silent",),
    "B77": ("desk/test_mailroom.py::test_a_bounce_lies_in_the_ticket_it_is_about",),
    "B78": ("mail/test_bad_places.py::test_bounces_of_others_are_one_record_and_get_no_answer",),
    "B81": ("mail/test_bad_places.py::test_two_that_answer_by_themselves_soon_fall_silent",),
    "B82": ("mail/test_bad_places.py::test_a_flood_of_one_sender_is_folded_and_kept",),
    "B83": ("mail/test_bad_places.py::test_a_receipt_or_an_invitation_is_answered_by_nobody",),
    "B84": ("mail/test_bad_places.py::test_a_receipt_or_an_invitation_is_answered_by_nobody",),
    "B90": (
        "mail/test_imap_troubles.py::test_a_literal_of_two_gigabytes_is_not_read",
        "mail/test_imap_troubles.py::test_a_mail_that_claims_to_be_too_large_is_left_with_a_note",
    ),
    "B93": ("mail/test_guarded_reading.py::test_it_opens_no_connection_and_starts_no_program",),
    **{
        f"B{number}": (
            "screens/test_hostile_text.py::test_what_came_by_mail_is_read_as_it_was_written",
            "screens/test_hostile_commands.py::test_what_commands_print_for_people",
        )
        for number in (*range(101, 121), 123)
    },
    "B122": ("screens/test_snapshots.py::test_the_screen_is_as_it_was",),
    "B138": (
        "mail/test_maildir.py::test_what_is_no_plain_file_is_left_alone_and_named",
        "mail/test_maildir.py::test_a_trap_put_in_the_place_of_a_mail_is_not_followed",
        "mail/test_maildir.py::test_a_mail_that_may_not_be_read_is_named_and_the_others_come",
        "mail/test_maildir.py::test_names_and_times_beyond_all_bounds",
    ),
}


def number_of(name: str) -> str:
    """The number a name begins with, "" where it has none."""
    found = re.match(r"B\d+", name)
    return found[0] if found else ""
