Feature: Verifying the log
  An auditor verifies the log without trusting the service or the administrator of its database.

  Scenario: An unchanged log passes every check
    Given an analyst has submitted a batch of 2 reports and followed it to its end
    Then the audit finds nothing wrong
    And an export of the log is found sound by a verifier that is none of ours

  Scenario: The audit finds that the database's administrator removed a whole batch
    Given an analyst has submitted a batch of 1 report and followed it to its end
    And the log is sealed
    When the administrator removes every trace of the batch
    Then the audit names the batch
    And an export of the log is found broken by a verifier that is none of ours

  Scenario: A kept checkpoint reveals that the database was rolled back
    Given the auditor keeps a checkpoint after a batch has ended
    When the administrator restores the database as it was before
    Then the service's machine remembers more, says so, and seals nothing
    And an auditor on another machine finds nothing wrong, but with the checkpoint that was kept

  Scenario: The audit finds an edited report status, and a rebuild repairs it
    Given an analyst has submitted a batch of 1 report and followed it to its end
    When somebody edits the report's status by hand
    Then the audit names the report
    When an operator rebuilds the read model
    Then the audit finds nothing wrong
