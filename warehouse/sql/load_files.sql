-- $folder, and one entry a file in $names, $sizes, $times: files that the tables have now.
insert or replace into loaded_files
select $folder, unnest($names), unnest($sizes), unnest($times);
