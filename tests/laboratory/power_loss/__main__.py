"""``python -m tests.laboratory.power_loss WORK '{"seed": 1, …}'``: a share of a recording's images; prints one JSON line.

A recording stays beside its logs, so that ``images.image`` makes any image again.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from loguru import logger

from tests.laboratory.power_loss.share import Order, Share


def main() -> None:
    """Do the share and tell."""
    logger.remove()
    share = Share(Path(sys.argv[1]), Order(**json.loads(sys.argv[2])))
    share.run()
    told = {
        "drawn": share.drawn,
        "distinct": share.distinct,
        "faulty": share.faulty,
        "words": share.words,
        "restarts": share.restarts,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
