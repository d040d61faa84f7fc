-- The product's face: one row a claim, with what was measured beside it.
create or replace view claims_vs_measured as
select
    c.model,
    c.variant,
    coalesce(c.benchmark, c.benchmark_text) as benchmark,
    c.benchmark_text,
    c.said as claimed,
    c.value as claimed_value,
    v.score as measured,
    v.low as measured_low,
    v.high as measured_high,
    v.confidence,
    c.unit,
    v.items,
    v."of",
    coalesce(v.stopped_early, false) as stopped_early,
    coalesce(v.outcome, 'unverified') as outcome,
    v.comparability,
    coalesce(v.flagged, false) as flagged,
    list_transform(from_json(v.reasons, '[{"code": "VARCHAR", "text": "VARCHAR"}]'), lambda r: r.text) as reasons,
    list_transform(from_json(v.reasons, '[{"code": "VARCHAR"}]'), lambda r: r.code) as reason_codes,
    v.headline,
    c.claimant,
    c.claimed_by,
    c.source_url,
    c.place,
    r.quantization,
    r.backend,
    r.backend_version,
    v.judged_at,
    v.run_id,
    v.criterion_id,
    c.claim_id
from claims c
left join latest_verdicts v using (claim_id)
left join runs r on r.run_id = v.run_id
where not exists (select 1 from claims newer where newer.supersedes = c.claim_id)
order by c.model, benchmark, c.claimant, c.claim_id;
