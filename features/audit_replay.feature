Feature: Rebuilding the read model
  The read model is computed from the log, and an operator can rebuild it while the service runs.

  Scenario: A rebuild repairs rows that were edited, removed or inserted by hand
    Given an analyst has submitted a report in German as a batch
    And the analyst has watched the batch until it finished
    And the analyst has submitted 2 more batches one after another
    When the administrator edits, deletes and inserts rows of the read model by hand
    Then the audit names every changed row and field
    When an operator rebuilds the read model
    Then the audit reports no findings
    And the repair is recorded with the operator's name and reason
    And the analyst sees the batch as before

  Scenario: A rebuild restores the read model and the queue from the log alone
    Given no worker is running
    And an analyst has submitted a batch of 2 reports
    When the administrator empties the read model and the queue
    And an operator rebuilds the read model
    And a worker starts
    Then the batch finishes with status "COMPLETED"
    And the audit reports no findings

  Scenario: A replay compares a new projector with the deployed one
    Given an analyst has submitted a report in German as a batch
    And the analyst has watched the batch until it finished
    When an operator replays the log through a projector that ignores failures
    Then the replay names the batch and the field that would differ
    And the read model is unchanged

  Scenario: A replay of the deployed projector finds no difference
    Given an analyst has submitted a report in German as a batch
    And the analyst has watched the batch until it finished
    When an operator replays the log through the deployed projector
    Then the replay reports that no batch would differ
