Feature: Invalid requests
  Every error has the same shape, and says what is wrong and what to do.

  Scenario Outline: A request that does not describe a batch
    Given an analyst with the Pro tier
    When the analyst sends the batch <body>
    Then the answer is 422 with the code "VALIDATION_ERROR"
    And the error names the field "<field>"

    Examples:
      | body                                       | field        |
      | {"report_ids": []}                         | report_ids   |
      | {"report_ids": ["no uuid"]}                | report_ids.0 |
      | {"reports": []}                            | reports      |
      | {"report_ids":                             | body         |

  Scenario: A batch that names the same report twice
    Given an analyst with the Pro tier
    And the analyst has uploaded a report in English
    When the analyst submits it twice in one batch
    Then the answer is 422 with the code "VALIDATION_ERROR"

  Scenario: A report that is in another unfinished batch
    Given an analyst with the Pro tier
    And nothing works on batches now
    And the analyst has uploaded a report in English
    When the analyst submits them as a batch
    And the analyst submits them as a batch
    Then the answer is 409 with the code "REPORT_BUSY"

  Scenario: A report that already has an analysis
    Given an analyst with the Pro tier
    And the analyst has uploaded a report in English
    When the analyst submits them as a batch
    And the batch has ended
    And the analyst submits them as a batch
    Then the answer is 409 with the code "REPORT_ALREADY_PROCESSED"

  Scenario Outline: A file that is not a report
    Given an analyst with the Pro tier
    When the analyst uploads <file>
    Then the answer is <status> with the code "<code>"

    Examples:
      | file           | status | code               |
      | a spreadsheet  | 415    | UNSUPPORTED_FORMAT |
      | an empty file  | 422    | EMPTY_FILE         |

  Scenario: A repeated submit with the same idempotency key
    Given an analyst with the Pro tier
    And the analyst has uploaded a report in English
    When the analyst submits them with the idempotency key "monday"
    And the analyst submits them with the idempotency key "monday"
    Then both answers name the same batch
    And the analyst's list has one batch
