-- Which files of the home folder the tables have: one whose size and time of change are as noted is not read again.

create table loaded_files (
    folder varchar not null,            -- under the home folder, e.g. claims
    name varchar not null,              -- of the file, or its path below the folder
    size bigint not null,               -- bytes
    modified bigint not null,           -- nanoseconds since 1970
    primary key (folder, name)
);
