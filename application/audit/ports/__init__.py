"""The ports of the audit: the tree over the log, the log beside the read model, the signing key, the witness."""
