-- $names, $titles, $units, $higher: the catalogue, one entry a benchmark.
insert or replace into benchmarks
select unnest($names), unnest($titles), unnest($units), unnest($higher);
