"""``tizmor backup`` and ``tizmor restore``: copies of everything the product knows. Each function's docstring is its help."""

from __future__ import annotations

import sys
from pathlib import Path

from bot.command_line import Home, settings_from


def backup(file: Path, /, *, home: Home = None) -> int:
    """Copy the database to a file, also while Tizmor runs; the copy is of one instant, looked through, and only yours to read.

    Not in it: the workspace, the settings (.env, tizmor.toml) and the owner's api_token, which is made anew where it is missing.

    Args:
        file: where to; must not be there yet.
        home: folder of all state.
    """
    from engine.errors import RequestError  # noqa: PLC0415 - imports cost time that --help need not pay
    from storage.backup import copy_database  # noqa: PLC0415
    from storage.database import DATABASE_FILE, schema_version  # noqa: PLC0415

    settings = settings_from(home, None, None, quiet=True)
    source = settings.tizmor_home / DATABASE_FILE
    version = schema_version(source)
    if version is None:
        raise RequestError("backup_failed", f"There is no database in {settings.tizmor_home} yet.")
    if not file.absolute().parent.is_dir():
        raise RequestError("backup_failed", f"The folder {file.absolute().parent} is not there; make it first.")
    copy_database(source, file)
    _say(f"{file}: schema {version}, {file.stat().st_size:,} bytes")
    return 0


def restore(file: Path, /, *, home: Home = None) -> int:
    """Put a backup in the place of the database. Tizmor must not be running; the database that is there is kept aside.

    What was done after the backup was made is not known any more: it is not done again without asking, and whoever wants what
    they asked for since has to ask again.

    Args:
        file: made by tizmor backup.
        home: folder of all state.
    """
    from datetime import UTC, datetime  # noqa: PLC0415 - imports cost time that --help need not pay

    from storage.codec import instant  # noqa: PLC0415
    from storage.restore import restore as put_back  # noqa: PLC0415

    settings = settings_from(home, None, None, quiet=True)
    done = put_back(settings.tizmor_home, file, instant(datetime.now(UTC)))
    _say(f"Restored from {file}.")
    if done.aside is not None:
        _say(f"The database that was there is now {done.aside}; delete it once nobody needs it.")
    _say(
        f"{done.doubtful} requests were under way when the backup was made. What they did since then is not recorded in it:"
        " before such an effect is made, Tizmor looks whether it happened, or asks. Requests from after the backup are not"
        " known any more."
    )
    if done.left:
        _say(
            f"{done.left} messages had come in and were not begun yet. They may have been acted on since, and are left."
        )
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
