"""A source database under load: many writers, transactions of all kinds, and a record of its own of what was committed.

Every row has a stamp from one sequence, new with each insert and update; triggers write operation, table, key and stamp
into `audit`, in the same transaction. So audit says what a log of changes must hold, without asking Levada. No key of `blobs`
is there twice: a row has one from an insertion or a change of its key to the next change of it, or its end."""

import itertools
import subprocess
import tempfile
import threading
import time
from collections import Counter

from levada import PROGRAM
from target import expect

SCHEMA = """
SET client_min_messages = warning;
CREATE SEQUENCE stamps;
CREATE TABLE audit(tag text NOT NULL, op "char" NOT NULL, key text, stamp bigint, key_before text);
CREATE TABLE accounts(id integer PRIMARY KEY, owner varchar(40), amount numeric(12,2) NOT NULL, note text, tags text[],
  moment timestamptz, stamp bigint NOT NULL);
CREATE TABLE parts(a text, b integer, payload jsonb, price numeric, day date, stamp bigint NOT NULL, PRIMARY KEY (a, b));
CREATE TABLE blobs(id uuid PRIMARY KEY, n integer, big text, bytes bytea, stamp bigint NOT NULL);
ALTER TABLE blobs ALTER big SET STORAGE EXTERNAL, ALTER bytes SET STORAGE EXTERNAL;
CREATE TABLE "Odd one"("The key" smallint PRIMARY KEY, "naïve" double precision, truth boolean, span interval,
  stamp bigint NOT NULL);
CREATE FUNCTION audited() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE old_key text; new_key text;
BEGIN
  IF TG_OP IN ('UPDATE', 'DELETE') THEN EXECUTE format('SELECT ($1).%s::text', TG_ARGV[0]) INTO old_key USING OLD; END IF;
  IF TG_OP IN ('UPDATE', 'INSERT') THEN EXECUTE format('SELECT ($1).%s::text', TG_ARGV[0]) INTO new_key USING NEW; END IF;
  IF TG_OP = 'DELETE' OR old_key <> new_key THEN INSERT INTO audit VALUES (TG_TABLE_NAME, 'd', old_key, NULL); END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO audit VALUES (TG_TABLE_NAME, 'w', new_key, NEW.stamp, nullif(old_key, new_key));
  END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION audited_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO audit VALUES (TG_TABLE_NAME, 't', NULL, NULL); RETURN NULL; END $$;
"""
TABLES = {"accounts": "id", "parts": "a", "blobs": "id", "Odd one": '"The key"'}


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def create(source):
    source.sql(SCHEMA)
    for table, key in TABLES.items():
        source.sql(f"""CREATE TRIGGER audited AFTER INSERT OR UPDATE OR DELETE ON {quoted(table)} FOR EACH ROW
                         EXECUTE FUNCTION audited('{key}');
                       CREATE TRIGGER audited_truncate AFTER TRUNCATE ON {quoted(table)} FOR EACH STATEMENT
                         EXECUTE FUNCTION audited_truncate()""")


STAMP = "nextval('stamps')"


def fill(source, rows):
    """Rows that are there before anybody captures."""
    source.sql(f"""
      INSERT INTO accounts SELECT i, 'owner ' || i, i * 1.25, repeat('n', i % 50), ARRAY['a', NULL, 'b,"c"'], now(), {STAMP}
        FROM generate_series(1, {rows}) i;
      INSERT INTO parts SELECT 'part ' || i % 97, i, jsonb_build_object('i', i), i / 7.0, DATE '2000-01-01' + i % 9999, {STAMP}
        FROM generate_series(1, {rows}) i;
      INSERT INTO blobs SELECT md5(i::text)::uuid, i, repeat('b', 3000 + i % 999), decode(repeat('ab', 2500), 'hex'), {STAMP}
        FROM generate_series(1, {max(1, rows // 100)}) i""")


