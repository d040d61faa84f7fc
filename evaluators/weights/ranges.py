"""Pieces of a file on the hub, through range requests: nothing is stored."""

from __future__ import annotations

from dataclasses import dataclass

from evaluators.records import Problem
from evaluators.weights.hub import TIMEOUT, api, hub_problems, patient


@dataclass(frozen=True)
class HubSource:
    """A file on the hub at a commit."""

    model: str
    commit: str
    name: str
    size: int

    def read(self, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset`. Raises Problem if the hub refuses or does not honour the range."""
        from huggingface_hub import hf_hub_url
        from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

        url = hf_hub_url(self.model, self.name, revision=self.commit, endpoint=api().endpoint)
        wanted = f"bytes={offset}-{offset + length - 1}"
        headers = {**build_hf_headers(library_name="claimcheck"), "Range": wanted, "Accept-Encoding": "identity"}

        def ask() -> bytes:
            with get_session().stream("GET", url, headers=headers, timeout=TIMEOUT) as response:
                hf_raise_for_status(response)
                if response.status_code != 206 and (offset or self.size > length):
                    raise Problem(f"the hub sends no part of {self.name} of {self.model} (no range requests); pull it")
                return response.read()

        with hub_problems(self.model, self.commit):
            return patient(ask)
