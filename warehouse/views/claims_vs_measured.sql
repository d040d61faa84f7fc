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
    v.ran_by,
    v.made_by,
    coalesce(o.others, []) as others,
    coalesce(o.disagree, false) as disagree,
    r.quantization,
    r.backend,
    r.backend_version,
    v.judged_at,
    v.run_id,
    v.criterion_id,
    c.claim_id
from claims c
left join shown_verdicts v using (claim_id)
left join runs r on r.run_id = v.run_id
-- what runs of others say about the same claim, and whether two of all its runs contradict each other
left join (
    select
        i.claim_id,
        list({
            'by': i.made_by, 'harness': i.harness, 'score': i.score, 'items': i.items, 'of': i."of",
            'outcome': i.outcome, 'comparability': i.comparability, 'limited': i.limited, 'started': i.started,
            'run_id': i.run_id
        } order by i.started desc, i.run_id) filter (where i.run_id is distinct from s.run_id) as others,
        len(list_distinct(list_filter(
            list_append(list(i.outcome), any_value(s.outcome)),
            lambda x: x in ('confirmed', 'below_claim', 'above_claim')
        ))) > 1 as disagree
    from imported_verdicts i
    left join shown_verdicts s using (claim_id)
    group by i.claim_id
) o using (claim_id)
where not exists (select 1 from claims newer where newer.supersedes = c.claim_id)
order by c.model, benchmark, c.claimant, c.claim_id;
