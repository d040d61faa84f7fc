-- What watching the hub has seen. Filled from <home>/looks/*.json and rebuilt from them.

create table looks (
    look_id varchar primary key,        -- name of its file
    source varchar not null,            -- org:Qwen, packer:unsloth, search:nemotron
    looked_at timestamptz not null,
    mark timestamptz not null,          -- newest push that was seen: the next look begins there
    pages integer not null              -- pages of the hub's list that it cost
);

create table seen_releases (
    model varchar not null,
    "commit" varchar not null,
    kind varchar not null,              -- release, commit, card, quantized
    source varchar not null,            -- where it was found
    base varchar,                       -- base model of a quantized repository
    modified timestamptz not null,      -- pushed
    created timestamptz not null,       -- first push of the model
    reason varchar,                     -- why it is sorted out; null if it can be verified
    weights varchar,                    -- SHA-256 over names and hashes of weights, config and tokenizer
    seen_at timestamptz not null,
    primary key (model, "commit")
);
