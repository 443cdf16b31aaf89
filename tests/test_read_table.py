"""A user's file as a table of texts: what is read, and the sentence for each file that is not."""

import io
import json
import zipfile

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from files import save, table

from pruning.cells import MAX_CELL, MAX_ROWS
from pruning.read_table import FORMATS, read_table


@pytest.fixture
def write(tmp_path):
    """Writes a file and gives its path."""

    def written(name: str, content: str | bytes):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return written


def rows(path) -> list[tuple[str, ...]]:
    return [tuple(row) for row in read_table(path)[0].itertuples(index=False)]


def refusal(path) -> str:
    with pytest.raises(ValueError) as refused:
        read_table(path)
    assert type(refused.value) is ValueError and "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_every_format_gives_the_same_table(ending, tmp_path):
    original = table(30, (0, 1))
    read, reading = read_table(save(original, tmp_path / f"texts{ending}"))
    assert read.to_dict("list") == original.astype(str).to_dict("list")
    assert reading.format == FORMATS[ending] and reading.notes == ()


@pytest.mark.parametrize("separator, name", [(",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "bar")])
def test_the_separator_is_found_although_texts_hold_the_others(separator, name, write):
    texts = "".join(f'"so, well; a | b {i}"{separator}{i % 2}\n' for i in range(5))
    read, reading = read_table(write("texts.csv", f"text{separator}label\n{texts}"))
    assert reading.separator == name and read.text[1] == "so, well; a | b 1" and list(read) == ["text", "label"]


@pytest.mark.parametrize(
    "encoding, found",
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
    ],
)
@pytest.mark.parametrize("name, content", [("t.csv", "text,label\nCafé “fine” 😀,1\n"),
                                           ("t.jsonl", '{"text": "Café “fine” 😀", "label": 1}\n')])  # fmt: skip
def test_the_encoding_is_found(name, content, encoding, found, write):
    path = write(name, content.encode(encoding))
    assert rows(path) == [("Café “fine” 😀", "1")]
    assert read_table(path)[1].encoding == found


def test_a_file_in_windows_1252_is_read_and_the_report_says_so(write):
    read, reading = read_table(write("t.csv", "text,label\nCafé – fine,1\n".encode("cp1252")))
    assert (read.text[0], reading.encoding) == ("Café – fine", "cp1252")
    assert reading.notes == ("the file is not UTF-8, so it is read as Windows-1252 (cp1252): check its accents",)


@pytest.mark.parametrize(
    "content, expected",
    [
        ('text,label\n"a ""b"" c, d",1\n', [('a "b" c, d', "1")]),
        ('text,label\n"two\nlines",1\n', [("two\nlines", "1")]),
        ("text,label\r\na,1\r\n\r\nb,0\r\n", [("a", "1"), ("b", "0")]),  # Windows, with an empty line
        ("text,label\ra,1\rb,0\r", [("a", "1"), ("b", "0")]),  # old Macintosh
        ("text,label\na,1\n   \n,\nb,0", [("a", "1"), ("b", "0")]),  # lines of nothing, and no end of line at the end
        ("text,label\nNA,None\nnull,\n", [("NA", "None"), ("null", "")]),  # words, which may be classes
        (",text,label\n0,a,1\n", [("0", "a", "1")]),  # as pandas writes its index
    ],
)
def test_csv_is_read_as_it_was_meant(content, expected, write):
    assert rows(write("t.csv", content)) == expected


@pytest.mark.parametrize(
    "content",
    [
        'text\tlabel\n"yes" he said\t1\nso "it" was\t0\n',
        'text\tlabel\n"never closed\t1\nplain\t0\n',
        'text\tlabel\n"opened\t1\nplain\t0\nclosed"\t0\n',  # would swallow two rows
    ],
)
def test_quotes_that_belong_to_the_texts_are_kept_and_no_row_is_swallowed(content, write):
    read, reading = read_table(write("t.tsv", content))
    assert [list(row) for row in read.itertuples(index=False)] == [x.split("\t") for x in content.split("\n")[1:-1]]
    assert reading.notes == ("the quotes do not pair up, so they are read as ordinary characters",)


@pytest.mark.parametrize(
    "content, n_found",
    [
        ('text,label\n"opened,1\nplain,0\nclosed",0\n', 1),  # three rows in one cell?
        ('text,label\n"so, she said\nand left",1\n', 1),  # perhaps not: it is said, and read as CSV has it
        ('text,label\n"so she said\nand left",1\n"\n",1\n"a\n\n",0\n', 0),
    ],
)
def test_line_breaks_in_csv_are_believed_and_doubts_told(content, n_found, write):
    note = f"{n_found} cells with line breaks look like several rows; check that each quote is closed"
    read, reading = read_table(write("t.csv", content))
    assert "\n" in read.text[0] and reading.notes == ((note,) if n_found else ())


@pytest.mark.parametrize(
    "value, cell",
    [("a", "a"), (1, "1"), (1.0, "1"), (0.25, "0.25"), (True, "true"), (None, ""), (float("nan"), ""), ("\ud800", "?")],
)
def test_a_json_value_becomes_text(value, cell, write):
    assert rows(write("t.jsonl", json.dumps({"text": "x", "label": value}))) == [("x", cell)]


def test_json_lines_may_lack_names_and_lists_are_left_out(write):
    lines = '{"text": "a"}\n\n{"label": 1, "text": "b", "words": ["b"]}\n'
    read, reading = read_table(write("t.jsonl", lines))
    assert read[["text", "label"]].to_numpy().tolist() == [["a", ""], ["b", "1"]] and len(read.columns) == 2
    assert reading.notes == ("left out, since they hold lists or objects: 'words'",)


def test_parquet_with_gaps_categories_and_lists(tmp_path):
    original = pd.DataFrame({"text": ["a", None, "c"], "label": [1.0, None, 0.0], "parts": [[1], [2], [3]]})
    original["class"] = pd.Categorical(["x", "y", "x"])
    read, reading = read_table(save(original, tmp_path / "t.parquet"))
    assert read.to_dict("list") == {"text": ["a", "", "c"], "label": ["1", "", "0"], "class": ["x", "y", "x"]}
    assert reading.notes == ("left out, since they hold neither texts nor numbers: 'parts'",)


def test_parquet_is_known_by_its_content(tmp_path):
    path = save(table(3), tmp_path / "t.parquet").rename(tmp_path / "t.csv")
    assert read_table(path)[1].format == "parquet"


def spreadsheet() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return file.getvalue()


def parquet(columns: dict | pa.Table) -> bytes:
    file = io.BytesIO()
    pq.write_table(columns if isinstance(columns, pa.Table) else pa.table(columns), file)
    return file.getvalue()


@pytest.mark.parametrize(
    "name, content, sentence",
    [
        ("t.csv", b"", "t.csv is empty; give it column names and one row per text"),
        ("t.csv", " \n\n", "t.csv is empty; give it"),
        ("t.csv", "text,label\n", "t.csv holds no rows; give it column names and one row per text"),
        ("t.jsonl", b"\xef\xbb\xbf", "t.jsonl holds no rows"),
        ("t.csv", spreadsheet(), "t.csv is a spreadsheet; open it and save it as CSV (UTF-8)"),
        ("t.csv", bytes.fromhex("d0cf11e0a1b11ae1") + b"x" * 99, "t.csv is a spreadsheet; open it"),
        ("t.xlsx", spreadsheet(), "t.xlsx is a spreadsheet; open it and save it as CSV (UTF-8)"),
        ("t.csv", b"PK\3\4rest", "t.csv is packed; unpack it and give the file inside"),
        ("t.csv.gz", b"\x1f\x8brest", "has an ending that is not read; save it as .csv or .tsv or"),
        ("t.csv", b"\x1f\x8brest", "t.csv is packed"),
        ("t.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "t.csv is a binary file; give a text file: CSV, TSV or JSON"),
        ("t.csv", bytes(range(256)) * 9, "t.csv is a binary file"),
        ("t.csv", b"text,label\n\x81\x8d,1\n", "is in no encoding that is read (UTF-8, UTF-16, Windows-1252); save"),
        ("t.csv", "text,text\na,b\n", "t.csv has two columns named 'text'; give each its own name"),
        ("t.csv", "one text\nanother\n", "t.csv has one column, 'one text'; it needs texts and labels"),
        ("t.csv", "text,label\na,1\nb, c,0\n", "line 3 of t.csv has 3 cells where 2 columns are named; put texts that"),
        ("t.csv", "text,label\na,1\nb\n", "line 3 of t.csv has 1 cells where 2 columns are named"),
        ("t.csv", 'text,label\n"a, b,1\nc,0\n', 'the quotes in the row at line 2 of t.csv do not pair up; write'),
        ("t.csv", 'text,label\n"a",1\n"b" c, d,0\n', "the quotes in the row at line 3 of t.csv do not pair up"),
        ("t.csv", f"text,label\n{'x' * 10_000_000},1\n", "the row at line 2 of t.csv has a cell of more than 1,000"),
        ("t.csv", "a,b\n" + "1,2\n" * (MAX_ROWS + 1), "t.csv has more than 1,000,000 rows, 1,000 columns or"),
        ("t.csv", "a," * 1000 + "a\n", "t.csv has more than 1,000,000 rows, 1,000 columns or 20,000,000 cells; take"),
        ("t.jsonl", json.dumps(dict.fromkeys(map(str, range(1001)))), "t.jsonl has more than 1,000,000 rows, 1,000"),
        ("t.jsonl", '{"text": "a"}\n{"text": \n', "line 2 of t.jsonl is not JSON; write one object per line"),
        ("t.jsonl", "[" * 100_000, "line 1 of t.jsonl is not JSON"),
        ("t.json", '[{"text": "a"}]', "line 1 of t.json holds a JSON list; write one object per line"),
        ("t.jsonl", json.dumps({"text": "x" * (MAX_CELL + 1)}), "line 1 of t.jsonl has a cell of more than 1,000,000"),
        ("t.parquet", "text,label\na,1\n", "t.parquet is not a parquet file; save it again, as parquet or as CSV"),
        ("t.parquet", b"PAR1" + b"x" * 99 + b"PAR1", "t.parquet is a damaged parquet file; save it again"),
        ("t.parquet", parquet({"text": ["x" * (MAX_CELL + 1)]}), "a row of t.parquet has a cell of more than"),
        ("t.parquet", parquet({"text": ["x" * 999_999] * 999}), "t.parquet unpacks to 952 MB, allowed are 100; take"),
        ("t.parquet", parquet(pa.table([[1], [2]], ["a", "a"])), "t.parquet has two columns named 'a'"),
        ("t.parquet", parquet({"n": [1] * (MAX_ROWS + 1)}), "t.parquet has more than 1,000,000 rows"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_gives_one_sentence(name, content, sentence, write):
    assert sentence in refusal(write(name, content))


def test_a_file_over_50_mb_is_not_even_opened(tmp_path):
    path = tmp_path / "t.csv"
    with path.open("wb") as file:
        file.truncate(51 << 20)
    assert refusal(path) == "t.csv has 51.0 MB, allowed are 50; take a sample of its rows"


@pytest.mark.parametrize("name", ["none.csv", "~nobody/none.csv", "a\0b.csv"])
def test_a_file_that_is_not_there(name):
    assert refusal(name).startswith("there is no file ")


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    assert refusal(tmp_path / "folder.csv").startswith("there is no file ")
