"""`step`, `current_step`, `tag`: blocks of a job, and what they declare for the queries inside."""
