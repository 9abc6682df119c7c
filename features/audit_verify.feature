Feature: Can the log be believed?
  An auditor who trusts neither the service nor its database's administrator checks it alone.

  Scenario: An untouched log
    Given an analyst has submitted a report in English and a report in German as a batch
    And the analyst has watched the batch until it finished
    Then the audit reports no findings
    And an independent verifier accepts an export of the log

  Scenario: A whole batch was removed by the database's administrator
    Given an analyst has submitted a report in German as a batch
    And the analyst has watched the batch until it finished
    And a signed checkpoint covers the batch
    When the administrator deletes every row of the batch
    Then the audit names the batch
    And an independent verifier finds the batch missing from an export of the log

  Scenario: The database was rolled back
    Given a batch has finished and the auditor has kept a signed checkpoint of the log
    When the administrator restores the database to a state before the batch
    Then the service reports that the database was rolled back and signs no new checkpoint
    And an auditor on another machine detects the rollback only with the kept checkpoint

  Scenario: A report's status was edited
    Given an analyst has submitted a report in German as a batch
    And the analyst has watched the batch until it finished
    When the administrator edits the status of the report by hand
    Then the audit names the report and the edited status
    When an operator rebuilds the read model
    Then the audit reports no findings
