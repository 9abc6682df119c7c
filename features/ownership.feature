Feature: Ownership
  A user cannot see another user's reports and batches: the service answers as if they did not exist.

  Scenario: A batch with another user's report
    Given an analyst on the Pro tier
    And another analyst has uploaded a report
    When the analyst submits that report in a batch
    Then the request is refused with 404 "REPORT_NOT_FOUND"

  Scenario: The status of another user's batch
    Given an analyst on the Pro tier
    And another analyst has submitted a batch
    When the analyst requests that batch
    Then the request is refused with 404 "BATCH_NOT_FOUND"
    And the analyst's list of batches is empty

  Scenario: A request without a token
    Given a client without a token
    When the client requests a list of batches
    Then the request is refused with 401 "INVALID_TOKEN"
