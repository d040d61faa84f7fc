-- Which verdict on its claim it is, so that a clock that was ahead hides none that came later.

alter table verdicts add column sequence bigint;    -- counted from 1; null: of version 0.1.0, before all others
