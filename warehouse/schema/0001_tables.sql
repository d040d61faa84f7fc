-- The tables of the warehouse. Each is filled from files under the home folder and can be rebuilt from them.

create table sources (
    sha256 varchar not null,            -- of the page as read
    url varchar not null,               -- URL or path that was read
    kind varchar not null,              -- model_card, model_index, eval_results, ledger, ...
    title varchar,
    read_at timestamptz not null,
    primary key (sha256, url)
);

create table claims (
    claim_id varchar primary key,
    model varchar not null,             -- hub id, or as printed
    variant varchar,                    -- quantization or effort column
    "commit" varchar,
    benchmark varchar,                  -- catalogue name; null while unresolved
    benchmark_text varchar not null,    -- as printed
    said varchar not null,              -- word for word
    value double,                       -- in the benchmark's unit, scores as fractions
    low double,                         -- claim interval; null is unbounded
    high double,
    unit varchar,
    qualifier varchar,                  -- exact, about, range, at_least, at_most, uncertain
    claimant varchar not null,          -- vendor, third_party, press, community
    claimed_by varchar,
    settings json not null,             -- as stated; a missing key is unknown
    source_sha256 varchar not null,
    source_url varchar not null,
    place varchar not null,             -- line or cell inside the source
    note varchar,
    supersedes varchar,
    record json not null                -- the whole Claim
);

create table artifacts (
    artifact_key varchar primary key,
    model varchar not null,
    "commit" varchar not null,
    format varchar not null,
    quantization varchar not null,
    files json not null                 -- name, size, sha256
);

create table runs (
    run_id varchar primary key,
    model varchar not null,
    "commit" varchar not null,
    artifact_key varchar,
    quantization varchar,
    benchmark varchar not null,
    evaluator varchar not null,
    evaluator_version varchar not null,
    backend varchar,
    backend_version varchar,
    settings json not null,
    order_seed bigint not null,
    status varchar not null,            -- finished, invalid
    reason varchar,
    started timestamptz not null,
    finished timestamptz,
    requests_sent bigint not null,
    record json not null                -- the whole Run without the items' values
);

create table measurements (
    run_id varchar not null,
    benchmark varchar not null,
    metric varchar not null,
    filter varchar not null,
    score double,                       -- fraction for scores; at stop if stopped_early
    stderr double,
    unit varchar not null,
    items bigint not null,              -- finished prefix of the fixed order
    "of" bigint not null,
    stopped_early boolean not null,
    truncated bigint not null,
    empty bigint not null,
    refused bigint not null,
    unextracted bigint not null,
    failed bigint not null,
    low double,                         -- if every troubled item had been wrong
    high double,                        -- if every one had been right
    evidence json,
    primary key (run_id, benchmark, metric, filter)
);

create table item_scores (
    run_id varchar not null,
    task varchar not null,
    doc_id bigint not null,
    position bigint not null,           -- in the fixed random order
    repeat integer not null,
    metric varchar not null,
    filter varchar not null,
    value double,                       -- null if the item failed
    status varchar not null,            -- ok, truncated, empty, refused, unextracted, failed
    extracted varchar,
    target varchar
);

create table responses (
    run_id varchar not null,
    task varchar not null,
    doc_id bigint not null,
    index integer not null,             -- request within the item
    repeat integer not null,
    kind varchar not null,
    status varchar not null,
    text varchar,
    reasoning varchar,
    logprob double,                     -- natural logarithm
    greedy boolean,
    finish_reason varchar,
    prompt_tokens bigint,
    generated_tokens bigint,
    seed bigint,
    seconds double,
    attempts integer,
    error varchar
);

create table locks (
    lock_id varchar primary key,
    claim_id varchar not null,
    benchmark varchar not null,
    metric varchar not null,
    filter varchar not null,
    low double,
    high double,
    margin double not null,
    alpha double not null,
    order_seed bigint not null,
    items bigint not null,
    locked_at timestamptz not null,
    record json not null
);

create table verdicts (
    verdict_id varchar primary key,     -- SHA-256 over the record
    claim_id varchar not null,
    lock_id varchar,
    run_id varchar,
    outcome varchar not null,
    comparability varchar,
    flagged boolean not null,
    score double,
    low double,
    high double,
    confidence double,
    items bigint,
    "of" bigint,
    stopped_early boolean not null,
    headline varchar not null,
    reasons json not null,
    compared json not null,
    judged_at timestamptz not null,
    record json not null
);
