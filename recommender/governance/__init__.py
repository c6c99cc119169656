"""What a clinical-governance group does with rule files: look, prove, compare, test, sign."""
