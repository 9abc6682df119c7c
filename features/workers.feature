Feature: Workers come and go
  Any number of workers share the work, on as many machines as there are. One that dies, freezes or is replaced costs
  nothing but a little time.

  Background:
    Given a service with two workers on two machines

  Scenario: A worker dies
    Given an analyst has submitted a batch of 4 long reports
    When 1 report is done
    And the worker that has the batch is killed
    Then the other worker takes the batch within the heartbeat timeout and a second
    And the batch ends with status "COMPLETED", 4 successful and 0 failed
    And every report has exactly one outcome and one analysis
    And the audit finds nothing wrong

  Scenario: A worker freezes beyond its timeout and comes back
    Given an analyst has submitted a batch of 4 long reports
    When 1 report is done
    And the worker that has the batch is frozen
    Then the other worker takes the batch within the heartbeat timeout and a second
    When the frozen worker goes on
    Then the batch ends with status "COMPLETED", 4 successful and 0 failed
    And every report has exactly one outcome and one analysis
    And the frozen worker has recorded nothing since the other took the batch
    And the audit finds nothing wrong

  Scenario: A report brings down whichever worker reads it
    Given an analyst has submitted a batch of 3 reports of which the second kills its worker
    And another analyst has submitted a batch of 3 long reports
    When workers that died are started again each time
    Then the batch ends with status "PARTIALLY_COMPLETED", 2 successful and 1 failed
    And the second report has failed with "ANALYSIS_CRASHED"
    And every other report of every batch has succeeded
    And the audit finds nothing wrong

  Scenario: A deploy under load
    Given analysts keep 6 batches of 3 reports in the running
    When every worker is stopped and started again, one after the other
    Then each worker ended with exit code 0
    And all batches end with status "COMPLETED"
    And no report took a second attempt
    And every report has exactly one outcome and one analysis
    And the audit finds nothing wrong

  Scenario: A service manager tells all processes to stop, those that analyse too
    Given analysts keep 6 batches of 3 reports in the running
    When every process of both workers is told to stop at once, and both are started again
    Then each worker ended with exit code 0
    And all batches end with status "COMPLETED"
    And no report took a second attempt
    And the audit finds nothing wrong
