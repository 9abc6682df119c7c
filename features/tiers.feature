Feature: Limits of the tiers
  Each subscription tier limits the reports in a batch and the unfinished batches of a user.

  Scenario Outline: The largest batch of a tier is accepted, and a larger one is refused
    Given an analyst with the <tier> tier
    And nothing works on batches now
    And the analyst has uploaded <limit> reports in English
    When the analyst submits them as a batch
    Then the answer is 202 with the location of the batch
    When the analyst submits a batch of one report more
    Then the answer is 403 with the code "BATCH_LIMIT_EXCEEDED", naming the limit of <limit>

    Examples:
      | tier       | limit |
      | Basic      | 3     |
      | Pro        | 7     |
      | Enterprise | 10    |

  Scenario: A user has as many unfinished batches as the tier allows
    Given an analyst with the Basic tier
    And nothing works on batches now
    And the analyst has submitted 2 batches of one report
    And the analyst has uploaded a report in English
    When the analyst submits them as a batch
    Then the answer is 429 with the code "ACTIVE_BATCH_LIMIT_EXCEEDED", naming the limit of 2
