Feature: Can the log be believed?
  An auditor who trusts neither the service nor its database's administrator checks it alone.

  Scenario: An untouched log
    Given an analyst has submitted a batch of 2 reports and followed it to its end
    Then the audit finds nothing wrong
    And an export of the log is found sound by a verifier that is none of ours

  Scenario: A whole batch was removed by the database's administrator
    Given an analyst has submitted a batch of 1 report and followed it to its end
    And the log is sealed
    When the administrator removes every trace of the batch
    Then the audit names the batch
    And an export of the log is found broken by a verifier that is none of ours

  Scenario: The database was rolled back
    Given the auditor keeps a checkpoint after a batch has ended
    When the administrator restores the database as it was before
    Then the service's machine remembers more, says so, and seals nothing
    And an auditor on another machine finds nothing wrong, but with the checkpoint that was kept

  Scenario: A report's status was edited
    Given an analyst has submitted a batch of 1 report and followed it to its end
    When somebody edits the report's status by hand
    Then the audit names the report
    When an operator rebuilds the read model
    Then the audit finds nothing wrong
