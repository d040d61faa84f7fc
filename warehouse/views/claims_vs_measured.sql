-- The product's face: one row a distinct claim with its sources, and what was measured beside it.
create or replace view claims_vs_measured as
with said as (
    -- the same number said twice by one kind of party about the same thing under the same stated settings is one claim
    select
        c.*,
        s.title as source_title,
        s.read_at,
        v.outcome,
        v.comparability,
        v.flagged,
        v.score,
        v.low as score_low,
        v.high as score_high,
        v.confidence,
        v.items,
        v."of",
        v.stopped_early,
        v.headline,
        v.reasons,
        v.compared,
        v.judged_at,
        v.run_id,
        v.criterion_id,
        v.made_by,
        v.ran_by,
        v.record as verdict,
        -- natural logarithms of e-values: of the tests that decided (a confirmation rests on the weaker of two; `least`
        -- leaves out what is null, an infinite one), and against the claim
        case v.outcome
            when 'confirmed' then least(
                (v.record -> 'e_values' ->> 'at_least_low')::double, (v.record -> 'e_values' ->> 'at_most_high')::double
            )
            when 'below_claim' then (v.record -> 'e_values' ->> 'below')::double
            when 'above_claim' then (v.record -> 'e_values' ->> 'above')::double
        end as decisive,
        (v.record ->> 'strength')::double as against,
        md5(concat_ws(
            chr(31), lower(c.model), coalesce(lower(c.variant), ''), coalesce(c."commit", ''),
            coalesce(c.benchmark, lower(c.benchmark_text)), coalesce(c.unit, ''), coalesce(c.qualifier, ''),
            coalesce(c.low::varchar, ''), coalesce(c.high::varchar, ''),
            case when c.value is null then lower(c.said) else c.value::varchar end, c.claimant,
            case when c.claimant = 'vendor' then '' else coalesce(lower(c.claimed_by), '') end,
            json_merge_patch(c.settings, '{"notes": null}')::varchar
        )) as same
    from claims c
    left join sources s on s.sha256 = c.source_sha256 and s.url = c.source_url
    left join shown_verdicts v using (claim_id)
    where not exists (select 1 from claims newer where newer.supersedes = c.claim_id)
),
sourced as (
    select
        same,
        list(
            {
                'url': source_url,
                'place': place,
                'title': source_title,
                'read_at': read_at,
                'sha256': source_sha256,
                'claim_id': claim_id
            }
            order by read_at, claim_id
        ) as sources
    from said
    group by same
),
legs as (
    -- what runs of others say about the same claim, and whether two of all its runs contradict each other
    select
        i.claim_id,
        list(
            {
                'by': i.made_by,
                'harness': i.harness,
                'score': i.score,
                'items': i.items,
                'of': i."of",
                'outcome': i.outcome,
                'comparability': i.comparability,
                'limited': i.limited,
                'started': i.started,
                'run_id': i.run_id
            }
            order by i.started desc, i.run_id
        ) filter (where i.run_id is distinct from v.run_id) as others,
        len(list_distinct(list_filter(
            list_append(list(i.outcome), any_value(v.outcome)),
            lambda x: x in ('confirmed', 'below_claim', 'above_claim')
        ))) > 1 as disagree
    from imported_verdicts i
    left join shown_verdicts v using (claim_id)
    group by i.claim_id
)
select
    c.model,
    c.variant,
    c."commit",
    coalesce(c.benchmark, c.benchmark_text) as benchmark,
    c.benchmark_text,
    b.title as benchmark_title,
    c.said as claimed,
    c.value as claimed_value,
    c.low as claimed_low,
    c.high as claimed_high,
    c.qualifier,
    c.unit,
    c.score as measured,
    c.score_low as measured_low,
    c.score_high as measured_high,
    c.confidence,
    c.items,
    c."of",
    coalesce(c.stopped_early, false) as stopped_early,
    coalesce(c.outcome, 'unverified') as outcome,
    c.comparability,
    coalesce(c.flagged, false) as flagged,
    coalesce(d.stands, false) as stands,
    case when c.decisive is not null then round(exp(greatest(least(c.decisive, ln(1e6)), -20)), 2) end as odds,
    case when c.against is not null then round(exp(greatest(least(c.against, ln(1e6)), -20)), 2) end as odds_against,
    -- which of several plausible protocols decided, and what came out under each that was run
    case when json_array_length(c.verdict -> 'by_protocol') > 0 then c.verdict ->> 'protocol' end as protocol,
    from_json(
        c.verdict -> 'by_protocol',
        '[{"protocol": "VARCHAR", "outcome": "VARCHAR", "score": "DOUBLE", "low": "DOUBLE", "high": "DOUBLE",
           "items": "BIGINT", "of": "BIGINT", "run_id": "VARCHAR", "plausible": "BOOLEAN"}]'
    ) as by_protocol,
    from_json(
        c.verdict -> 'variants',
        '[{"benchmark": "VARCHAR", "title": "VARCHAR", "score": "DOUBLE", "low": "DOUBLE", "high": "DOUBLE",
           "items": "BIGINT", "of": "BIGINT", "run_id": "VARCHAR", "pairs": "BIGINT", "paired_score": "DOUBLE",
           "original_score": "DOUBLE", "difference_low": "DOUBLE", "difference_high": "DOUBLE"}]'
    ) as variants,
    list_transform(from_json(c.reasons, '[{"code": "VARCHAR", "text": "VARCHAR"}]'), lambda r: r.text) as reasons,
    list_transform(from_json(c.reasons, '[{"code": "VARCHAR", "text": "VARCHAR"}]'), lambda r: r.code) as reason_codes,
    c.headline,
    l.margin,
    (l.record ->> 'relative')::boolean as margin_is_relative,
    l.alpha,
    l.stored_at as criterion_stored_at,
    c.claimant,
    c.claimed_by,
    json_merge_patch('{}'::json, c.settings) as claimed_settings,
    json_merge_patch('{}'::json, r.settings) as run_settings,
    r.record -> 'origins' as settings_origin,
    from_json(
        c.compared,
        '[{"setting": "VARCHAR", "claimed": "VARCHAR", "measured": "VARCHAR", "relation": "VARCHAR"}]'
    ) as settings_compared,
    r."commit" as run_commit,
    r.quantization,
    r.backend,
    r.backend_version,
    r.settings ->> 'hardware' as hardware,
    case when r.run_id is not null then c.ran_by end as ran_by,
    c.made_by,
    coalesce(legs.others, []) as others,
    coalesce(legs.disagree, false) as disagree,
    r.finished as measured_at,
    c.judged_at,
    c.read_at,
    c.source_url,
    c.place,
    c.source_title,
    c.source_sha256,
    sourced.sources,
    c.run_id,
    c.criterion_id,
    c.claim_id
