-- Made orders and what each city has bought so far, both as lines of JSON in files.
--
--   levada run examples/generator-to-files/orders.sql --until-caught-up
--
-- ORDERS (how many), RATE (of them a second), SEED and OUT (the directory) may say otherwise.

CREATE STREAM orders (
    order_id BIGINT KEY,
    city STRING,
    product STRING,
    amount DECIMAL(8, 2),
    ordered_at TIMESTAMP
  ) WITH (KAFKA_TOPIC = 'orders', PARTITIONS = 4, VALUE_FORMAT = 'JSON');

-- The same seed makes the same orders, also when the program is stopped in between.
CREATE SOURCE CONNECTOR shop WITH (
    'connector.class' = 'generator',
    'topic' = 'orders',
    'column.ORDER_ID' = 'sequence from 1',
    'column.CITY' = 'choice Lisboa:5, Porto:3, Braga, Faro nulls 0.01',
    'column.PRODUCT' = 'text product-{zipf 1.2 of 1..50}',
    'column.AMOUNT' = 'uniform 0.50..250.00',
    'column.ORDERED_AT' = 'timestamp from 2026-01-01T00:00:00 step 30s jitter 90s',
    'timestamp.column' = 'ORDERED_AT',
    'rate' = '${env:RATE:-0}',
    'count' = '${env:ORDERS:-20000}',
    'seed' = '${env:SEED:-7}'
  );

-- A sum has the type of what is summed: DECIMAL(8, 2) would be full at a million.
CREATE TABLE city_totals WITH (KAFKA_TOPIC = 'city_totals') AS
  SELECT city, COUNT(*) AS orders, SUM(CAST(amount AS DECIMAL(18, 2))) AS revenue, MIN(amount) AS smallest, MAX(amount) AS largest
  FROM orders
  WHERE city IS NOT NULL
  GROUP BY city;

-- A table's file holds its changes: the last line of a city counts.
CREATE SINK CONNECTOR files WITH (
    'connector.class' = 'jsonfile',
    'topics' = 'orders, city_totals',
    'path' = '${env:OUT:-levada-files}',
    'metadata' = 'topic,partition,offset',
    'rotate.bytes' = '1000000'
  );
