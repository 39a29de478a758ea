CREATE SOURCE CONNECTOR IF NOT EXISTS files WITH ('connector.class' = 'csv', "input.path" = '${env:HOME}/in', topic = 'x');
CREATE SINK CONNECTOR pg WITH ('connection.password' = '${file:/run/secret:pw}', 'pk.mode' = 'record_key');
SHOW SOURCE CONNECTORS; DESCRIBE CONNECTOR files; DROP CONNECTOR IF EXISTS files;
