"""Assets that the object store names and cannot give: watched until they can be read or count as lost."""

from flexura_jobs.domain.audit import AuditedAsset
from flexura_jobs.ports import AuditedObjects
from flexura_kit.errors import FlexuraError

LOOKS = 3  # That fail one after the other, while the store keeps a new object, before an asset counts as lost.
WATCHED_MAX = 1000
LOOKED_AT_MAX = 50  # In one pass; the others wait for the next.


class UnreadableAssets:
    """A store that is itself unwell proves nothing: a look counts only where a new object is kept and read back."""

    def __init__(self, objects: AuditedObjects) -> None:
        self._objects = objects
        self._failures: dict[str, tuple[AuditedAsset, int]] = {}

    def __len__(self) -> int:
        return len(self._failures)

    def add(self, asset: AuditedAsset) -> None:
        if len(self._failures) < WATCHED_MAX:
            self._failures.setdefault(asset.object_key, (asset, 0))

    async def look(self) -> list[AuditedAsset]:
        """Reads each once more; answers those that count as lost, and forgets them and those that can be read."""
        failed = []
        trouble = None
        for asset, _ in list(self._failures.values())[:LOOKED_AT_MAX]:
            try:
                is_given = await self._objects.gives(asset.object_key, asset.size_bytes)
            except FlexuraError as error:
                # It begins anew, behind the others: one that the store puts off must not hold them up.
                trouble = error
                self._put_last(asset, 0)
                break
            if is_given:
                del self._failures[asset.object_key]
            else:
                failed.append(asset)
        if failed:
            # Asked for last: a store that was away during the looks must be back and well to count them.
            await self._objects.keep_canary()
        elif trouble is not None:
            raise trouble
        return [asset for asset in failed if self._fails_too_often(asset)]

    def _fails_too_often(self, asset: AuditedAsset) -> bool:
        _, failures = self._failures[asset.object_key]
        if failures + 1 >= LOOKS:
            del self._failures[asset.object_key]
            return True
        self._put_last(asset, failures + 1)
        return False

    def _put_last(self, asset: AuditedAsset, failures: int) -> None:
        del self._failures[asset.object_key]
        self._failures[asset.object_key] = asset, failures
