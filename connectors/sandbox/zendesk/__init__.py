"""The Zendesk half of the sandbox: its JSON shapes, its events and its HTTP API."""
