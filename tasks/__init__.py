"""Celery tasks: thin recipes that take ids and fences. Deciding lives in the pure packages, SQL in `app.store`."""