# Rows that stand behind all others in the order of keys and that no writer touches (but for TRUNCATE).
LAST = {"accounts": "id = 2147483647", "parts": "b = 2147483647", "blobs": "id = 'ffffffff-ffff-ffff-ffff-ffffffffffff'",
        "Odd one": '"The key" = 32767'}


def fill_last(source):
    source.sql(f"""INSERT INTO accounts VALUES (2147483647, 'last', 0, NULL, NULL, now(), {STAMP});
                   INSERT INTO parts VALUES ('zzz', 2147483647, NULL, NULL, NULL, {STAMP});
                   INSERT INTO blobs VALUES ('ffffffff-ffff-ffff-ffff-ffffffffffff', -2, NULL, NULL, {STAMP});
                   INSERT INTO "Odd one" VALUES (32767, 0, true, NULL, {STAMP})""")


def has_last(source, replica):
    """Whether the replica has as many of them as the source."""
    def found(database, table):
        there = quoted(table.replace(" ", "_") if database is replica else table)
        return database.sql(f"SELECT count(*) FROM {there} WHERE {LAST[table]}") if database.has(there) else "0"
    return all(found(source, table) == "0" or found(replica, table) == "1" for table in TABLES)


class Session:
    """A connection that works until it is told to stop, and begins again when the server dies. What is wrong in a
    transaction undoes just that one; but nothing may be wrong in a trigger of ours."""

    def __init__(self, source, dice):
        self.source, self.dice = source, dice
        self.transactions = 0
        self.errors = tempfile.TemporaryFile("w+")
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def check(self):
        """Of the errors, those of our triggers: they may wait for locks, and nothing else."""
        self.errors.seek(0)
        error = ""
        for line in self.errors:
            if line.startswith(("ERROR:", "FATAL:")):
                error = line
            ours = "function" in line and "levada_" in line or "levada_" in error
            expect(not ours or any(word in error for word in ("lock timeout", "deadlock", "terminating", "shut", "recovery")),
                   f"a writer got an error from our trigger: {error}{line}")

    def next(self):
        """Statements."""
        raise NotImplementedError

    def run(self):
        while not self.over.is_set():
            psql = subprocess.Popen(["psql", "-XAtq", self.source.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                    stderr=self.errors, text=True)
            try:
                psql.stdin.write("SET lock_timeout = '3s'; SET client_min_messages = error;\n")
                while not self.over.is_set():
                    psql.stdin.write(";\n".join(self.next()) + ";\n\\echo done\n")
                    psql.stdin.flush()
                    while (line := psql.stdout.readline()) != "done\n":
                        if not line:
                            raise BrokenPipeError
                    self.transactions += 1
            except (BrokenPipeError, ValueError):
                pass
            psql.kill()
            psql.communicate()
            self.over.wait(0.1)


class Writer(Session):
    """Random transactions."""

    def __init__(self, source, dice, number, large, alterations=None):
        super().__init__(source, dice)
        self.number, self.large, self.alterations = number, large, alterations

    def some(self, most):
        return self.dice.randint(1, most)

    def statement(self):
        d, n = self.dice, self.number
        low = d.randrange(6000)
        if self.alterations and d.random() < 0.2:
            return self.alterations.statement(d, low)
        choice = d.random()
        if choice < 0.22:
            return (f"INSERT INTO accounts SELECT i, 'w{n}', i * 0.5, NULL, ARRAY[i::text], clock_timestamp(), {STAMP} "
                    f"FROM generate_series({low}, {low + self.some(60)}) i ON CONFLICT DO NOTHING")
        if choice < 0.42:
            return (f"UPDATE accounts SET amount = amount + {self.some(99)}, note = repeat('x', {self.some(200)}), "
                    f"stamp = {STAMP} WHERE id BETWEEN {low} AND {low + self.some(60)}")
        if choice < 0.50:
            return f"DELETE FROM accounts WHERE id BETWEEN {low} AND {low + self.some(20)}"
        if choice < 0.56:  # keys change, to where perhaps a row is
            return f"UPDATE accounts SET id = id + {self.some(5000) + 6000}, stamp = {STAMP} WHERE id = {low}"
        if choice < 0.66:
            return (f"INSERT INTO parts SELECT 'part ' || {low % 97}, i, jsonb_build_object('w', {n}), NULL, NULL, {STAMP} "
                    f"FROM generate_series({low}, {low + self.some(20)}) i ON CONFLICT (a, b) DO UPDATE "
                    f"SET payload = excluded.payload, stamp = excluded.stamp")
        if choice < 0.72:
            return f"UPDATE parts SET a = a || '!', stamp = {STAMP} WHERE b BETWEEN {low} AND {low + 3}"
        if choice < 0.76:
            return f"DELETE FROM parts WHERE b % 89 = {low % 89} AND b < {low}"
        if choice < 0.83:  # of large values only some change
            return f"UPDATE blobs SET n = n + 1, stamp = {STAMP} WHERE n % 7 = {low % 7}"
        if choice < 0.86:  # none, but the key: of a third of the rows twice, the first time before anybody can look
            return (f"UPDATE blobs SET id = gen_random_uuid(), stamp = {STAMP} WHERE n % 97 = {low % 97};\n"
                    f"UPDATE blobs SET id = gen_random_uuid(), stamp = {STAMP} WHERE n % 291 = {low % 291}")
        if choice < 0.90:
            size = self.large if d.random() < 0.03 else 4000
            return (f"INSERT INTO blobs VALUES (gen_random_uuid(), {low}, repeat('{n}é', {size // 3}), NULL, {STAMP})")
        if choice < 0.92:
            return f"UPDATE blobs SET big = NULL, stamp = {STAMP} WHERE n % 31 = {low % 31}"
        if choice < 0.94:
            return "DELETE FROM blobs WHERE id IN (SELECT id FROM blobs ORDER BY id LIMIT 3)"
        return (f'INSERT INTO "Odd one" VALUES ({low % 300}, {low} / 7.0, {low % 2 == 0}, {low} * interval \'1 hour\', {STAMP}) '
                f'ON CONFLICT ("The key") DO UPDATE SET "naïve" = excluded."naïve", stamp = excluded.stamp')

    def next(self):
        d = self.dice
        lines = ["BEGIN"]
        for _ in range(1 if d.random() < 0.4 else self.some(12)):
            chance = d.random()
            if chance < 0.06:
                lines += ["SAVEPOINT s", self.statement(), "ROLLBACK TO SAVEPOINT s"]
            elif chance < 0.10:
                lines += ["SAVEPOINT s", self.statement(), "RELEASE SAVEPOINT s"]
            else:
                lines.append(self.statement())
        if d.random() < 0.03:
            lines.append(f"SELECT pg_sleep({d.uniform(0.2, 1.5)})")
        if d.random() < 0.004:
            lines.append(d.choice(["TRUNCATE parts", 'TRUNCATE "Odd one"', "TRUNCATE accounts, parts"]))
        lines.append("ROLLBACK" if d.random() < 0.08 else "COMMIT")
        return lines


class Large(Session):
    """Now and then a row of 10 to 50 MB, of which later only the small part changes."""

    def __init__(self, source, dice):
        super().__init__(source, dice)
        self.rows = 0

    def next(self):
        d = self.dice
        self.over.wait(d.uniform(2, 8))
        if self.rows == 0 or d.random() < 0.3:
            self.rows += 1
            size = d.choice([10, 25, 50]) * 1000000
            return [f"INSERT INTO blobs VALUES (gen_random_uuid(), -1, repeat('{self.rows % 10}', {size}), NULL, {STAMP})"]
        if d.random() < 0.2:
            return ["DELETE FROM blobs WHERE id IN (SELECT id FROM blobs WHERE n = -1 LIMIT 1)"]
        if d.random() < 0.2:
            return [f"UPDATE blobs SET id = gen_random_uuid(), stamp = {STAMP} WHERE n = -1"]
        return [f"UPDATE blobs SET bytes = '\\x{d.randrange(100):02d}', stamp = {STAMP} WHERE n = -1"]


class Alterations:
    """Columns of accounts and parts come and go, and get other names and types, between the transactions of writers."""

    WIDER = {"integer": "bigint", "bigint": "numeric", "numeric": "text", "numeric(12,2)": "numeric(16,4)",
             "numeric(16,4)": "text", "character varying(20)": "character varying(60)", "character varying(60)": "text"}

    names = itertools.count(1)  # none twice: what was dropped is still in the replica, with its type

    def __init__(self, source, dice, pause, rows_too=True):
        """`rows_too`: also what changes rows that nobody writes, or what their columns are called. A constant that all rows
        have from now on is no change of each."""
        self.source, self.dice, self.pause, self.rows_too = source, dice, pause, rows_too
        self.extras = []  # table, column, type: what was there when last looked
        self.done = Counter()
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def statement(self, dice, low):
        """Of a writer: it uses a column that is there, or was there just now."""
        if not self.extras or dice.random() < 0.1:
            return f"UPDATE accounts SET amount = NULL, stamp = {STAMP} WHERE id = {low}"
        table, column, _ = dice.choice(self.extras)
        return (f"UPDATE {table} SET {column} = '{dice.choice([low, low, 7])}', stamp = {STAMP} "
                f"WHERE {'id' if table == 'accounts' else 'b'} BETWEEN {low} AND {low + dice.randint(1, 30)}")

    def look(self):
        self.extras = [tuple(row) for row in self.source.rows("""
            SELECT attrelid::regclass, attname, format_type(atttypid, atttypmod) FROM pg_attribute
             WHERE attrelid IN ('accounts'::regclass, 'parts'::regclass) AND attname ~ '^(x[0-9]|guest)'
               AND NOT attisdropped""")]

    def alteration(self):
        d = self.dice
        table = d.choice(["accounts", "parts"])
        there = [(column, kind) for t, column, kind in self.extras if t == table]
        choice = d.random()
        if not there or choice < 0.3 and len(there) < 6:
            name = f"x{next(self.names)}"
            kind = d.choice(["integer", "bigint", "numeric(12,2)", "character varying(20)", "text"])
            rest = d.choice(["", " DEFAULT '5'", " NOT NULL DEFAULT '6'"])
            return "add", f"ALTER TABLE {table} ADD {name} {kind}{rest}"
        column, kind = d.choice(there)
        if not self.rows_too:
            if choice < 0.8:
                return "drop", f"ALTER TABLE {table} DROP {column}"
            return "not null", f"ALTER TABLE {table} ALTER {column} DROP NOT NULL"
        if choice < 0.45:
            guest = "guest" in [column for column, _ in there]
            return "come and go", f"ALTER TABLE {table} " + ("DROP guest" if guest else "ADD guest integer")
        if choice < 0.6:
            return "drop", f"ALTER TABLE {table} DROP {column}"
        if choice < 0.75 and column != "guest":
            name = f"x{next(self.names)}"
            return "rename", f"ALTER TABLE {table} RENAME {column} TO {name}"
        if choice < 0.8:
            return "not null", f"ALTER TABLE accounts ALTER amount DROP NOT NULL"
        if kind in self.WIDER and column != "guest":
            return "type", f"ALTER TABLE {table} ALTER {column} TYPE {self.WIDER[kind]}"
        return None, "SELECT"

    def run(self):
        while not self.over.is_set():
            try:
                self.look()
                what, sql = self.alteration()
                self.source.sql("SET lock_timeout = '6s'; " + sql)
                if what:
                    self.done[what] += 1
                self.look()
            except RuntimeError:  # the server was killed, or the table is locked
                pass
            self.over.wait(self.dice.uniform(0, 2 * self.pause))

    def settle(self):
        """ALTER TABLE changes rows without saying so to anybody: what was not written since is written now."""
        for table in ("accounts", "parts"):
            self.source.sql(f"UPDATE {table} SET stamp = {STAMP}")

    def text(self):
        kinds = ", ".join(f"{kind} {n}" for kind, n in sorted(self.done.items()))
        return f"{sum(self.done.values())} alterations ({kinds})"


class Load:
    """Writers at work: with Load(…) as load: …"""

    def __init__(self, source, choices, writers=8, large=1 << 20, huge=False, alter_pause=0, rows_too=True):
        dice = [type(choices)(f"{choices.random()} {i}", 0) for i in range(writers + 2)]
        self.alterations = Alterations(source, dice.pop(), alter_pause, rows_too) if alter_pause else None
        huge = [Large(source, dice.pop())] if huge else []
        self.writers = [Writer(source, dice[i], i, large, self.alterations) for i in range(writers)] + huge
        if self.alterations:
            self.writers.append(self.alterations)

    def __enter__(self):
        for writer in self.writers:
            writer.thread.start()
        return self

    def __exit__(self, *error):
        self.stop()

    def stop(self):
        for writer in self.writers:
            writer.over.set()
        for writer in self.writers:
            writer.thread.join()
        for writer in self.writers:
            if writer is not self.alterations:
                writer.check()

    def transactions(self):
        return sum(writer.transactions for writer in self.writers if writer is not self.alterations)

    def text(self):
        return f"{self.transactions()} transactions" + (", " + self.alterations.text() if self.alterations else "")


def columns(database, table):
    return database.sql(f"""SELECT string_agg(quote_ident(attname), ',' ORDER BY attnum) FROM pg_attribute
                            WHERE attrelid = '{quoted(table)}'::regclass AND attnum > 0 AND NOT attisdropped""")


def differences(source, replica, table):
    """What is not the same in both, a few rows of it; by the columns that the source has."""
    there = quoted(table.replace(" ", "_"))  # as its topic is called
    if not replica.has(there):
        count = source.sql(f"SELECT count(*) FROM {quoted(table)}")
        return [] if count == "0" else [f"{table} is not there, and {count} rows should be"]
    wanted = columns(source, table)
    if lacking := sorted(set(wanted.split(",")) - set(columns(replica, table.replace(" ", "_")).split(","))):
        return [f"{table} has no column {', '.join(lacking)} yet"]
    query = f"SELECT md5(r::text) || ' ' || left(r::text, 100) FROM (SELECT {wanted} FROM %s) r"
    sides = [Counter(row[0] for row in database.rows(query % name))
             for database, name in ((source, quoted(table)), (replica, there))]
    missing, extra = sides[0] - sides[1], sides[1] - sides[0]
    result = []
    if missing:
        result.append(f"{table}: {sum(missing.values())} rows missing, such as {list(missing)[:2]}")
    if extra:
        result.append(f"{table}: {sum(extra.values())} rows too many, such as {list(extra)[:2]}")
    return result


def begin_capture(place, replica):
    """Changes are in the log from the first position on that is stored: what was before it comes as rows. With the first
    row there is one."""
    run = place.start()
    run.until(lambda: replica.has("accounts"), "the first row")
    run.kill()


def letters(run):
    done = subprocess.run([PROGRAM, "dlq", "list", "--output", "json", "--log", f"embedded:{run.log}"], capture_output=True, text=True)
    expect(done.returncode == 0, done.stderr)
    return done.stdout.splitlines()


def compare(source, replica, run, seconds=60):
    """Waits until the replica is equal row for row; the writers must have stopped."""
    end = time.monotonic() + seconds
    while True:
        found = [d for table in TABLES for d in differences(source, replica, table)]
        if not found:
            return
        run.must_run()
        if time.monotonic() >= end:
            found += letters(run)[:12]
        expect(time.monotonic() < end, f"after {seconds} s the replica is not equal:\n" + "\n".join(found) + "\n" + run.said()[-3000:])
        time.sleep(0.5)
