"""The ports of the operations: an operator's transaction, the shadow table, the record of actions."""
