"""Kintsugi, the service-recovery engine."""
