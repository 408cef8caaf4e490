"""What the `warmline` command does: a module a subcommand, imported when it is asked for."""
