"""Files of an unsupported format, empty files and requests that are too large are refused."""

from collections.abc import Iterator

import pytest

from entrypoints.settings import Settings
from tests.support.problems import expect_problem
from tests.support.running_service import Client, Service

MAX_UPLOAD_BYTES = 200_000


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"PK\x03\x04rest of a zip", id="ZIP"),
        pytest.param(b"\x89PNG\r\n\x1a\n", id="PNG"),
        pytest.param(b"text\x00with zeros", id="binary"),
        pytest.param(b"\xd0\xcf\x11\xe0", id="OLE"),
    ],
)
def test_an_unsupported_format_is_refused_whatever_the_file_is_named(client: Client, content: bytes) -> None:
    expect_problem(client.upload(content, name="report.pdf"), 415, "UNSUPPORTED_FORMAT")


def test_an_empty_file_is_refused(client: Client) -> None:
    expect_problem(client.upload(b""), 422, "EMPTY_FILE")


def test_a_json_body_that_is_too_large_is_refused(client: Client) -> None:
    answer = client.http.post("/v1/reports/batch", content=b" " * 1_100_000)
    expect_problem(answer, 413, "FILE_TOO_LARGE")


class TestUploadLimit:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"max_upload_bytes": MAX_UPLOAD_BYTES})

    @pytest.fixture
    def client(self, own_service: Service) -> Client:
        return own_service.client()

    def test_a_file_of_the_limit_is_accepted_and_a_larger_one_refused(self, client: Client) -> None:
        assert client.upload(b"a" * MAX_UPLOAD_BYTES).status_code == 201
        expect_problem(client.upload(b"a" * (MAX_UPLOAD_BYTES + 1)), 413, "FILE_TOO_LARGE")
        expect_problem(client.upload(b"a" * 10 * MAX_UPLOAD_BYTES), 413, "FILE_TOO_LARGE")

    def test_a_stream_of_unknown_length_is_refused_at_the_limit(self, client: Client) -> None:
        def stream_beyond_the_limit() -> Iterator[bytes]:
            yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="r"\r\n\r\n'
            for _ in range(100):
                yield b"a" * 10_000

        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        answer = client.http.post("/v1/reports/upload", content=stream_beyond_the_limit(), headers=headers)
        expect_problem(answer, 413, "FILE_TOO_LARGE")
