Feature: Rebuilding the read model
  The read model is computed from the log, and an operator can rebuild it while the service runs.

  Scenario: A rebuild repairs rows that were edited, removed or inserted by hand
    Given an analyst has submitted a batch of 1 report and followed it to its end
    And an analyst has submitted 2 batches one after the other
    When somebody edits, removes and invents rows of the read model by hand
    Then the audit names each of them, field by field
    When an operator rebuilds the read model
    Then the audit finds nothing wrong
    And the repair is recorded with its actor and its reason
    And the analyst reads the same answers as before

  Scenario: A rebuild restores the read model and the queue from the log alone
    Given nothing works on batches now
    And an analyst has submitted a batch of 2 reports
    When the read model and the queue are emptied
    And an operator rebuilds the read model
    And a worker is started
    Then the batch ends with status "COMPLETED"
    And the audit finds nothing wrong

  Scenario: A replay compares a new projector with the deployed one
    Given an analyst has submitted a batch of 1 report and followed it to its end
    When an operator replays the log through a projector that forgets failures
    Then the report names the batch and the fields that would differ
    And nothing has changed

  Scenario: A replay of the deployed projector finds no difference
    Given an analyst has submitted a batch of 1 report and followed it to its end
    When an operator replays the log through the projector that is deployed
    Then no batch would differ
