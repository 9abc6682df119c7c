Feature: Invalid requests
  Every error has the same shape, and says what is wrong and what to do.

  Scenario Outline: A request that does not describe a batch
    Given an analyst on the Pro tier
    When the analyst submits the request body <body>
    Then the request is refused with 422 "VALIDATION_ERROR"
    And the error names the field "<field>"

    Examples:
      | body                                       | field        |
      | {"report_ids": []}                         | report_ids   |
      | {"report_ids": ["no uuid"]}                | report_ids.0 |
      | {"reports": []}                            | reports      |
      | {"report_ids":                             | body         |

  Scenario: A batch that names the same report twice
    Given an analyst on the Pro tier
    And the analyst has uploaded a report in English
    When the analyst submits the report twice in one batch
    Then the request is refused with 422 "VALIDATION_ERROR"

  Scenario: A report that is in another unfinished batch
    Given an analyst on the Pro tier
    And no worker is running
    And the analyst has uploaded a report in English
    When the analyst submits the report as a batch
    And the analyst submits the report again
    Then the request is refused with 409 "REPORT_BUSY"

  Scenario: A report that already has an analysis
    Given an analyst on the Pro tier
    And the analyst has uploaded a report in English
    When the analyst submits the report as a batch
    And the batch finishes
    And the analyst submits the report again
    Then the request is refused with 409 "REPORT_ALREADY_PROCESSED"

  Scenario Outline: A file that is not a report
    Given an analyst on the Pro tier
    When the analyst uploads <file>
    Then the request is refused with <status> "<code>"

    Examples:
      | file           | status | code               |
      | a spreadsheet  | 415    | UNSUPPORTED_FORMAT |
      | an empty file  | 422    | EMPTY_FILE         |

  Scenario: A repeated submit with the same idempotency key
    Given an analyst on the Pro tier
    And the analyst has uploaded a report in English
    When the analyst submits the report with the idempotency key "monday"
    And the analyst repeats the submission with the idempotency key "monday"
    Then both answers name the same batch
    And the analyst's list contains one batch
