"""The failures that a report can end with, each with a sentence that tells the report's owner what to do.

The sentences are fixed, so the log contains no text, file name or owner of a report.
"""

from enum import StrEnum


class FailureCode(StrEnum):
    NO_NARRATIVE_TEXT = "NO_NARRATIVE_TEXT"
    UNSUPPORTED_LANGUAGE = "UNSUPPORTED_LANGUAGE"
    CORRUPTED_FILE = "CORRUPTED_FILE"
    PASSWORD_PROTECTED = "PASSWORD_PROTECTED"
    ANALYSIS_TIMEOUT = "ANALYSIS_TIMEOUT"
    ANALYSIS_CRASHED = "ANALYSIS_CRASHED"
    REPORT_MISSING = "REPORT_MISSING"
    CANCELLED = "CANCELLED"


SENTENCES = {
    FailureCode.NO_NARRATIVE_TEXT: "The report holds tables or images but no running text: "
    "upload the document that contains the narrative, or one with a text layer.",
    FailureCode.UNSUPPORTED_LANGUAGE: "The report is not in English: upload its English version.",
    FailureCode.CORRUPTED_FILE: "The file is damaged or cut off and could not be read: "
    "download it again from its source and upload it anew.",
    FailureCode.PASSWORD_PROTECTED: "The PDF is locked with a password: save a copy without one and upload that.",
    FailureCode.ANALYSIS_TIMEOUT: "The analysis exceeded its time limit: "
    "upload the narrative part alone, or ask the operator to raise ANALYSIS_TIMEOUT_S.",
    FailureCode.ANALYSIS_CRASHED: "The analysis of this report crashed repeatedly: "
    "upload the report in another format, and tell the operator its report id.",
    FailureCode.REPORT_MISSING: "The report was deleted before its analysis: upload it again and submit it anew.",
    FailureCode.CANCELLED: "The batch was cancelled before this report was analysed: submit it again if you need it.",
}


def errors_for(code: FailureCode) -> tuple[str, ...]:
    """Return the `errors` of a `ReportFailed`. Each begins with its code, so that a client can parse the code."""
    return (f"{code}: {SENTENCES[code]}",)
