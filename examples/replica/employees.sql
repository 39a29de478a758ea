-- The source: the table, and the rows that it has before anybody looks.
CREATE TABLE employees (
  emp_id     serial PRIMARY KEY,
  first_name varchar(100),
  last_name  varchar(100),
  dob        date,
  city       varchar(100),
  salary     int
);
INSERT INTO employees (first_name, last_name, dob, city, salary) VALUES
  ('Max',   'Smith',   '2002-02-03', 'Sydney',    90432),
  ('Karl',  'Summers', '2004-04-10', 'Brisbane',  63319),
  ('Sam',   'Wilde',   '2005-02-06', 'Perth',    105846),
  ('Linda', 'Chen',    '1999-11-21', 'Hobart',   103239);
