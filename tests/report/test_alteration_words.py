"""What is said of an alteration is what its rows say: each finding has its sentence, and none claims more."""

import math

import pytest
from planted_effects import effect, identity, level, of_everyone

from callgap.report import effect_words, voice_words


def plain(sentences):
    return " ".join(sentences).replace("\N{MINUS SIGN}", "-")


def said(*rows):
    return plain(effect_words.gap_sentences(list(rows)))


REFERENCE = effect("us", 0.1, 0.1)


@pytest.mark.parametrize(
    ("finding", "words"),
    [
        ("closes", "the gap closes; points more than the reference +10.0 (8.5 to 11.5) → +2.0 (0.5 to 3.5)"),
        ("narrows", "the gap narrows; "),
        ("stays", "the gap stays as it is; "),
        ("widens", "the gap widens; "),
    ],
)
def test_each_finding_has_its_sentence_with_both_gaps_and_their_change(finding, words):
    told = said(REFERENCE, effect("fr", 0.2, 0.12, finding=finding, half=0.015))
    assert told.startswith(f"Words wrong, fr against us: {words}")
    assert "change -8.0 (-9.5 to -6.5). As a ratio of rates 2.00 → 1.20." in told


def test_a_reversed_gap_says_who_is_served_worse_now():
    assert "reverses, us is served worse now" in said(REFERENCE, effect("fr", 0.2, 0.05, finding="reverses"))
    assert "reverses, fr is served worse now" in said(REFERENCE, effect("fr", 0.05, 0.2, finding="reverses"))
    told = said(REFERENCE, effect("fr", 0.2, 0.05, finding="moves to the reference"))
    assert "moves to the reference, us falls further behind" in told


def test_a_gap_that_closes_by_harming_the_reference_says_so_with_both_rates():
    told = said(effect("us", 0.1, 0.2), effect("fr", 0.2, 0.2, (0.1, 0.2), finding="harms the reference"))
    assert "is smaller because us is served worse (10.0% → 20.0%); that fr is served better is not shown" in told
    assert "(20.0% → 20.0%)" in told


def test_a_gap_that_narrows_for_one_group_and_widens_for_another_moves():
    rows = [REFERENCE, effect("fr", 0.3, 0.15, finding="narrows"), effect("hi", 0.2, 0.3, finding="widens")]
    assert effect_words.outcome(rows) == "moves"
    assert "Words wrong: the gap moves; it gets smaller for fr and wider for hi." in said(*rows)


def test_an_alteration_that_helps_only_one_group_is_told_to_widen_the_others_gap():
    helped = effect("us", 0.2, 0.1, changed="helped")
    rows = [helped, effect("fr", 0.3, 0.3, (0.2, 0.1), finding="widens")]
    assert effect_words.outcome(rows) == "widens"
    assert "fr against us: the gap widens; points more than the reference +10.0" in said(*rows)
    assert (
        "Words wrong, helped: us (20.0% → 10.0%, -10.0 (-12.0 to -8.0) points; of 12 speakers 7 better, 3 worse"
        in plain(effect_words.change_sentences(rows))
    )


def test_where_it_cannot_be_told_the_reason_stands_and_no_verb_of_success():
    row = effect("fr", 0.3, 0.2, finding="cannot tell", reason="2 and 12 speakers, 10 are needed on each side")
    told = said(REFERENCE, row)
    assert "it cannot be told what became of the gap of fr" in told
    assert "2 and 12 speakers, 10 are needed on each side" in told
    assert not any(verb in told for verb in ("closes", "narrows", "widens"))


def test_the_other_scale_is_told_where_it_finds_something_else():
    told = said(REFERENCE, effect("fr", 0.3, 0.2, finding="narrows", ratio_finding="stays"))
    assert "3.00 → 2.00; on that scale the finding is: stays." in told
    told = said(REFERENCE, effect("fr", 0.3, 0.2, finding="narrows", ratio_finding="cannot tell"))
    assert "on that scale it cannot be told." in told


def test_without_a_group_to_compare_nothing_is_claimed():
    assert said(REFERENCE) == "No gap can be told: no group was compared with a reference."
    assert effect_words.outcome([REFERENCE]) == "cannot tell"
    assert effect_words.widest([]) is None


def test_the_helped_and_the_harmed_are_named_with_how_many_of_them():
    rows = [
        of_everyone(effect("fr", 0.2, 0.19)),
        effect("fr", 0.2, 0.1, changed="helped", speakers_better=9, speakers_worse=1),
        effect("us", 0.1, 0.2, changed="harmed", speakers_better=0, speakers_worse=11),
        effect("unknown", 0.1, 0.4, changed="harmed"),
    ]
    helped, harmed, untold = effect_words.change_sentences(rows, "voices")
    assert helped.startswith("Words wrong, helped: fr (20.0% → 10.0%")
    assert "of 12 voices 9 better, 1 worse) (better and worse: by more than 2.0 points)." in helped
    assert "us (10.0% → 20.0%" in harmed
    assert "unknown" not in harmed
    assert untold.startswith("Words wrong: it cannot be told of everyone (20.0% → 19.0%")


