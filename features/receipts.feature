Feature: Receipts
  A client can prove that it submitted a batch, even if the log is changed afterwards.

  Scenario: Every submission gets a signed receipt
    Given an analyst has submitted a batch of 1 report and followed it to its end
    Then the answer to the submission carried a signed receipt
    And asking for the receipt gives the same one, with a proof that the log holds the submission

  Scenario: A receipt reveals that a batch was removed from the log
    Given an analyst has submitted a batch of 1 report and followed it to its end
    When the administrator removes every trace of the batch and seals the rest anew
    Then the receipt shows that the batch is missing from an export

  Scenario: The receipt of another user's batch
    Given another analyst has submitted a batch of 1 report
    When the analyst asks for its receipt
    Then the answer is 404 "BATCH_NOT_FOUND"
