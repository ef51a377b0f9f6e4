#!/usr/bin/env bash
# What `make` needs from the system: `venv` makes .venv, `services` gets the servers of the tests ready,
# `packages NAME ...` installs packages of Debian or Ubuntu that are missing. Packages are installed as root, or with
# sudo where that asks for no password; otherwise the command to run is named.
set -euo pipefail

PYTHON=${PYTHON:-python3}
APT=(apt-get --quiet --yes --no-install-recommends -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300)

main() {
    local what=$1
    shift
    case $what in
        venv) make_venv ;;
        services) get_services ;;
        packages) install_packages "$@" ;;
    esac
}

# Makes .venv, or mends it: whatever is installed in it stays.
make_venv() {
    local python version
    python=$(find_python) || fail "Python 3.11 or newer is needed; $PYTHON is $(version_of "$PYTHON")." \
        "Debian 12, Ubuntu 24.04 and everything newer have it:  $(by_root apt-get install python3)" \
        "Ubuntu 22.04 has it beside its own:  $(by_root apt-get install python3.11 python3.11-venv)" \
        "One installed elsewhere is taken with:  make PYTHON=/path/to/python3 ..."
    if ! can_make_venv "$python"; then
        version=$("$python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
        install_packages "$version-venv" || exit 1
        can_make_venv "$python" || fail "$python cannot make virtual environments: it has no ensurepip."
    fi
    "$python" -m venv .venv
}

find_python() {
    local name
    for name in "$PYTHON" python3.{11..19}; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
    return 1
}

version_of() {
    "$1" -c 'import platform; print(platform.python_version())' 2>/dev/null || echo 'not there'
}

can_make_venv() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null
}

# The tests' Dovecot is one of their own; one that was installed just now for its programs must not serve anybody.
get_services() {
    local packages
    packages=$(.venv/bin/python -c '
from tests.services.available import DOVECOT, TMUX, is_available
print(*[] if is_available(DOVECOT) else ["dovecot-imapd", "dovecot-lmtpd"], *[] if is_available(TMUX) else ["tmux"])')
    [[ $packages ]] || return 0
    # shellcheck disable=SC2086
    if ! install_packages $packages; then
        [[ -z ${HELPDESK_REQUIRE_SERVICES:-} ]] || exit 1
        loud "WITHOUT THEM, THE TESTS THAT NEED DOVECOT OR TMUX ARE SKIPPED."
    elif [[ $packages == *dovecot* ]]; then
        stop_dovecot || loud "Dovecot was installed and may be running: see to that if you do not want it."
    fi
}

stop_dovecot() {
    if [[ -d /run/systemd/system ]]; then
        as_root systemctl --quiet disable --now dovecot.service dovecot.socket
    else
        as_root /etc/init.d/dovecot stop >&2
    fi
}

# A machine's lists of packages may be missing or old, so they are fetched if it does not work without.
install_packages() {
    local name missing=()
    for name in "$@"; do
        is_installed "$name" || missing+=("$name")
    done
    ((${#missing[@]})) || return 0
    if ! command -v apt-get >/dev/null; then
        say "Missing, by the names of Debian: ${missing[*]}. Please install them."
        return 1
    fi
    if is_root_to_be_had; then
        say "Installing ${missing[*]} ..."
        try_apt install "${missing[@]}" 2>/dev/null && return
        try_apt update || true
        try_apt install "${missing[@]}" && return
    fi
    say "Missing: ${missing[*]}. To install them:" "    $(by_root apt-get update)" \
        "    $(by_root apt-get install "${missing[@]}")"
    return 1
}

is_installed() {
    [[ $(dpkg-query --show --showformat '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# Its many words are shown if it fails.
try_apt() {
    local words
    words=$(as_root env DEBIAN_FRONTEND=noninteractive "${APT[@]}" "$@" </dev/null 2>&1) || {
        printf '%s\n' "$words" | tail -n 12 >&2
        return 1
    }
}

is_root_to_be_had() {
    ((EUID == 0)) || sudo -n true 2>/dev/null
}

as_root() {
    if ((EUID == 0)); then "$@"; else sudo -n "$@"; fi
}

by_root() {
    if ((EUID == 0)); then
        echo "$*"
    elif command -v sudo >/dev/null; then
        echo "sudo $*"
    else
        echo "su -c '$*'"
    fi
}

loud() {
    say '' '********************************************************************************' "$@" \
        '********************************************************************************' ''
}

say() {
    printf '%s\n' "$@" >&2
}

fail() {
    say "$@"
    exit 1
}

main "$@"
