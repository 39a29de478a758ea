SELECT -a + 1 * (b - -2) / c % 4 || 'x', NOT a = b AND c <> d OR e != f, a BETWEEN 1 AND 2, b NOT IN (1, 2e3, .5),
  c LIKE 'a%' ESCAPE '!', d IS DISTINCT FROM e, f IS NOT NULL, a[1][b]->c, CAST(x AS DECIMAL(4, 2)), DATE '2024-02-29',
  CASE WHEN a < b THEN 1 ELSE 2 END, CASE a WHEN 1 THEN 'one' WHEN 2 THEN 'two' END, ts AT TIME ZONE 'UTC',
  TRANSFORM(list, x => x + 1), REDUCE(m, 0, (s, k, v) => s + v), ARRAY[1, 2], MAP('a' := 1, 'b' := NULL),
  STRUCT(a := 1, `b c` := TRUE), DATEADD(DAYS, 3, d), f(*), -9223372036854775808, 1.50, -1E-3 FROM t;
