"""The entry: `helpdesk` alone opens the app, anything else is a command."""

from __future__ import annotations

import gc
import os
import sys

#: How often a second Textual may paint. Its own 60 lets the answer to a key wait for up to 17 ms.
FRAMES_PER_SECOND = "120"


def main() -> None:
    """Run the program with the words of the command line."""
    os.environ.setdefault("TEXTUAL_FPS", FRAMES_PER_SECOND)
    if len(sys.argv) == 1:
        gc.disable()  # nothing of what is imported now can go; the app turns it on when it stands
        from helpdesk_tui.launch import open_app

        sys.exit(open_app())
    if sys.argv[1:] == ["--version"]:
        from helpdesk_tui.cli.version import print_version

        sys.exit(print_version())
    from helpdesk_tui.cli.main import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
