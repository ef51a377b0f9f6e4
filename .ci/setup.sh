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

# The tests' servers are their own; one that was installed just now for its programs must not serve anybody.
get_services() {
    local packages
    packages=$(.venv/bin/python -c '
from tests.services.available import DOVECOT, EXIM, TMUX, is_available
wanted = {DOVECOT: ["dovecot-imapd", "dovecot-lmtpd"], EXIM: ["exim4-daemon-light"], TMUX: ["tmux"]}
print(*[package for service, packages in wanted.items() if not is_available(service) for package in packages])')
    # shellcheck disable=SC2086
    if [[ $packages ]] && ! install_packages $packages; then
        [[ -z ${HELPDESK_REQUIRE_SERVICES:-} ]] || exit 1
        loud "WITHOUT THEM, THE TESTS THAT NEED DOVECOT, EXIM OR TMUX ARE SKIPPED."
    else
        [[ $packages != *dovecot* ]] || stop_service dovecot
        [[ $packages != *exim* ]] || stop_service exim4
    fi
    get_other_dovecot
}

stop_service() {
    local units=("$1.service")
    [[ $1 != dovecot ]] || units+=(dovecot.socket)
    if [[ -d /run/systemd/system ]]; then
        as_root systemctl --quiet disable --now "${units[@]}" && return
    else
        as_root "/etc/init.d/$1" stop >&2 && return
    fi
    loud "$1 was installed and may be running: see to that if you do not want it."
}

# Dovecot 2.4 wants another configuration than 2.3, so the tests know both: what this release of Debian has, and what
# another one has, unpacked into a folder that root makes the root folder of the server.
get_other_dovecot() {
    local root=.venv/other-release
    [[ ! -x $root/usr/sbin/dovecot ]] || return 0
    if ((EUID == 0)) && command -v dovecot >/dev/null && unpack_other_dovecot "$root.part"; then
        mv "$root.part" "$root"
        return
    fi
    rm -rf "$root.part"
    loud "THE DOVECOT OF ANOTHER RELEASE OF DEBIAN CANNOT BE HAD HERE: ITS TESTS ARE SKIPPED." \
        "Only root can unpack and run it, on Debian, with the mirror that apt is set up for."
    [[ -z ${HELPDESK_REQUIRE_SERVICES:-} ]] || exit 1
}

unpack_other_dovecot() {
    local root=$1 release=trixie mirror deb
    [[ $(dovecot --version) == 2.3* ]] || release=bookworm
    mirror=$(debian_mirror)
    [[ $mirror ]] || { try_apt update && mirror=$(debian_mirror) && [[ $mirror ]]; } || return 1
    say "Unpacking the Dovecot of $release beside this one ..."
    rm -rf "$root"
    mkdir -p "$root"/apt/{lists,archives}/partial "$root"/apt/parts "$root"/{dev,tmp} || return 1
    touch "$root/apt/status"
    printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' "$mirror" "$release" \
        /usr/share/keyrings/debian-archive-keyring.gpg >"$root/apt/list.sources"
    apt_apart "$root/apt" update && apt_apart "$root/apt" --download-only install dovecot-imapd dovecot-lmtpd ||
        return 1
    for deb in "$root"/apt/archives/*.deb; do
        dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$root" --exclude='./usr/share/*' || return 1
    done
    rm -rf "$root/apt"
    furnish_root "$root"
}

debian_mirror() {
    apt-get indextargets --format '$(ORIGIN) $(LABEL) $(REPO_URI)' 'Created-By: Packages' |
        sed -n '/^Debian Debian /{s///;p;q}'
}

# apt with lists and a state of its own, to which nothing is installed.
apt_apart() {
    local at words
    at=$(cd "$1" && pwd)
    shift
    words=$("${APT[@]}" -o Dir::State="$at" -o Dir::State::status="$at/status" -o Dir::State::lists="$at/lists" \
        -o Dir::Cache="$at" -o Dir::Cache::archives="$at/archives" -o Dir::Etc::sourcelist="$at/list.sources" \
        -o Dir::Etc::sourceparts="$at/parts" -o Dir::Etc::preferencesparts="$at/parts" -o APT::Sandbox::User=root \
        -o Acquire::Languages=none "$@" </dev/null 2>&1) || {
        printf '%s\n' "$words" | tail -n 12 >&2
        return 1
    }
}

# What packages would do as they are installed, as far as a server needs it.
furnish_root() {
    local root=$1 name
    for name in bin sbin lib lib64; do
        [[ -e $root/$name ]] || ln -s "usr/$name" "$root/$name"
    done
    mknod -m 666 "$root/dev/null" c 1 3 && mknod -m 666 "$root/dev/urandom" c 1 9 || return 1
    cp /etc/passwd /etc/group "$root/etc/"
    chmod 1777 "$root/tmp"
    chroot "$root" /usr/sbin/dovecot --version >/dev/null
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
