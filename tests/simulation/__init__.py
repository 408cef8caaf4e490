"""The real loop in a world that we control: its clock, its channel, its people, and everything that goes wrong."""
