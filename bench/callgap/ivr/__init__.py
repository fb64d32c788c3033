"""Interactive voice response: menus, what may be said at each of their points, and where a call ends up."""

from callgap.ivr.authentication import Authentication
from callgap.ivr.callers import with_repetitions, without_repetitions
from callgap.ivr.changes import Change, changes
from callgap.ivr.graph import Graph
from callgap.ivr.logged import CallLog, Logged
from callgap.ivr.nodes import Answer, Call, Confirmation, Digits, End, Intent, Keys, Matcher, Menu
from callgap.ivr.outcome import Outcome
from callgap.ivr.plan import make_plan, own_rows
from callgap.ivr.planned import Plan
from callgap.ivr.replay import reference_hypotheses, replay
from callgap.ivr.routing import check_routers, router_accuracies, router_identities
from callgap.ivr.service import Choice, Node, NoService, Service
from callgap.ivr.walk import walk

__all__ = [
    "Answer",
    "Authentication",
    "Call",
    "CallLog",
    "Change",
    "Choice",
    "Confirmation",
    "Digits",
    "End",
    "Graph",
    "Intent",
    "Keys",
    "Logged",
    "Matcher",
    "Menu",
    "NoService",
    "Node",
    "Outcome",
    "Plan",
    "Service",
    "changes",
    "check_routers",
    "make_plan",
    "own_rows",
    "reference_hypotheses",
    "replay",
    "router_accuracies",
    "router_identities",
    "walk",
    "with_repetitions",
    "without_repetitions",
]
