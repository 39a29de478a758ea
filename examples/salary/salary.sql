-- City salaries from a CSV file to PostgreSQL, exactly once: the people of three departments hired since 2010, and the total each
-- department pays them.
--
--   levada run examples/salary/salary.sql --until-caught-up
--
-- SALARY_CSV and SALARY_DATABASE may point elsewhere; ./demo sets both.

CREATE STREAM salaries (
    department STRING KEY,
    department_division STRING,
    position_title STRING,
    initial_hire_date DATE,
    salary DECIMAL(12, 2)
  ) WITH (KAFKA_TOPIC = 'bf_employee_salary', PARTITIONS = 3, VALUE_FORMAT = 'JSON');

CREATE SOURCE CONNECTOR salary_file WITH (
    'connector.class' = 'csv',
    'path' = '${env:SALARY_CSV:-examples/salary/Employee_Salaries.csv}',
    'topic' = 'bf_employee_salary',
    'parser.timestamp.date.formats' = 'dd-MMM-yyyy'
  );

-- Salaries are rounded down, row by row. Some are annual, some hourly: the file does not tell them apart, nor do we.
CREATE STREAM department_employee WITH (KAFKA_TOPIC = 'department_employee') AS
  SELECT department, department_division, position_title, initial_hire_date AS hire_date,
         CAST(FLOOR(salary) AS BIGINT) AS salary
  FROM salaries
  WHERE department IN ('EMS', 'CIT', 'ECC') AND initial_hire_date >= DATE '2010-01-01';

CREATE TABLE department_employee_salary WITH (KAFKA_TOPIC = 'department_employee_salary') AS
  SELECT department, SUM(salary) AS total_salary
  FROM department_employee
  GROUP BY department;

-- Both tables in one transaction of the database: whoever reads them sees details and totals that agree.
CREATE SINK CONNECTOR warehouse WITH (
    'connector.class' = 'postgres',
    'topics' = 'department_employee, department_employee_salary',
    'connection.url' = '${env:SALARY_DATABASE:-postgresql://localhost/postgres}',
    'auto.create' = 'true'
  );
