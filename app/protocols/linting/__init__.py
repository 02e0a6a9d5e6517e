"""The linter's single checks, by what they look at. `app.protocols.lint` puts them together."""
