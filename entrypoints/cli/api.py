"""The HTTP client behind the commands that speak to a running service."""

import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from entrypoints.cli.output import BadAnswer, plain_name

WAIT_S = 20
AGAIN_S = 1.0
PASSING = (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE)
FINAL = ("COMPLETED", "PARTIALLY_COMPLETED", "FAILED")


class Api:
    """Every call raises BadAnswer with the problem's own words, httpx.HTTPError if the service cannot be reached."""

    def __init__(self, url: str, token: str) -> None:
        self._http = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=httpx.Timeout(WAIT_S + 70, connect=5)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def upload(self, file: Path, report_type: str) -> str:
        """Upload a file; return the report's id."""
        with file.open("rb") as content:
            form = {"report_type": report_type}
            named = {"file": ("report", content)}
            try:
                return str(self._ask("POST", "/v1/reports/upload", files=named, data=form)["report_id"])
            except BadAnswer as refused:
                raise BadAnswer(f"{plain_name(file)}: {refused}") from None

    def submit(self, report_ids: list[str], *, reanalyze: bool = False) -> dict[str, Any]:
        return self._ask("POST", "/v1/reports/batch", json={"report_ids": report_ids, "reanalyze": reanalyze})

    def batch(self, batch_id: str) -> dict[str, Any]:
        return self._ask("GET", f"/v1/reports/batch/{batch_id}")

    def cancel(self, batch_id: str, reason: str) -> dict[str, Any]:
        return self._ask("POST", f"/v1/reports/batch/{batch_id}/cancel", json={"reason": reason})

    def retry(self, batch_id: str, reason: str | None) -> dict[str, Any]:
        return self._ask("POST", f"/v1/reports/batch/{batch_id}/retry", json={"reason": reason})

    def analysis(self, report_id: str) -> dict[str, Any]:
        return self._ask("GET", f"/v1/reports/{report_id}/analysis")

    def watch(self, batch_id: str, show: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        """Return the batch when it has finished; call `show` for each change. Wait through restarts of the service."""
        etag = ""
        while True:
            try:
                answer = self._http.get(
                    f"/v1/reports/batch/{batch_id}", params={"wait": WAIT_S}, headers={"If-None-Match": etag}
                )
            except httpx.TransportError:
                time.sleep(AGAIN_S)
                continue
            if answer.status_code in PASSING:
                time.sleep(float(answer.headers.get("retry-after", AGAIN_S)))
                continue
            if answer.status_code == httpx.codes.NOT_MODIFIED:
                continue
            batch = _answered(answer)
            etag = answer.headers.get("etag", "")
            show(batch)
            if batch["status"] in FINAL:
                return batch

    def _ask(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        return _answered(self._http.request(method, path, **more))


def _answered(answer: httpx.Response) -> dict[str, Any]:
    if answer.is_success:
        body: dict[str, Any] = answer.json()
        return body
    try:
        problem = answer.json()
        fields = "".join(f" {each['message']}." for each in problem.get("errors", ()))
        raise BadAnswer(f"{problem['error_code']}: {problem['detail']}{fields}")
    except (ValueError, KeyError, TypeError):
        raise BadAnswer(f"The service answered {answer.status_code}: {answer.text[:200]}") from None
