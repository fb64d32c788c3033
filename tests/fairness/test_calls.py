"""The table of calls: shares and means of groups and of conditions, beside a plain count."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callgap.call_records import CALLS
from callgap.fairness import membership
from callgap.fairness.calls import call_rows
from callgap.fairness.endpoints import CONTRASTED
from callgap.fairness.evidence import Evidence
from callgap.fairness.gaps import Resampling
from callgap.records import COVARIATES, HYPOTHESES, OUTCOMES, SCORES, table, utterances_schema

PLAN = Resampling(0.05, 1000, 1)
NONE = ("not_completed",)
LOGGED = (
    "not_completed", "misrouted", "not_understood", "human_not_reached",
    "not_within_1", "not_within_2", "not_within_3", "reprompts_per_call", "seconds_per_call",
)  # fmt: skip
"""What a log tells of its calls."""


def logged(calls):
    """Evidence of calls that are rows of outcomes with an `accent` and a `channel`, and no text."""
    said = [
        {"utterance_id": c["call_id"], "speaker_id": c["speaker_id"], "slots": [], "accent": c["accent"]}
        | {"channel": c.get("channel")}
        for c in calls
    ]
    utterances = table(said, utterances_schema(["accent", "channel"]))
    heard = [{"utterance_id": c["call_id"], "grammar_id": "open", "status": "ok"} for c in calls]
    outcomes = [{k: v for k, v in c.items() if k in OUTCOMES.names} | {"nodes": []} for c in calls]
    return Evidence(
        utterances=utterances,
        heard=table(heard, HYPOTHESES),
        probes=HYPOTHESES.empty_table(),
        scores=SCORES.empty_table(),
        outcomes=table(outcomes, OUTCOMES),
        covariates=COVARIATES.empty_table(),
        normalizer="none",
        human="",
        phrases={},
        system="acd",
        condition="as-logged",
        membership={"accent": membership(utterances, "accent")},
    )


def call(number, speaker, accent, reached="a", turns=1, seconds=30.0, channel=None):
    kind = "not_understood" if reached is None else "routed" if reached == "a" else "misrouted"
    reprompts = None if turns is None else turns - 1
    return {
        "call_id": f"c{number}", "speaker_id": speaker, "accent": accent, "expected": "a", "reached": reached,
        "outcome": kind, "turns": turns, "reprompts": reprompts, "seconds": seconds, "channel": channel,
    }  # fmt: skip


def random_calls(seed=0, callers=12, each=6):
    draw = np.random.default_rng(seed)
    for side, accent in enumerate(("north", "south")):
        for caller in range(callers):
            for _ in range(each):
                reached = [None, "b", "a", "a"][draw.integers(4 - side)]
                turns, seconds = int(draw.integers(1, 5)), float(draw.uniform(10, 60 + 30 * side))
                channel = ["phone", "web"][draw.integers(2)]
                yield call(draw.integers(10**12), f"{accent}{caller}", accent, reached, turns, seconds, channel)


def frame(calls, declared=NONE, **references):
    rows = call_rows(logged(list(calls)), {"accent": references.get("accent")}, ["channel"], declared, PLAN)
    return (
        pa.Table.from_pylist(rows, schema=CALLS).to_pandas().set_index(["attribute", "group", "endpoint"]).sort_index()
    )


def plainly(calls, endpoint):
    """The mean of the speakers' own means, by pandas alone."""
    rows = pd.DataFrame(calls)
    late = {n: (rows["reached"] != "a") | (rows["turns"] > n) for n in (1, 2, 3)}
    rows["value"] = {
        "not_completed": rows["reached"] != "a",
        "misrouted": rows["outcome"] == "misrouted",
        "not_understood": rows["outcome"] == "not_understood",
        "reprompts_per_call": rows["reprompts"],
        "seconds_per_call": rows["seconds"],
        **{f"not_within_{n}": of for n, of in late.items()},
    }[endpoint]
    return float(rows.groupby("speaker_id")["value"].mean().mean()), float(rows["value"].sum())