from said c
join sourced using (same)
left join legs on legs.claim_id = c.claim_id
left join discrepancy_board d on d.claim_id = c.claim_id
left join runs r on r.run_id = c.run_id
left join criteria l on l.criterion_id = c.criterion_id
left join benchmarks b on b.name = c.benchmark
-- the source whose verdict is the newest speaks for all
qualify row_number() over (partition by same order by c.judged_at desc nulls last, c.read_at, c.claim_id) = 1
order by c.model, benchmark, c.claimant, c.claim_id;

comment on view claims_vs_measured is 'One row a distinct claim with its sources, and what was measured beside it.';
comment on column claims_vs_measured.model is 'Hub id of the release, or its name as printed.';
comment on column claims_vs_measured.variant is 'Quantization or effort column the number stands in, as printed.';
comment on column claims_vs_measured."commit" is 'Commit of the release that the claim is about; null: whatever its source was published with.';
comment on column claims_vs_measured.benchmark is 'Name in the catalogue; as printed where the catalogue does not know it.';
comment on column claims_vs_measured.benchmark_text is 'Benchmark as printed.';
comment on column claims_vs_measured.benchmark_title is 'Benchmark as people write it; null where the catalogue does not know it.';
comment on column claims_vs_measured.claimed is 'The number word for word.';
comment on column claims_vs_measured.claimed_value is 'The number in `unit` (scores as fractions); the middle of a range.';
comment on column claims_vs_measured.claimed_low is 'Lower end of what the words allow, in `unit`; null: unbounded.';
comment on column claims_vs_measured.claimed_high is 'Upper end of what the words allow, in `unit`; null: unbounded.';
comment on column claims_vs_measured.qualifier is 'How the number was put: exact, about, range, at_least, at_most, uncertain.';
comment on column claims_vs_measured.unit is 'Unit of all values: fraction, tok/s, s, ratio, tokens, parameters, bytes, text, ...';
comment on column claims_vs_measured.measured is 'What was measured, in `unit`; a score at stop where `stopped_early`.';
comment on column claims_vs_measured.measured_low is 'Lower end of the confidence sequence, in `unit`.';
comment on column claims_vs_measured.measured_high is 'Upper end of the confidence sequence, in `unit`.';
comment on column claims_vs_measured.confidence is 'Level of the interval, e.g. 0.95; it holds however often one looks.';
comment on column claims_vs_measured.items is 'Items (speeds: runs) that the measurement rests on.';
comment on column claims_vs_measured."of" is 'Items of the whole benchmark.';
comment on column claims_vs_measured.stopped_early is 'The run ended when its claims were decided; `measured` is then no benchmark score.';
comment on column claims_vs_measured.outcome is 'What the evidence says: unverified, confirmed, below_claim, above_claim, inconclusive, invalid_run, could_not_run, ...';
comment on column claims_vs_measured.comparability is 'How far claim and run have the same settings: matched, assumed (the claim leaves some out), differs, unknown.';
comment on column claims_vs_measured.flagged is 'A sound run came out below the claim under settings that do not contradict it.';
comment on column claims_vs_measured.protocol is 'Which of several plausible settings decided, where the claim leaves them open.';
comment on column claims_vs_measured.by_protocol is 'What came out under each plausible setting that was run: protocol, outcome, score, low, high, items, of, run_id, plausible.';
comment on column claims_vs_measured.variants is 'Scores on variants of the benchmark, where they were asked for; no verdict depends on them: benchmark, title, score, low, high, items, of, run_id, and beside their originals: pairs, paired_score, original_score, difference_low, difference_high; and the two sides of the release date for dated problems.';
comment on column claims_vs_measured.stands is 'A flag that stands among all tested claims with a false discovery rate of at most 5 % (e-BH).';
comment on column claims_vs_measured.odds is 'Odds to 1 of the tests that decided (e-value, at any time): 40 or more come up by chance at most once in 40, a million stands for more; null where the whole run decides by arithmetic.';
comment on column claims_vs_measured.odds_against is 'Odds to 1 against the claim, run noise included: what the false discovery rate of `stands` is computed from.';
comment on column claims_vs_measured.reasons is 'Why, in sentences, most important first.';
comment on column claims_vs_measured.reason_codes is 'Short name of each reason.';
comment on column claims_vs_measured.headline is 'The verdict in one line.';
comment on column claims_vs_measured.margin is 'Tolerance on both sides of the claim, in `unit`, or as a share where `margin_is_relative`.';
comment on column claims_vs_measured.margin_is_relative is 'The margin is a share of the claim (0.1 = 10 %), as for speeds.';
comment on column claims_vs_measured.alpha is 'Probability of any wrong verdict, at most.';
comment on column claims_vs_measured.criterion_stored_at is 'When interval, margin and alpha were stored, which is before the run.';
comment on column claims_vs_measured.claimant is 'Who said it: vendor, third_party, press, community.';
comment on column claims_vs_measured.claimed_by is 'Name of who said it.';
comment on column claims_vs_measured.claimed_settings is 'Settings as stated, JSON; a missing key is unknown.';
comment on column claims_vs_measured.run_settings is 'Settings of the run, JSON.';
comment on column claims_vs_measured.settings_origin is 'Where the run took each setting from: claim, user, release, benchmark, ...; JSON.';
comment on column claims_vs_measured.settings_compared is 'Each setting as claimed and as run, and how they relate: equal, differs, assumed, not_applicable.';
comment on column claims_vs_measured.run_commit is 'Commit of the release that was run.';
comment on column claims_vs_measured.quantization is 'Quantization of the weights that were run.';
comment on column claims_vs_measured.backend is 'Serving engine of the run.';
comment on column claims_vs_measured.backend_version is 'Its version.';
comment on column claims_vs_measured.hardware is 'Machine of the run.';
comment on column claims_vs_measured.ran_by is 'Who made the run: us, or imported from others; null: nothing was run.';
comment on column claims_vs_measured.made_by is 'Name of who made an imported run, where the file or the importer tells it.';
comment on column claims_vs_measured.others is 'Runs of others that say something about the same claim: by, harness, score, items, of, outcome, comparability, limited, started, run_id.';
comment on column claims_vs_measured.disagree is 'Two runs of this claim, ours or others, contradict each other.';
comment on column claims_vs_measured.measured_at is 'When the run ended, UTC.';
comment on column claims_vs_measured.judged_at is 'When the verdict was made, UTC; null: there is none.';
comment on column claims_vs_measured.read_at is 'When the source was read, UTC.';
comment on column claims_vs_measured.source_url is 'Where the claim was read.';
comment on column claims_vs_measured.place is 'Line, cell or key inside the source.';
comment on column claims_vs_measured.source_title is 'Name of the source.';
comment on column claims_vs_measured.source_sha256 is 'SHA-256 of the source as read.';
comment on column claims_vs_measured.sources is 'Every source that says the same, oldest first: url, place, title, read_at, sha256, claim_id.';
comment on column claims_vs_measured.run_id is 'The run behind the verdict.';
comment on column claims_vs_measured.criterion_id is 'The acceptance criterion that the verdict refers to.';
comment on column claims_vs_measured.claim_id is 'Id of the claim.';
