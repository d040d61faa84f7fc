-- The columns of claims_vs_measured with what each holds.
select column_name, data_type, comment
from duckdb_columns()
where table_name = 'claims_vs_measured'
order by column_index;
