"""Servers tests talk to over the wire: strict stand-ins for services we do not run."""
