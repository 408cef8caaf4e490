"""What commands print for people: words from outside made harmless, a line each, tables aligned."""

from collections.abc import Iterable, Sequence

from rich.table import Table

from channels.console.screen import to_screen, to_visible


def print_lines(lines: Iterable[str]) -> None:
    """Print each on a line of its own, later lines of a text indented: none can pass for a line of ours."""
    screen = to_screen()
    for line in lines:
        screen.print(to_visible(line).replace("\n", "\n    "))


def print_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows below their head: the first column to the left, all others, which are numbers, to the right."""
    screen = to_screen()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for at, name in enumerate(head):
        table.add_column(name, justify="right" if at else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(to_visible(cell).replace("\n", " ") for cell in row))
    if not screen.is_terminal:
        screen.width = 1_000  # piped: a row stays a line
    screen.print(table)
