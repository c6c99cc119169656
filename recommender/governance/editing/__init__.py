"""JSON Schemas of the files people write, so that an editor completes and checks them."""
