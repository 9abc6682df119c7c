"""The audit: it proves what the event log says, and finds what was changed behind the service's back.

`verification` is the front door. Behind it, `batch_audit` checks batches one by one and `tree_audit` the signed Merkle
tree over the whole log; `sealer` extends that tree; `proofs`, `receipts` and `export` give evidence to others.
"""
