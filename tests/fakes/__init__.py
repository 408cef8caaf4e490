"""Services that stand in for the real ones, on their own protocols."""
