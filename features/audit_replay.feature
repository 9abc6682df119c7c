Feature: The read model can be thrown away
  Everything but the log is derived from it, and can be made anew while everybody goes on.

  Scenario: Rows were edited, removed and invented by hand
    Given an analyst has submitted a batch of 1 report and followed it to its end
    And an analyst has submitted 2 batches one after the other
    When somebody edits, removes and invents rows of the read model by hand
    Then the audit names each of them, field by field
    When an operator rebuilds the read model
    Then the audit finds nothing wrong
    And the repair is recorded with its actor and its reason
    And the analyst reads the same answers as before

  Scenario: Everything but the log is gone
    Given nothing works on batches now
    And an analyst has submitted a batch of 2 reports
    When the read model and the queue are emptied
    And an operator rebuilds the read model
    And a worker is started
    Then the batch ends with status "COMPLETED"
    And the audit finds nothing wrong

  Scenario: Another projector is tried before it is deployed
    Given an analyst has submitted a batch of 1 report and followed it to its end
    When an operator replays the log through a projector that forgets failures
    Then the report names the batch and the fields that would differ
    And nothing has changed

  Scenario: The same projector gives the same rows
    Given an analyst has submitted a batch of 1 report and followed it to its end
    When an operator replays the log through the projector that is deployed
    Then no batch would differ
