"""The command line: which commands there are and what each takes."""

import argparse
from collections.abc import Mapping

from flexura_admin import commands
from flexura_admin.target import auth_target

EPILOG = """\
examples:
  flexura-admin key create --name "my laptop"
  flexura-admin key list
  flexura-admin key revoke key_0123456789abcdef0123456789abcdef
  flexura-admin account create --name "Research" --request-id research

It calls the auth service over gRPC. It finds the one that `make run` started below FLEXURA_HOME (.flexura);
on a cluster FLEXURA_AUTH_TARGET or --target names it (host:port).
"""


def parser(environment: Mapping[str, str]) -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="flexura-admin",
        description="Manages accounts and API keys of one Flexura installation.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    target = f"gRPC address of the auth service; {auth_target(environment)} when absent"
    top.add_argument("--target", metavar="ADDRESS", help=target.replace("%", "%%"))
    nouns = top.add_subparsers(metavar="NOUN", required=True)
    _add_key_commands(nouns.add_parser("key", help="create, list and revoke API keys"))
    _add_account_commands(nouns.add_parser("account", help="create accounts"))
    return top


def _add_key_commands(noun: argparse.ArgumentParser) -> None:
    verbs = noun.add_subparsers(metavar="VERB", required=True)

    create = verbs.add_parser("create", help="create a key and print it, this once")
    create.add_argument("--name", default="", help="what the key is for, up to 100 characters")
    _add_common(create, commands.create_key)

    listing = verbs.add_parser("list", help="list the keys of an account, newest first, without their secrets")
    _add_common(listing, commands.list_keys)

    revoke = verbs.add_parser("revoke", help="revoke a key: it stops working at once, and for good")
    revoke.add_argument("key_id", metavar="KEY_ID", help="`key_` and 32 hexadecimal digits, as `key list` prints it")
    _add_common(revoke, commands.revoke_key)


def _add_account_commands(noun: argparse.ArgumentParser) -> None:
    verbs = noun.add_subparsers(metavar="VERB", required=True)
    create = verbs.add_parser("create", help="create an account and print its id")
    create.add_argument("--name", default="", help="what its owner calls it, up to 100 characters")
    create.add_argument(
        "--request-id",
        help="1 to 64 characters of your choice: a second call with the same ones answers the same account",
    )
    create.add_argument("--json", action="store_true", help="print JSON")
    create.set_defaults(command=commands.create_account)


def _add_common(verb: argparse.ArgumentParser, command: commands.Command) -> None:
    account = "account that owns the key; when absent the installation's first one, which is made if there is none"
    verb.add_argument("--account", metavar="ACCOUNT_ID", help=account)
    verb.add_argument("--json", action="store_true", help="print JSON")
    verb.set_defaults(command=command)
