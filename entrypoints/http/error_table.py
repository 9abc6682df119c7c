"""The one table of errors: each class of error with its HTTP status and its `error_code`."""

from collections.abc import Mapping

from application import errors, upload
from application.audit.proofs import NoSuchEvent, NoSuchTree, NotSealed
from application.ports.tokens import InvalidToken
from domain import refusals
from entrypoints.http.errors import BodyTooLarge, RoleMissing, TooManyRequests

TABLE: Mapping[type[Exception], tuple[int, str]] = {
    InvalidToken: (401, "INVALID_TOKEN"),
    RoleMissing: (403, "ROLE_MISSING"),
    refusals.TooManyReports: (403, "BATCH_LIMIT_EXCEEDED"),
    refusals.ReportsUnknown: (404, "REPORT_NOT_FOUND"),
    errors.ReportNotFound: (404, "REPORT_NOT_FOUND"),
    errors.BatchNotFound: (404, "BATCH_NOT_FOUND"),
    refusals.ReportsBusy: (409, "REPORT_BUSY"),
    refusals.ReportsAnalysed: (409, "REPORT_ALREADY_PROCESSED"),
    NoSuchEvent: (404, "EVENT_NOT_FOUND"),
    NoSuchTree: (404, "CHECKPOINT_NOT_FOUND"),
    refusals.BatchFinished: (409, "BATCH_FINISHED"),
    refusals.BatchUnfinished: (409, "BATCH_UNFINISHED"),
    refusals.NothingToRetry: (409, "NOTHING_TO_RETRY"),
    NotSealed: (409, "NOT_SEALED_YET"),
    errors.AnalysisNotReady: (409, "ANALYSIS_NOT_READY"),
    errors.IdempotencyKeyInFlight: (409, "IDEMPOTENCY_KEY_IN_FLIGHT"),
    upload.FileTooLarge: (413, "FILE_TOO_LARGE"),
    BodyTooLarge: (413, "FILE_TOO_LARGE"),
    upload.UnsupportedFormat: (415, "UNSUPPORTED_FORMAT"),
    upload.EmptyFile: (422, "EMPTY_FILE"),
    refusals.NothingSubmitted: (422, "VALIDATION_ERROR"),
    refusals.ReportListedTwice: (422, "VALIDATION_ERROR"),
    errors.IdempotencyKeyReused: (422, "IDEMPOTENCY_KEY_REUSED"),
    TooManyRequests: (429, "RATE_LIMIT_EXCEEDED"),
    refusals.TooManyActiveBatches: (429, "ACTIVE_BATCH_LIMIT_EXCEEDED"),
    errors.LogDamaged: (500, "LOG_DAMAGED"),
    errors.StorageUnavailable: (503, "SERVICE_UNAVAILABLE"),
    errors.Conflict: (503, "SERVICE_UNAVAILABLE"),
}
"""The closest base class of an error decides."""
