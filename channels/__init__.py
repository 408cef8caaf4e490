"""Adapters: one service, one module. Nothing here knows of `bot`."""
