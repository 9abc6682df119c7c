Feature: Erasing a user's data
  The user's data leaves the service. The log keeps only an id that nothing but the platform can resolve.

  Scenario: An operator erases a user's data
    Given nothing works on batches now
    And an analyst has uploaded reports of "Jane Doe <jane@example.com>" and submitted a batch of them
    When an operator erases the analyst because "request 4711"
    Then the batch has ended with status "FAILED" in the log
    And the analyst's reports, analyses and batches are gone
    And the erasure is recorded with its actor and its reason
    And nothing in the log or in the service's output names the analyst or what was uploaded
    And the audit finds nothing wrong
    When an operator rebuilds the read model
    Then the analyst's reports, analyses and batches are gone
    And the audit finds nothing wrong

  Scenario: The data of other users stays
    Given an analyst has submitted a batch of 1 report and followed it to its end
    When an operator erases another analyst because "request 4712"
    Then the analyst reads the same answers as before
