"""Planning without a model: clauses, a bilingual lexicon, dates, and typed wiring. Limited, and honest about it."""
