"""Why a page was not read, each as one sentence that says what and what to do."""

from flexura_kit.errors import FlexuraError, Kind, Reason


def address_refused(url: str, why: str) -> FlexuraError:
    return FlexuraError(Kind.INVALID, Reason.ADDRESS_REFUSED, f"this address is not read: {why}", url=url)


def not_found(url: str) -> FlexuraError:
    message = "the site says that there is no such page: look for another address"
    return FlexuraError(Kind.NOT_FOUND, Reason.PAGE_NOT_FOUND, message, url=url)


def refused(url: str, why: str) -> FlexuraError:
    return FlexuraError(Kind.DENIED, Reason.PAGE_REFUSED, f"{why}: use another source", url=url)


def unreachable(url: str, why: str) -> FlexuraError:
    message = f"the page could not be reached: {why}; try later or use another source"
    return FlexuraError(Kind.BUSY, Reason.PAGE_UNREACHABLE, message, url=url)


def unreadable(url: str, why: str) -> FlexuraError:
    return FlexuraError(Kind.REFUSED, Reason.PAGE_UNREADABLE, f"{why}: use another source", url=url)


def timed_out(url: str, timeout_s: float) -> FlexuraError:
    message = f"the page was not read within {timeout_s:g} seconds: allow more time or use another source"
    return FlexuraError(Kind.TIMED_OUT, Reason.DEADLINE_EXCEEDED, message, url=url)


def overloaded(url: str) -> FlexuraError:
    message = "too many pages are being read at present: try again in a moment"
    return FlexuraError(Kind.BUSY, Reason.OVERLOADED, message, url=url)
