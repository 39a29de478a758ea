-- A directory that receives files while this runs: every row counts once, however its file is called, however often it
-- comes, and also if it is seen before it is complete. Ctrl-C ends it; started again it goes on where it was.
--
--   mkdir -p sales && levada run examples/growing-folder/sales.sql
--
-- FOLDER and OUT may point elsewhere; AGE_MS and ROTATE_MS say when a file is old.

CREATE STREAM sales (
    sale_id BIGINT KEY,
    shop STRING,
    amount DECIMAL(18, 2)
  ) WITH (KAFKA_TOPIC = 'sales', PARTITIONS = 2, VALUE_FORMAT = 'JSON');

CREATE SOURCE CONNECTOR folder WITH (
    'connector.class' = 'csv',
    'input.path' = '${env:FOLDER:-sales}',
    'input.file.pattern' = '.*\.csv',
    -- What may be half a row, or half a copy of a file that is known, waits until its file has not changed for so long.
    'file.minimum.age.ms' = '${env:AGE_MS:-2000}',
    'topic' = 'sales'
  );

CREATE TABLE shop_totals WITH (KAFKA_TOPIC = 'shop_totals') AS
  SELECT shop, COUNT(*) AS sales, SUM(amount) AS total
  FROM sales
  GROUP BY shop;

-- A file is finished when it is a minute old, also if nothing comes any more.
CREATE SINK CONNECTOR files WITH (
    'connector.class' = 'jsonfile',
    'topics' = 'sales, shop_totals',
    'path' = '${env:OUT:-levada-files}',
    'metadata' = 'topic,partition,offset',
    'rotate.interval.ms' = '${env:ROTATE_MS:-60000}'
  );
