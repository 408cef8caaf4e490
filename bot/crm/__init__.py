"""Customers: a table of our own, and one file for each CRM. Read only."""
