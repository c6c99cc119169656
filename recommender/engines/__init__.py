"""Facts × rules → trace: `native` is the default, `durable` the independent second reader."""