@settings(max_examples=5)
@given(seed=st.integers(0, 10**6))
def test_rates_and_means_are_those_of_a_plain_count(seed):
    calls = list(random_calls(seed))
    found = frame(calls)
    parts = {("everyone", "everyone"): calls}
    parts |= {("accent", a): [c for c in calls if c["accent"] == a] for a in ("north", "south")}
    parts |= {("channel", v): [c for c in calls if c["channel"] == v] for v in ("phone", "web")}
    for (attribute, group), chosen in parts.items():
        for endpoint in LOGGED:
            if endpoint == "human_not_reached":
                continue
            row, (rate, total) = found.loc[attribute, group, endpoint], plainly(chosen, endpoint)
            assert row["rate"] == pytest.approx(rate, abs=1e-12), (group, endpoint)
            assert row["total"] == pytest.approx(total)
            assert row["calls"] == len(chosen)
            assert row["rate_lower"] <= row["rate"] <= row["rate_upper"]


def test_a_group_that_waits_longer_is_told_with_limits_of_the_difference():
    found = frame(random_calls(3), accent="north")
    row = found.loc["accent", "south", "seconds_per_call"]
    north = found.loc["accent", "north", "seconds_per_call"]
    assert row["reference_rate"] == north["rate"]
    assert row["difference"] == pytest.approx(row["rate"] - north["rate"])
    assert 0 < row["difference_lower"] < row["difference"] < row["difference_upper"]
    assert row["limits"] == "simultaneous"
    assert pd.isna(north["difference"])


def test_declared_endpoints_have_their_difference_elsewhere():
    found = frame(random_calls(3), declared=("misrouted",), accent="north")
    assert pd.isna(found.loc["accent", "south", "misrouted"]["difference"])
    assert found.loc["accent", "south", "not_completed"]["difference"] > 0


def test_calls_that_are_all_alike_show_no_gap_and_no_limits_of_zero_width():
    calls = [call(n, f"{a}{n % 12}", a) for a in ("north", "south") for n in range(48)]
    for n, one in enumerate(calls):
        one["call_id"] = f"c{n}"
    found = frame(calls, accent="north")
    row = found.loc["accent", "south", "not_understood"]
    assert row["difference"] == 0
    assert row["difference_lower"] < 0 < row["difference_upper"]
    assert row["rate_upper"] > 0
    # Exact limits are of shares: a mean that never varies has none.
    seconds = found.loc["accent", "south", "seconds_per_call"]
    assert seconds["difference"] == 0
    assert seconds[["rate_lower", "rate_upper", "difference_lower", "difference_upper"]].isna().all()


def test_a_log_without_attempts_or_seconds_tells_nothing_of_them():
    calls = [c | {"turns": None, "reprompts": None, "seconds": None} for c in random_calls(1)]
    told = set(frame(calls).index.get_level_values("endpoint"))
    assert told == {"not_completed", "misrouted", "not_understood"}


def test_one_caller_is_counted_and_has_no_rate_and_four_have_no_limits():
    calls = [call(n, f"s{n % 4}", "north", None if n % 3 else "a", seconds=10.0 + n) for n in range(12)]
    calls.append(call(99, "alone", "south", None))
    found = frame(calls)
    assert found.loc["accent", "south", "not_completed"][["rate", "total"]].isna().all()
    north = found.loc["accent", "north", "not_completed"]
    assert north["rate"] == pytest.approx(2 / 3)
    assert np.isnan(north["rate_lower"])


def test_a_condition_in_which_all_calls_are_alike_is_left_out():
    assert "channel" not in frame([c | {"channel": "phone"} for c in random_calls(2)]).index
    assert "channel" in frame(random_calls(2)).index


def test_shares_of_attempts_can_be_judged_and_means_cannot():
    assert {"not_within_1", "not_within_2", "not_within_3"} <= set(CONTRASTED)
    assert not {"reprompts_per_call", "seconds_per_call"} & set(CONTRASTED)


@settings(max_examples=10)
@given(seed=st.integers(0, 10**6))
def test_more_attempts_never_complete_fewer_calls(seed):
    found = frame(random_calls(seed))["rate"].xs("everyone", level="group")["everyone"]
    order = [found[f"not_within_{n}"] for n in (1, 2, 3)] + [found["not_completed"]]
    assert order == sorted(order, reverse=True)
