Feature: Whose batch it is
  What belongs to one user does not exist for any other.

  Scenario: Somebody else's report in a batch
    Given an analyst on the Pro tier
    And another analyst has uploaded a report
    When the analyst submits that report in a batch
    Then the request is refused with 404 "REPORT_NOT_FOUND"

  Scenario: Somebody else's batch
    Given an analyst on the Pro tier
    And another analyst has submitted a batch
    When the analyst requests that batch
    Then the request is refused with 404 "BATCH_NOT_FOUND"
    And the analyst's list of batches is empty

  Scenario: Nobody in particular
    Given a client without a token
    When the client requests a list of batches
    Then the request is refused with 401 "INVALID_TOKEN"
