"""Interactive voice response: menus, what may be said at each of their points, and where a call ends up."""

from callgap.ivr.authentication import Authentication
from callgap.ivr.logged import CallLog, Logged
from callgap.ivr.plan import Plan, make_plan
from callgap.ivr.service import Choice, Node, NoService, Service
from callgap.ivr.walk import Outcome, walk

__all__ = [
    "Authentication",
    "CallLog",
    "Choice",
    "Logged",
    "NoService",
    "Node",
    "Outcome",
    "Plan",
    "Service",
    "make_plan",
    "walk",
]
