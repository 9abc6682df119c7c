Feature: Verifying the log
  An auditor verifies the log without trusting the service or the administrator of its database.

  Scenario: An unchanged log passes every check
    Given an analyst has submitted a report in English and a report in German as a batch
    And the analyst has watched the batch until it finished
    Then the audit reports no findings
    And an independent verifier accepts an export of the log

  Scenario: The audit finds that the database's administrator removed a whole batch
    Given an analyst has submitted a report in German as a batch
    And the analyst has watched the batch until it finished
    And a signed checkpoint covers the batch
    When the administrator deletes every row of the batch
    Then the audit names the batch
    And an independent verifier finds the batch missing from an export of the log

  Scenario: A kept checkpoint reveals that the database was rolled back
    Given a batch has finished and the auditor has kept a signed checkpoint of the log
    When the administrator restores the database to a state before the batch
    Then the service reports that the database was rolled back and signs no new checkpoint
    And an auditor on another machine detects the rollback only with the kept checkpoint

  Scenario: The audit finds an edited report status, and a rebuild repairs it
    Given an analyst has submitted a report in German as a batch
    And the analyst has watched the batch until it finished
    When the administrator edits the status of the report by hand
    Then the audit names the report and the edited status
    When an operator rebuilds the read model
    Then the audit reports no findings
