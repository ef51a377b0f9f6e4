"""The configuration of the tests' Dovecot, in the language of 2.3 and in that of 2.4."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.services.hosting import Account

HOME_ADDRESS = "127.0.0.1"
OTHER_ADDRESS = "127.0.0.2"
SPECIAL_FOLDERS = ("Drafts", "Sent", "Junk", "Trash", "Archive")


@dataclass(frozen=True)
class Layout:
    """Where Dovecot keeps its things, who runs it and where it listens; `root` is what it takes for `/`."""

    folder: Path
    account: Account
    imap_port: int
    imaps_port: int
    root: Path = Path("/")

    def within(self, path: Path) -> Path:
        """A path as Dovecot sees it."""
        return "/" / path.relative_to(self.root)

    @property
    def run(self) -> Path:
        """The folder of its sockets."""
        return self.folder / "run"

    @property
    def keys(self) -> Path:
        """The folder with what tokens are signed with."""
        return self.folder / "keys"

    @property
    def token_file(self) -> Path:
        """How 2.3 is to look at tokens."""
        return self.folder / "oauth2.conf"

    @property
    def lmtp_socket(self) -> Path:
        """Where mail is delivered."""
        return self.run / "lmtp"

    @property
    def homes(self) -> Path:
        """The folder with one home for each user."""
        return self.folder / "homes"

    @property
    def certificate(self) -> Path:
        """The server's certificate chain."""
        return self.folder / "server.pem"

    @property
    def key(self) -> Path:
        """The server's private key."""
        return self.folder / "server.key"

    @property
    def ca_file(self) -> Path:
        """The certificate of the authority that vouches for the server."""
        return self.folder / "ca.pem"


def configuration(layout: Layout, version: tuple[int, int]) -> str:
    """Write the one file that Dovecot of this version is started with."""
    dialect = _new_dialect(layout) if version >= (2, 4) else _old_dialect(layout)
    return dialect + _either_dialect(layout) + _namespace()


def token_configuration(layout: Layout) -> str:
    """Write the file by which 2.3 looks at tokens: by their signature, without asking a server."""
    return f"""
introspection_mode = local
local_validation_key_dict = fs:posix:prefix={layout.within(layout.keys)}/
username_attribute = sub
"""


def _either_dialect(layout: Layout) -> str:
    """Settings that both languages share.

    Failed logins must not slow down the next test, which anvil's penalty would do; chroot is for root only.
    """
    account = layout.account
    return f"""
protocols = imap lmtp
base_dir = {layout.within(layout.run)}
state_dir = {layout.within(layout.folder)}
log_path = {layout.within(layout.folder)}/log
auth_mechanisms = plain login xoauth2 oauthbearer
default_internal_user = {account.name}
default_internal_group = {account.group}
default_login_user = {account.name}
first_valid_uid = {account.uid}
first_valid_gid = {account.gid}
mail_fsync = never
mail_max_userip_connections = 1000
recipient_delimiter = +
auth_failure_delay = 0
ssl = yes
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {layout.imap_port}
  }}
  inet_listener imaps {{
    port = {layout.imaps_port}
    ssl = yes
  }}
}}
service lmtp {{
  unix_listener lmtp {{
    mode = 0600
  }}
}}
service stats {{
  chroot =
}}
"""


def _old_dialect(layout: Layout) -> str:
    account = layout.account
    return f"""
listen = {HOME_ADDRESS}, {OTHER_ADDRESS}
ssl_cert = <{layout.within(layout.certificate)}
ssl_key = <{layout.within(layout.key)}
disable_plaintext_auth = yes
auth_username_format = %Ln
mail_location = maildir:~/Maildir
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {layout.within(layout.token_file)}
}}
passdb {{
  driver = static
  mechanisms = plain login
  args = password=secret-%u
}}
userdb {{
  driver = static
  args = uid={account.uid} gid={account.gid} home={layout.within(layout.homes)}/%u allow_all_users=yes
}}
"""


def _new_dialect(layout: Layout) -> str:
    account = layout.account
    return f"""
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
listen = {HOME_ADDRESS}, {OTHER_ADDRESS}
ssl_server_cert_file = {layout.within(layout.certificate)}
ssl_server_key_file = {layout.within(layout.key)}
auth_allow_cleartext = no
auth_username_format = %{{user | username | lower}}
mail_driver = maildir
mail_path = ~/Maildir
mailbox_list_layout = maildir++
oauth2 {{
  introspection_mode = local
  username_attribute = sub
}}
oauth2_local_validation {{
  dict fs {{
    fs posix {{
      prefix = {layout.within(layout.keys)}/
    }}
  }}
}}
passdb oauth2 {{
  mechanisms_filter = xoauth2 oauthbearer
}}
passdb static {{
  mechanisms_filter = plain login
  password = secret-%{{user}}
}}
userdb static {{
  allow_all_users = yes
  fields {{
    uid = {account.uid}
    gid = {account.gid}
    home = {layout.within(layout.homes)}/%{{user}}
  }}
}}
"""


def _namespace() -> str:
    mailboxes = "".join(_special_folder(name) for name in SPECIAL_FOLDERS)
    return f"namespace inbox {{\n  inbox = yes\n  separator = .\n{mailboxes}}}\n"


def _special_folder(name: str) -> str:
    return f"  mailbox {name} {{\n    auto = subscribe\n    special_use = \\{name}\n  }}\n"
