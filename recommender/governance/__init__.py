"""What inspects rule files: proofs about every possible patient, and what they find."""
