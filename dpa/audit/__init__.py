"""Audits: are parameters uniform and independent, and are seeds distinct? (extra `audit`)."""

from dpa.audit.distribution import FALSE_ALARM, Check, Distribution, threshold
from dpa.audit.report import MIN_SAMPLES, AuditReport, audit_augmentation

__all__ = [
    "FALSE_ALARM",
    "MIN_SAMPLES",
    "AuditReport",
    "Check",
    "Distribution",
    "audit_augmentation",
    "threshold",
]
