"""Everything that breaks the product on purpose and judges what is left: failpoints, kills, faults of storage, races."""