def test_where_nobody_was_helped_or_harmed_for_certain_that_is_said():
    (told,) = effect_words.change_sentences([effect("fr", 0.2, 0.19)])
    assert told.startswith("Words wrong: of nobody can it be told whether the alteration helped or harmed: fr")


def test_an_endpoint_beside_the_declared_ones_is_told_in_one_sentence():
    rows = [
        of_everyone(effect("fr", 0.2, 0.19, changed="helped")),
        effect("fr", 0.2, 0.1, changed="helped", finding="narrows"),
        effect("us", 0.1, 0.2, changed="harmed"),
        effect("hi", 0.1, 0.2, changed="harmed", finding="widens"),
        effect("unknown", 0.1, 0.4, changed="harmed"),
    ]
    assert effect_words.beside_sentence([row | {"measure": "cer"} for row in rows]) == (
        "Characters wrong: everyone 20.0% → 19.0% (helped); helped: fr (20.0% → 10.0%); harmed: us (10.0% → 20.0%), "
        "hi (10.0% → 20.0%); the gap narrows for fr; the gap widens for hi."
    )
    assert effect_words.beside_sentence([]) == ""


def test_the_widest_gap_is_sought_among_groups_that_have_limits():
    few = effect("hi", 0.9, 0.9, finding="cannot tell", gap_change_lower=None, gap_change_upper=None)
    assert effect_words.widest([few, effect("fr", 0.2, 0.1, finding="narrows")])["group"] == "fr"
    assert effect_words.widest([few])["group"] == "hi"


def test_how_much_of_the_text_changed_is_told_by_group():
    rows = [of_everyone(effect("fr", 0.1, 0.142)), effect("us", 0.1, 0.1), effect("fr", 0.1, 0.2)]
    told = effect_words.content_sentence(rows)
    assert "14.2% of the words over everyone (fr 20.0%, us 10.0%)" in told
    assert effect_words.content_sentence([]) == ""


OTHER = {
    "group": "fr",
    "attribute": "accent",
    "system": "alpha",
    "other_system": "beta",
    "altered_value": 0.2,
    "other_value": 0.12,
    "difference": -0.08,
    "difference_lower": -0.1,
    "difference_upper": -0.06,
}


def test_whether_recognition_could_have_been_fixed_instead():
    row = effect("fr", 0.3, 0.2, finding="narrows")
    told = plain([effect_words.instead_sentence(row, [OTHER | {"finding": "lower"}], systems=2)])
    assert (
        "beta gets fewer words of fr wrong than alpha after it (12.0% against 20.0%; -8.0 points (-10.0 to -6.0))"
        in told
    )
    assert "gets more words" in effect_words.instead_sentence(row, [OTHER | {"finding": "higher"}], systems=2)
    assert "cannot be told" in effect_words.instead_sentence(row, [OTHER | {"finding": "cannot tell"}], systems=2)
    assert "one recognizer was examined" in effect_words.instead_sentence(row, [], systems=1)
    assert "too few speakers" in effect_words.instead_sentence(row, [], systems=2)


def test_identity_tells_likeness_acceptance_error_rate_and_distance():
    told = " ".join(voice_words.identity_sentences([identity(), identity("fr")]))
    assert "likeness to the own voice before 0.82 (cosine; 1 is the same; two different speakers before: 0.55)" in told
    assert "Taken for themselves in 97.0% → 61.0% of the utterances; accepted as somebody else" in told
    assert "and more than as themselves, in 1.0% → 12.0%." in told
    assert "error rate of telling them apart 3.0% → 9.0%; 0.70 of the distance" in told
    assert "Distance to the reference group: fr 0.31 → 0.22." in told
    assert "no success" in told
    assert "alike after it" not in told


@pytest.mark.parametrize("planted", [{"error_rate_after": 0.4}, {"distance_ratio": 0.25}])
def test_one_voice_for_everyone_is_told_at_the_thresholds_of_the_page(planted):
    told = " ".join(voice_words.identity_sentences([identity(**planted), identity("fr", **planted)]))
    assert "Everyone sounds alike after it." in told
    assert "these groups sound alike afterwards: fr" in told


@pytest.mark.parametrize(("before", "alike"), [(0.45, False), (0.31, False), (0.2, True), (0.05, True)])
def test_who_could_not_be_told_apart_before_is_not_charged_to_the_alteration(before, alike):
    rows = [identity(error_rate_before=before, error_rate_after=0.5, distance_ratio=0.9)]
    told = " ".join(voice_words.identity_sentences(rows))
    assert ("Everyone sounds alike after it." in told) is alike
    assert ("whether they sound more alike now cannot be told by it" in told) is not alike


def test_speakers_who_were_taken_for_others_before_had_no_voices_of_their_own_to_lose():
    told = " ".join(voice_words.identity_sentences([identity(taken_for_another_before=0.9)]))
    assert "these speakers have no voices of their own" in told
    assert "of their own" not in " ".join(voice_words.identity_sentences([identity(taken_for_another_before=0.1)]))


