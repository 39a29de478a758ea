-- A file with mistakes: what is good is loaded, what is not goes to the dead letters with its bytes and the reason.
--
--   levada run examples/dead-letters/orders.sql --until-caught-up
--
-- ORDERS_CSV and OUT may point elsewhere.

CREATE STREAM orders (
    order_id BIGINT KEY,
    customer STRING,
    ordered_on DATE,
    amount DECIMAL(10, 2),
    CONSTRAINT amount_is_known CHECK (amount IS NOT NULL),
    CONSTRAINT amount_is_positive CHECK (amount > 0)
  ) WITH (KAFKA_TOPIC = 'orders', PARTITIONS = 1, VALUE_FORMAT = 'JSON');

CREATE SOURCE CONNECTOR order_file WITH (
    'connector.class' = 'csv',
    'path' = '${env:ORDERS_CSV:-examples/dead-letters/orders.csv}',
    'topic' = 'orders'
  );

CREATE TABLE daily_totals WITH (KAFKA_TOPIC = 'daily_totals') AS
  SELECT FORMAT_DATE(ordered_on, 'yyyy-MM-dd') AS day, COUNT(*) AS orders, SUM(amount) AS total
  FROM orders
  GROUP BY FORMAT_DATE(ordered_on, 'yyyy-MM-dd');

CREATE SINK CONNECTOR loaded WITH (
    'connector.class' = 'jsonfile',
    'topics' = 'orders, daily_totals',
    'path' = '${env:OUT:-levada-files}'
  );
