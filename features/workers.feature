Feature: Several workers
  Any number of workers on any number of machines share the work. A worker that dies, freezes or is replaced delays its
  batches, and loses nothing.

  Background:
    Given a service with two workers on two machines

  Scenario: Another worker takes over when a worker is killed
    Given an analyst has submitted a batch of 4 long reports
    When 1 report is done
    And the worker that has the batch is killed
    Then the other worker takes the batch within the heartbeat timeout and a second
    And the batch finishes with status "COMPLETED", 4 reports successful and 0 failed
    And every report has exactly one outcome and one analysis
    And the audit reports no findings

  Scenario: A worker that was frozen beyond its timeout records nothing afterwards
    Given an analyst has submitted a batch of 4 long reports
    When 1 report is done
    And the worker that has the batch is frozen
    Then the other worker takes the batch within the heartbeat timeout and a second
    When the frozen worker resumes
    Then the batch finishes with status "COMPLETED", 4 reports successful and 0 failed
    And every report has exactly one outcome and one analysis
    And the frozen worker has recorded nothing since the other took the batch
    And the audit reports no findings

  @mortal_workers
  Scenario: A report that kills its workers fails alone
    Given an analyst has submitted a batch of 3 reports of which the second kills its worker
    And another analyst has submitted a batch of 3 long reports
    When workers that died are started again each time
    Then the batch finishes with status "PARTIALLY_COMPLETED", 2 reports successful and 1 failed
    And the second report has failed with "ANALYSIS_CRASHED"
    And every other report of every batch has succeeded
    And the audit reports no findings

  Scenario: A deployment under load does not count as an attempt
    Given analysts keep 6 batches of 3 reports unfinished
    When every worker is stopped and started again, one after the other
    Then each worker ended with exit code 0
    And all batches finish with status "COMPLETED"
    And no report took a second attempt
    And every report has exactly one outcome and one analysis
    And the audit reports no findings

  Scenario: Stopping all processes at once, analysing ones included, does not count as an attempt
    Given analysts keep 6 batches of 3 reports unfinished
    When every process of both workers is told to stop at once, and both are started again
    Then each worker ended with exit code 0
    And all batches finish with status "COMPLETED"
    And no report took a second attempt
    And the audit reports no findings
