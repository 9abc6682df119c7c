Feature: Erasing a user's data
  The user's data leaves the service. The log keeps only an id that nothing but the platform can resolve.

  Scenario: An operator erases a user's data
    Given no worker is running
    And an analyst has submitted a batch of 2 reports that are labelled "Jane Doe <jane@example.com>"
    When an operator erases the analyst because "request 4711"
    Then the log shows that the batch finished with status "FAILED"
    And the analyst's reports, analyses and batches are gone
    And the erasure is recorded with the operator's name and reason
    And neither the log nor the service's output contains the analyst's name or words of the reports
    And the audit reports no findings
    When an operator rebuilds the read model
    Then the analyst's reports, analyses and batches are gone
    And the audit reports no findings

  Scenario: The data of other users stays
    Given an analyst has submitted a report in German as a batch
    And the analyst has watched the batch until it finished
    When an operator erases another analyst because "request 4712"
    Then the analyst sees the batch as before
