"""Loads a CSV file into a table of a new DuckDB database, on one thread.

  bench/peers/duckdb bench/peers/csv_load.py FILE KINDS [digest]

KINDS has a letter for each column: i integer, r real, t text. Prints the seconds that the statement took, those of its CPU,
the version of DuckDB and, where it is asked for, what CsvDigest (bench/csv_table.h) says of the table.
"""
import os
import sys
import tempfile
import time

import duckdb

path, kinds = sys.argv[1:3]
types = {"i": "BIGINT", "r": "DOUBLE", "t": "VARCHAR"}
columns = ", ".join(f"'C{i}': '{types[kind]}'" for i, kind in enumerate(kinds))

with tempfile.TemporaryDirectory(dir=os.path.dirname(path)) as folder:
    db = duckdb.connect(os.path.join(folder, "peer.db"), config={"threads": 1})
    wall, cpu = time.perf_counter(), time.process_time()
    db.execute(f"""CREATE TABLE t AS SELECT * FROM read_csv('{path}', header = false, auto_detect = false, delim = ',',
                   quote = '"', escape = '"', columns = {{{columns}}})""")
    print(time.perf_counter() - wall, time.process_time() - cpu, duckdb.__version__)
    if len(sys.argv) > 3:
        sums = {"i": "sum({c})", "r": "sum(CAST(round({c} * 1000) AS BIGINT))",
                "t": "sum(strlen({c}) * 65536 + ascii({c}) * 256 + ascii(right({c}, 1)))"}
        row = db.execute("SELECT count(*), " + ", ".join(sums[kind].format(c=f"C{i}") for i, kind in enumerate(kinds)) +
                         " FROM t").fetchone()
        print(f"{row[0]} rows: " + " ".join(str(int(v)) for v in row[1:]))
    db.close()
