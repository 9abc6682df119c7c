Feature: Submitting a batch and following its progress
  An analyst uploads reports, submits them as one batch, and follows its progress until it has finished.

  Scenario: All reports of a batch are analysed
    Given an analyst with the Pro tier
    And the analyst has uploaded 3 reports in English
    When the analyst submits them as a batch
    Then the answer is 202 with the location of the batch
    And the answer has exactly the seven fields of a batch, with status "PENDING" and nothing processed
    And the batch ends with status "COMPLETED", 3 successful and 0 failed
    And the results name the reports in the order submitted
    And each report that succeeded has an analysis with scores between 0 and 1

  Scenario: One report cannot be analysed
    Given an analyst with the Pro tier
    And the analyst has uploaded a report in English
    And the analyst has uploaded a report in German
    When the analyst submits them as a batch
    Then the batch ends with status "PARTIALLY_COMPLETED", 1 successful and 1 failed
    And report 2 failed with "UNSUPPORTED_LANGUAGE" and a sentence that says what to do

  Scenario: No report can be analysed
    Given an analyst with the Pro tier
    And the analyst has uploaded a report that holds only tables
    And the analyst has uploaded a PDF that is cut off
    When the analyst submits them as a batch
    Then the batch ends with status "FAILED", 0 successful and 2 failed
    And report 1 failed with "NO_NARRATIVE_TEXT" and a sentence that says what to do
    And report 2 failed with "CORRUPTED_FILE" and a sentence that says what to do

  Scenario: The status and the results show the progress in order
    Given an analyst with the Pro tier
    And the analyst has uploaded 4 reports in English
    When the analyst submits them as a batch
    And the batch has ended
    Then its statuses over time were "PENDING", "PROCESSING", "COMPLETED"
    And the number of results over time was 0, 1, 2, 3, 4
    And its reports have the processing status "COMPLETED"

  Scenario: A request with the current ETag gets no body
    Given an analyst with the Pro tier
    And the analyst has uploaded a report in English
    And nothing works on batches now
    When the analyst submits them as a batch
    And asks for the batch again with its ETag
    Then the answer is 304 without a body

  Scenario: The list of batches comes in pages
    Given an analyst with the Enterprise tier
    And the analyst has submitted 5 batches of one report
    When the analyst lists the batches 2 at a time
    Then all 5 batches are listed once each, newest first
