"""Where there is no journal: events by openlineage-python, or beside an agent that sends by itself."""
