Feature: Ownership
  A user cannot see another user's reports and batches: the service answers as if they did not exist.

  Scenario: A batch with another user's report
    Given an analyst with the Pro tier
    And another analyst has uploaded a report
    When the analyst submits that report in a batch
    Then the answer is 404 with the code "REPORT_NOT_FOUND"

  Scenario: The status of another user's batch
    Given an analyst with the Pro tier
    And another analyst has submitted a batch
    When the analyst asks for that batch
    Then the answer is 404 with the code "BATCH_NOT_FOUND"
    And the analyst's list of batches is empty

  Scenario: A request without a token
    Given somebody without a token
    When they ask for a list of batches
    Then the answer is 401 with the code "INVALID_TOKEN"
