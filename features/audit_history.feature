Feature: The history of a batch
  An auditor asks for the state of a batch at any instant, and gets the answer that its owner got at that instant.

  Scenario: The status of a batch at every instant
    Given an analyst has submitted a report in English and a report in German as a batch
    And the analyst has watched the batch until it finished
    When the auditor requests the history of the batch
    Then every event shows its time, its actor and its correlation id
    And the batch as of any instant is what the analyst saw at that instant
    And the command line shows the same history
    And the batch does not exist as of any instant before its submission

  Scenario: The list of batches at an earlier instant
    Given an analyst has submitted 3 batches one after another
    When the auditor lists the analyst's batches as of the second submission
    Then the list contains the first two batches, newest first
    And the analyst's own list as of that instant is the same

  Scenario: Batches that retention removed stay in the history
    Given an analyst has submitted a report in German as a batch
    And the analyst has watched the batch until it finished
    When an operator cleans up all finished batches
    Then the analyst's list of batches is empty
    And the auditor can still read the history of the batch
    And the audit reports no findings
    And the clean-up is recorded with the operator's name and reason

  Scenario: The history of a cancelled batch names the actor and the reason
    Given no worker is running
    And an analyst has submitted a batch of 2 reports
    When the analyst cancels the batch because "the wrong year was uploaded"
    Then the batch has status "FAILED" and 2 cancelled reports
    And the batch cannot be cancelled again
    And the history names the analyst and the reason "the wrong year was uploaded"
    And the analyst can retry it as a new batch that is linked to the cancelled one

  Scenario: Times never go back, even if the clock does
    Given no worker is running
    And an analyst has submitted a batch of 1 report
    When the service's clock goes back by an hour
    And the analyst cancels the batch because "it takes too long"
    Then the times in the history of the batch never go back

  Scenario: Only auditors may read the history
    Given an analyst has submitted a report in German as a batch
    And the analyst has watched the batch until it finished
    When the analyst requests the audit history of the batch
    Then the request is refused with 403 "ROLE_MISSING"
