"""One cell of a user's table as text, and how much of it there may be. What the readers of all formats share."""

from collections.abc import Iterable

MAX_ROWS = 1_000_000
MAX_COLUMNS = 1000
MAX_CELLS = 20_000_000
MAX_CELL = 1_000_000  # characters
MAX_NAME = 200  # of a column


def as_cell(value: str | int | float | bool | None) -> str:
    """A value as text; a whole number without its point, nothing for None and NaN."""
    if value is None or value != value:
        return ""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    try:
        return str(value)
    except ValueError:  # an integer of more digits than Python will write
        return ""


def clean(text: str) -> str:
    """JSON can write half a character, which nothing else takes."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def shown(text: str) -> str:
    """In quotes, on one line, and not too long for a sentence."""
    return repr(text if len(text) <= 60 else text[:60] + "…")


def large_cell(name: str, where: str) -> ValueError:
    return ValueError(
        f"{where} of {name} has a cell of more than {MAX_CELL:,} characters; shorten it, or close the quote before it"
    )


def check_size(n_rows: int, n_columns: int, name: str) -> None:
    """ValueError for a table that memory should not hold."""
    if n_rows > MAX_ROWS or n_columns > MAX_COLUMNS or n_rows * n_columns > MAX_CELLS:
        raise ValueError(
            f"{name} has more than {MAX_ROWS:,} rows, {MAX_COLUMNS:,} columns or {MAX_CELLS:,} cells; "
            "take a sample of its rows, and only the columns that hold texts and labels"
        )


def name_columns(header: Iterable[str], cells: list[list[str]], name: str) -> dict[str, list[str]]:
    """Name -> cells; a column without a name gets its number. ValueError where two have the same."""
    names = [" ".join(text.split()) or f"column {i}" for i, text in enumerate(header, 1)]
    check_names(names, name)
    return dict(zip(names, cells, strict=True))


def check_names(names: list[str], name: str) -> None:
    """ValueError where one is too long to be a name, or two are the same."""
    if long := [text for text in names if len(text) > MAX_NAME]:
        raise ValueError(
            f"{name} has a column named {shown(long[0])}, longer than {MAX_NAME} characters; "
            "the first row has to name the columns, so add a row such as text,label"
        )
    if twice := [text for i, text in enumerate(names) if text in names[:i]] if len(set(names)) < len(names) else []:
        raise ValueError(f"{name} has two columns named {shown(twice[0])}; give each its own name")
