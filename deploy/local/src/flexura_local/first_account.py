"""Makes the first account and its key, and prints the key.

`python -m flexura_local.first_account AUTH_TARGET KEY_FILE SECONDS` waits so long for auth.
"""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from flexura.auth.v1 import auth_service_pb2 as pb
from flexura.auth.v1.auth_service_pb2_grpc import AuthServiceStub
from flexura_kit.apikeys import digest, is_well_formed
from flexura_kit.errors import FlexuraError
from flexura_kit.files import write_durably
from flexura_kit.rpc import rpc_channel
from flexura_kit.startup import os_fault

if TYPE_CHECKING:
    # A name of the typed stubs alone.
    from flexura.auth.v1.auth_service_pb2_grpc import AuthServiceAsyncStub

START_TIMEOUT_S = 60.0
TIMEOUT_S = 10.0
REQUEST_ID = "first-account"  # The same in each start: the account that was made first is answered again.


async def first_key(target: str, file: Path, start_timeout_s: float = START_TIMEOUT_S) -> str:
    """Answers the kept key where it works, else makes one and keeps it. Waits for auth, which may just be starting."""
    async with rpc_channel(target) as channel:
        async with asyncio.timeout(start_timeout_s):
            await channel.channel_ready()
        auth = AuthServiceStub(channel)
        kept = kept_key(file)
        if is_well_formed(kept) and await works(auth, kept):
            set_right(file, kept)
            return kept
        account = pb.CreateAccountRequest(request_id=REQUEST_ID, display_name="Owner")
        made = await auth.CreateAccount(account, timeout=TIMEOUT_S)
        key = pb.CreateApiKeyRequest(account_id=made.account.account_id, display_name="First key")
        secret: str = (await auth.CreateApiKey(key, timeout=TIMEOUT_S)).secret
    write_durably(file, secret + "\n")
    return secret


def kept_key(file: Path) -> str:
    return file.read_text(encoding="ascii", errors="replace").strip() if file.exists() else ""


def set_right(file: Path, key: str) -> None:
    """Writes the key alone: an editor may have changed the end of its line, which a shell would hand on with it."""
    content = f"{key}\n"
    if file.read_bytes() != content.encode():
        write_durably(file, content)


async def works(auth: "AuthServiceAsyncStub", secret: str) -> bool:
    answer = await auth.BatchVerifyApiKeys(pb.BatchVerifyApiKeysRequest(digests=[digest(secret)]), timeout=TIMEOUT_S)
    return answer.results[0].HasField("api_key")


def main() -> int:
    try:
        key = asyncio.run(first_key(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])))
    except FlexuraError as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    except TimeoutError:
        sys.stderr.write(f"it does not answer at {sys.argv[1]}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"the first key cannot be kept: {os_fault(error)}\n")
        return 1
    sys.stdout.write(key)
    return 0


if __name__ == "__main__":
    sys.exit(main())
