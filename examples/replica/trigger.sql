-- A table of one PostgreSQL, replicated into another one by way of a topic: a trigger writes each change into a table
-- beside it, employees_changes, and that is read. It is for servers whose write-ahead log may not be read.
--
--   SOURCE=postgresql://… TARGET=postgresql://… levada run examples/replica/trigger.sql

CREATE SOURCE CONNECTOR shop WITH (
  'connector.class' = 'postgres-trigger',
  'connection.url' = '${env:SOURCE}',
  'topic.prefix' = 'shop',
  'table.include.list' = 'public.employees');

-- Its columns are those of the table in the source. A row that breaks a rule is not written: levada dlq list shows it.
CREATE TABLE employees (
  CONSTRAINT born_before_2007 CHECK (dob < '2007-01-01'),
  CONSTRAINT paid_enough CHECK (salary > 10000),
  CONSTRAINT id_not_negative CHECK (emp_id >= 0)
) WITH (KAFKA_TOPIC = 'shop.public.employees', FORMAT = 'AVRO');

-- The table is made in the target as it is in the source, and follows when columns are added.
CREATE SINK CONNECTOR replica WITH (
  'connector.class' = 'postgres',
  'topics' = 'shop.public.employees',
  'connection.url' = '${env:TARGET}',
  'auto.create' = 'true', 'auto.evolve' = 'true');
