"""Audits: are parameters uniform and independent, and are seeds distinct? (extra `audit`)."""

from dpa.audit.check import FALSE_ALARM, Check, threshold
from dpa.audit.distribution import Distribution
from dpa.audit.report import MIN_SAMPLES, AuditReport, audit_augmentation
from dpa.audit.tally import Tally

__all__ = [
    "FALSE_ALARM",
    "MIN_SAMPLES",
    "AuditReport",
    "Check",
    "Distribution",
    "Tally",
    "audit_augmentation",
    "threshold",
]
