"""A dump in pg_dump's plain format, as rows that a test can alter: a reader of its own."""

import glob
import re
import subprocess

COPY = re.compile(r"^COPY ([\w.]+) \((.*)\) FROM stdin;$")


def pg_dump(authority):
    """The CA's database, as its owner dumps it."""
    program = sorted(glob.glob("/usr/lib/postgresql/*/bin/pg_dump"))[-1]
    done = subprocess.run(
        [program, "-h", str(authority.sockets / "database"), "-U", "mayfly_owner", "mayfly"],
        capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def without_tables(text, names):
    """The dump without the rows of tables and the statements that name them. (Those of tables have a
    semicolon at their end only.)"""
    kept, statement, is_in_rows = [], "", False
    for line in text.splitlines(keepends=True):
        statement += line
        ends = line == "\\.\n" if is_in_rows else line.endswith(";\n") or line.startswith("--")
        if not ends:
            continue
        if not is_in_rows and COPY.match(line.rstrip("\n")):
            is_in_rows = True
            continue
        if not any(name in statement for name in names):
            kept.append(statement)
        statement, is_in_rows = "", False
    return "".join(kept) + statement


class Table:
    """The rows of one COPY block; fields as COPY writes them."""

    def __init__(self, name, columns):
        self.name, self.columns, self.rows = name, columns, []

    def at(self, row, column):
        """A field of a row."""
        return row[self.columns.index(column)]


class Dump:
    """Text between tables, and the tables."""

    def __init__(self, text):
        self.parts = []
        table = None
        for line in text.splitlines(keepends=True):
            header = COPY.match(line.rstrip("\n"))
            if table is None:
                self.parts.append(line)
                if header:
                    table = Table(header[1], header[2].split(", "))
                    self.parts.append(table)
            elif line == "\\.\n":
                self.parts.append(line)
                table = None
            else:
                table.rows.append(line.rstrip("\n").split("\t"))

    def tables(self, prefix):
        """The tables whose name begins so, with rows."""
        return [part for part in self.parts
                if isinstance(part, Table) and part.name.startswith(prefix) and part.rows]

    def text(self):
        """As it would be restored."""
        return "".join(part if isinstance(part, str) else
                       "".join("\t".join(row) + "\n" for row in part.rows) for part in self.parts)
