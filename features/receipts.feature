Feature: Receipts
  A client can prove that it submitted a batch, even if the log is changed afterwards.

  Scenario: Every submission gets a signed receipt
    Given an analyst has submitted a report in German as a batch
    And the analyst has watched the batch until it finished
    Then the answer to the submission carries a valid signed receipt
    And the analyst can download the same receipt, with a proof that the log includes the submission

  Scenario: A receipt reveals that a batch was removed from the log
    Given an analyst has submitted a report in German as a batch
    And the analyst has watched the batch until it finished
    When the administrator deletes every row of the batch and signs the remaining log again
    Then the receipt proves that the batch is missing from an export of the log

  Scenario: The receipt of another user's batch
    Given another analyst has submitted a batch
    When the analyst requests the receipt of that batch
    Then the request is refused with 404 "BATCH_NOT_FOUND"
