Feature: The read model can be thrown away
  Everything but the log is derived from it, and can be made anew while everybody goes on.

  Scenario: Rows were edited, removed and invented by hand
    Given an analyst has submitted a report in German as a batch
    And the analyst has watched the batch until it finished
    And the analyst has submitted 2 more batches one after another
    When the administrator edits, deletes and inserts rows of the read model by hand
    Then the audit names every changed row and field
    When an operator rebuilds the read model
    Then the audit reports no findings
    And the repair is recorded with the operator's name and reason
    And the analyst sees the batch as before

  Scenario: Everything but the log is gone
    Given no worker is running
    And an analyst has submitted a batch of 2 reports
    When the administrator empties the read model and the queue
    And an operator rebuilds the read model
    And a worker starts
    Then the batch finishes with status "COMPLETED"
    And the audit reports no findings

  Scenario: Another projector is tried before it is deployed
    Given an analyst has submitted a report in German as a batch
    And the analyst has watched the batch until it finished
    When an operator replays the log through a projector that ignores failures
    Then the replay names the batch and the field that would differ
    And the read model is unchanged

  Scenario: The same projector gives the same rows
    Given an analyst has submitted a report in German as a batch
    And the analyst has watched the batch until it finished
    When an operator replays the log through the deployed projector
    Then the replay reports that no batch would differ
