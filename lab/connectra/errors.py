"""The ways in which a request fails, as the service answers them."""

from __future__ import annotations


class Answered(Exception):
    """A request ends with this status and this `error` text."""

    status = 500

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class BadRequest(Answered):
    """The body or its values were refused at the door: 400."""

    status = 400


class Failed(Answered):
    """Something behind the door failed: 500."""


class EngineRefused(Failed):
    """The search engine would have answered 400; the service wraps that into a 500."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            "ERR_ELASTICSEARCH_FAILURE: search engine returned status 400; details: "
            f'{{"error":{{"type":"x_content_parse_exception","reason":"{reason}"}},"status":400}}'
        )


class Panicked(Exception):
    """The service would have panicked: 500 with an empty body."""


class Ended(Exception):
    """The process died of this request: the connection closes without an answer, as do all later ones."""


PAGE_SIZE_EXCEEDED = (
    "ERR_PAGE_SIZE_EXCEEDED: the requested page size surpasses the maximum allowed limit; "
    "consider using pagination with smaller batches"
)
PAGE_OUT_OF_RANGE = (
    "ERR_PAGE_OUT_OF_RANGE: the requested page number is beyond the available range; "
    "verify total pages before requesting"
)
DATA_FETCH_FAILED = (
    "ERR_DATA_FETCH_FAILED: an unexpected error occurred while retrieving records from the data store; "
    "please retry or contact support if the issue persists"
)
UNSUPPORTED_SERVICE = (
    "ERR_UNSUPPORTED_SERVICE: the specified service type is not supported for this operation; "
    "verify the endpoint and try again"
)
