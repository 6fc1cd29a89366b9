"""``python -m tests.servers.blockkit``: generate the schemas."""

from tests.servers.blockkit.generate import main

raise SystemExit(main())
