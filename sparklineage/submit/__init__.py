"""Starting the real spark-submit: reading its options, adding ours, supervising it, judging how it ended."""
