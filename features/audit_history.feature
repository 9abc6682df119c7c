Feature: The history of a batch
  An auditor asks for the state of a batch at any instant, and gets the answer that its owner got at that instant.

  Scenario: The status of a batch at every instant
    Given an analyst has submitted a batch of 2 reports and followed it to its end
    When the auditor asks for the history of the batch
    Then each event tells its time, its actor and its correlation
    And the answer of each instant is the one that the analyst got then
    And before the submission there was no such batch

  Scenario: The list of batches at an earlier instant
    Given an analyst has submitted 3 batches one after the other
    When the auditor asks for the analyst's batches as of the second submission
    Then the list holds the first two, the second one first
    And the analyst gets the same list

  Scenario: Batches that retention removed stay in the history
    Given an analyst has submitted a batch of 1 report and followed it to its end
    When an operator cleans up everything that has finished
    Then the analyst's list of batches is empty
    And the auditor still reads every event of the batch
    And the audit finds nothing wrong
    And the clean-up is recorded with its actor and its reason

  Scenario: The history of a cancelled batch names the actor and the reason
    Given nothing works on batches now
    And an analyst has submitted a batch of 2 reports
    When the analyst cancels it because "the wrong year was uploaded"
    Then the batch has ended with status "FAILED"
    And the history names the analyst and "the wrong year was uploaded"
    And the analyst can retry it, as a batch that is linked to it

  Scenario: Times never go back, even if the clock does
    Given nothing works on batches now
    And an analyst has submitted a batch of 1 report
    When the clock of the service goes back by an hour
    And the analyst cancels it because "it takes too long"
    Then the times of the batch do not go back

  Scenario: Only auditors may read the history
    Given an analyst has submitted a batch of 1 report and followed it to its end
    When the analyst asks for the history as an auditor does
    Then the answer is 403 "ROLE_MISSING"
