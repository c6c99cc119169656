"""Two rulebooks beside each other: whose plan differs, in what, and by which edit."""
