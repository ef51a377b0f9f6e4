"""The entry: `helpdesk` alone opens the app, anything else is a command."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the program with the words of the command line."""
    if len(sys.argv) == 1:
        from helpdesk_tui.app import open_app

        sys.exit(open_app())
    if sys.argv[1:] == ["--version"]:
        from helpdesk_tui.cli.version import print_version

        sys.exit(print_version())
    from helpdesk_tui.cli.main import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
