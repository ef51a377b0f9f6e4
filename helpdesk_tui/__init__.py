"""helpdesk_tui: a help desk that lives in the terminal."""
