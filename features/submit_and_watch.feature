Feature: Submitting a batch and following its progress
  An analyst uploads reports, submits them as one batch, and follows its progress until it has finished.

  Scenario: All reports of a batch are analysed
    Given an analyst on the Pro tier
    And the analyst has uploaded 3 reports in English
    When the analyst submits the reports as a batch
    Then the submission is accepted with 202 and the location of the batch
    And the answer has exactly the seven documented fields, with status "PENDING" and no results
    And the batch finishes with status "COMPLETED", 3 reports successful and 0 failed
    And the results list the reports in the order of submission
    And every report has an analysis with scores between 0 and 1

  Scenario: One report cannot be analysed
    Given an analyst on the Pro tier
    And the analyst has uploaded a report in English
    And the analyst has uploaded a report in German
    When the analyst submits the reports as a batch
    Then the batch finishes with status "PARTIALLY_COMPLETED", 1 report successful and 1 failed
    And report 2 has failed with "UNSUPPORTED_LANGUAGE" and a message that says what to do

  Scenario: No report can be analysed
    Given an analyst on the Pro tier
    And the analyst has uploaded a report that contains only tables
    And the analyst has uploaded a truncated PDF
    When the analyst submits the reports as a batch
    Then the batch finishes with status "FAILED", 0 reports successful and 2 failed
    And report 1 has failed with "NO_NARRATIVE_TEXT" and a message that says what to do
    And report 2 has failed with "CORRUPTED_FILE" and a message that says what to do

  Scenario: The status and the results show the progress in order
    Given an analyst on the Pro tier
    And the analyst has uploaded 4 reports in English
    When the analyst submits the reports as a batch
    And the batch finishes
    Then the status of the batch went through "PENDING", "PROCESSING", "COMPLETED"
    And the number of results went through 0, 1, 2, 3, 4
    And every report has the processing status "COMPLETED"

  Scenario: A request with the current ETag gets no body
    Given an analyst on the Pro tier
    And no worker is running
    And the analyst has uploaded a report in English
    When the analyst submits the report as a batch
    And the analyst requests the batch with its current ETag
    Then the answer is 304 without a body

  Scenario: The list of batches comes in pages
    Given an analyst on the Enterprise tier
    And the analyst has submitted 5 batches of 1 report each
    When the analyst lists the batches in pages of 2
    Then the pages list each of the 5 batches once, newest first
