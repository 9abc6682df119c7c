"""`make chaos`: clients submit batches while the service is disturbed at random, then a checker judges the outcome.

client  -> submits batches, keeps receipts     -> record
killer  -> kills, freezes, cuts, empties       -> record
checker -> compares database and API with what the clients were promised
"""
