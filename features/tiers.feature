Feature: Limits of the tiers
  Each subscription tier limits the reports in a batch and the unfinished batches of a user.

  Scenario Outline: The largest batch of a tier is accepted, and a larger one is refused
    Given an analyst on the <tier> tier
    And no worker is running
    And the analyst has uploaded <limit> reports in English
    When the analyst submits the reports as a batch
    Then the submission is accepted with 202 and the location of the batch
    When the analyst submits a batch that has one report more
    Then the request is refused with 403 "BATCH_LIMIT_EXCEEDED"
    And the message names the limit of <limit>

    Examples:
      | tier       | limit |
      | Basic      | 3     |
      | Pro        | 7     |
      | Enterprise | 10    |

  Scenario: A user has as many unfinished batches as the tier allows
    Given an analyst on the Basic tier
    And no worker is running
    And the analyst has submitted 2 batches of 1 report each
    And the analyst has uploaded a report in English
    When the analyst submits the report as a batch
    Then the request is refused with 429 "ACTIVE_BATCH_LIMIT_EXCEEDED"
    And the message names the limit of 2
