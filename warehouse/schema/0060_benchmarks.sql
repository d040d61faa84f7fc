-- What the catalogue says about benchmarks, so that queries and pages can name them. Filled from the catalogue.

create table benchmarks (
    name varchar primary key,
    title varchar not null,             -- as people write it
    unit varchar not null,              -- of its score
    higher_is_better boolean not null
);