def test_what_was_not_measured_of_identity_is_said_to_be_unknown():
    assert list(voice_words.identity_sentences([])) == ["Not known: no voice was measured before and after."]
    nobody = identity(still_themselves=None, error_rate_after=None, distance_ratio=None)
    told = " ".join(voice_words.identity_sentences([nobody]))
    assert "cannot be told: there are too few speakers or utterances" in told
    assert "alike after it" not in told


def test_quality_is_told_as_changes_and_comparing_measures_as_they_are():
    rows = [level("all", "dnsmos_overall", -0.25), level("all", "pesq", after=3.4), level("all", "f0_scale", after=0.5)]
    told = plain(voice_words.level_sentences(rows, voice_words.QUALITY))
    assert told == (
        "Naturalness (DNSMOS, overall): -0.25 (-0.29 to -0.21); Undamaged (PESQ), against the recording before: 3.40."
    )
    assert "3.1" not in told
    (told,) = voice_words.level_sentences(rows, voice_words.EMPHASIZED)
    assert told == "Range of pitch that is left (scale): 0.50."
    assert list(voice_words.level_sentences(rows, voice_words.SPOKEN)) == []


def test_what_changed_otherwise_in_a_group_than_in_its_reference_is_told_where_it_is_shown():
    shown = {"reference": "us", "gap_change": -0.046, "gap_change_lower": -0.08, "gap_change_upper": -0.011}
    rows = [
        level("fr", "similarity", finding="lower", **shown),
        level("hi", "similarity", finding="cannot tell", **shown),
        level("us", "similarity", finding=None),
        level("fr", "pesq", finding="higher", **shown),
    ]
    small = level("fr", "similarity", finding="higher", **(shown | {"gap_change": 0.004}))
    assert list(voice_words.level_gap_sentences([small], voice_words.KNOWN)) == [
        "Likeness to the own voice before (cosine): fr rose against us, by less than 0.01."
    ]
    (told,) = voice_words.level_gap_sentences(rows, voice_words.KNOWN)
    assert plain([told]) == (
        "Likeness to the own voice before (cosine): fr fell against us, by -0.05 (-0.08 to -0.01)."
    )


def test_an_unchanged_level_has_no_sign():
    assert voice_words.delta(level("all", "speaking_rate", 0.0)).startswith("0.00 words/s")


def test_delay_tells_the_whole_utterance_the_look_ahead_and_what_nobody_said():
    row = {"alteration": "x", "look_ahead_s": math.inf, "compute_s_per_s": 0.05, "device": "cpu"}
    assert "needs the whole utterance" in voice_words.delay_sentence(row, computing=False)
    cost = voice_words.delay_sentence(row, computing=True)
    assert "0.050 s of computing in one process (cpu), 20 times as fast as it is spoken." in cost
    assert "make bench" not in cost
    assert "make bench" in voice_words.delay_sentence(row | {"look_ahead_s": 0.02}, computing=True)
    slow = voice_words.delay_sentence(row | {"compute_s_per_s": 1.5}, computing=True)
    assert "1.500 s of computing in one process (cpu), slower than it is spoken: it keeps up with no call." in slow
    fast = voice_words.delay_sentence(row | {"compute_s_per_s": 0.0000015}, computing=True)
    assert "less than 0.001 s of computing in one process (cpu), over 1,000 times as fast" in fast
    assert "computing" not in voice_words.delay_sentence(row, computing=False)
    assert "needs 20 ms of the future" in voice_words.delay_sentence(row | {"look_ahead_s": 0.02}, computing=False)
    assert "nobody said" in voice_words.delay_sentence(row | {"look_ahead_s": None}, computing=False)
    assert voice_words.delay_sentence(None, computing=True).startswith("Not known")


def test_groups_whose_levels_may_not_be_compared_are_named_and_the_others_counted():
    rows = [{"line": "DNSMOS is lower for fr.", "deltas_only": True}, {"line": "fit", "deltas_only": False}]
    told = voice_words.validation_sentences(rows)
    assert told[0] == "DNSMOS is lower for fr."
    assert "1 further" in told[1]
    assert "fit" not in told[1].split()


def test_what_a_control_loses_is_not_charged_to_an_alteration():
    rows = [
        identity(after="mcadams", still_themselves_before=0.9, still_themselves=0.1),
        identity(after="resample-only", still_themselves=0.9),
        identity(after="codec-only", still_themselves=0.05),
        identity(after="denoise", still_themselves=0.8),
    ]
    told = voice_words.control_sentence(rows[0], rows[1:])
    assert "taken for themselves in: resample-only 90.0%, codec-only 5.0%." in told
    assert "What codec-only loses hides nobody" in told
    assert "denoise" not in told
    assert "hides nobody" not in voice_words.control_sentence(rows[0], [rows[1]])
    assert voice_words.control_sentence(rows[0], [rows[3]]) == ""
