"""`application`: a whole driver that nobody started through `submit`, and how it ends."""
