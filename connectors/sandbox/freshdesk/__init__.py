"""The Freshdesk half of the sandbox: its JSON shapes, its rules and app events, and its HTTP API."""
