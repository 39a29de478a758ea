CREATE STREAM rides (id BIGINT KEY, city STRING, fare DECIMAL(10, 2), at TIMESTAMP)
  WITH (kafka_topic = 'rides', value_format = 'json', partitions = 3);
CREATE OR REPLACE TABLE IF NOT EXISTS drivers (id BIGINT PRIMARY KEY, `home town` VARCHAR(20), tags ARRAY<STRING>);
CREATE SOURCE TABLE fares (a INT PRIMARY KEY, b MAP<STRING, STRUCT<x INT, y BYTES>>) WITH ("key_format" = 'kafka');
CREATE STREAM h (all ARRAY<STRUCT<key STRING, value BYTES>> HEADERS, one BYTES HEADER('trace-id'));
CREATE TYPE address AS STRUCT<street STRING, no INT>;
