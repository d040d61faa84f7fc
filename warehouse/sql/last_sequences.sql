-- Claims that have numbered verdicts, with the number of the last one.
select claim_id, max(sequence) from verdicts where sequence is not null group by claim_id;
