Feature: Crashes and restarts
  A 202 means that the batch will finish, whichever process dies in between.

  Scenario: The service is killed in the middle of a batch
    Given a running service
    And an analyst has submitted a batch of 4 long reports
    When 1 report is done
    And the service is killed without warning
    And the service is started again
    Then the batch finishes with status "COMPLETED", 4 reports successful and 0 failed
    And every report has exactly one outcome and one analysis
    And the log shows a second start
    And the audit reports no findings

  Scenario: The service is killed before it works on a batch
    Given a running service that works on no batches
    And an analyst has submitted a batch of 2 long reports
    When the service is killed without warning
    And the service is started again
    Then the batch finishes with status "COMPLETED", 2 reports successful and 0 failed
    And every report has exactly one outcome and one analysis
    And the audit reports no findings

  Scenario: The service is stopped with a signal
    Given a running service
    And an analyst has submitted a batch of 2 long reports
    When the service is told to stop
    Then it ends with exit code 0
    And the service is started again
    And the batch finishes with status "COMPLETED", 2 reports successful and 0 failed
    And the audit reports no findings
