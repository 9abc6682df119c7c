"""What proves the log: hash chains, the signed Merkle tree, proofs, receipts and exports."""
