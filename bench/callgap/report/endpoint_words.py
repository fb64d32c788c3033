"""The words for endpoints: the only place that says what each of them means."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Endpoint:
    """One thing that can go wrong; more of it is worse.

    Attributes:
        name: for a column or a heading.
        definition: one sentence.
        counted: what 100 are taken of, as in "Of 100 calls".
        one: what one more of them does, as in "1 more ends in the wrong place".
        many: the same for several.
    """

    name: str
    definition: str
    counted: str
    one: str
    many: str


ENDPOINTS = {
    "critical_missed": Endpoint(
        "Critical words missed",
        "Of the calls that announce an emergency, those in which the service never understood one.",
        "emergency calls",
        "is not recognized as an emergency",
        "are not recognized as emergencies",
    ),
    "misrouted": Endpoint(
        "Ended in the wrong place",
        "The call ended at another destination than the one asked for; being handed to a person is not counted here.",
        "calls",
        "ends in the wrong place",
        "end in the wrong place",
    ),
    "not_completed": Endpoint(
        "Did not reach what they asked for",
        "The call ended anywhere but where the caller asked to go: in the wrong place, not understood, or with a "
        "person who was not asked for.",
        "calls",
        "does not reach what was asked for",
        "do not reach what was asked for",
    ),
    "wer": Endpoint(
        "Words wrong",
        "Word error rate: words replaced, dropped and added, per word said. Added words can lift it above 100%.",
        "words",
        "is wrong",
        "are wrong",
    ),
    "not_within_1": Endpoint(
        "Not right at the first attempt",
        "The call did not end where it should at the first attempt; a later one may have brought it there.",
        "calls",
        "is not right at the first attempt",
        "are not right at the first attempt",
    ),
    "not_within_2": Endpoint(
        "Not right within two attempts",
        "The call did not end where it should within two attempts.",
        "calls",
        "is not right within two attempts",
        "are not right within two attempts",
    ),
    "not_within_3": Endpoint(
        "Not right within three attempts",
        "The call did not end where it should within three attempts.",
        "calls",
        "is not right within three attempts",
        "are not right within three attempts",
    ),
    "human_not_reached": Endpoint(
        "Person asked for, not reached",
        "Of the calls that asked for a person, those that did not end with one.",
        "requests for a person",
        "does not reach one",
        "do not reach one",
    ),
    "not_understood": Endpoint(
        "Not understood",
        "The call ended nowhere: the service took none of the attempts for one of its choices.",
        "calls",
        "is not understood",
        "are not understood",
    ),
    "unusable": Endpoint(
        "Transcript unusable",
        "Of the utterances of five words or more, those with more than half of their words wrong.",
        "longer utterances",
        "has an unusable transcript",
        "have an unusable transcript",
    ),
    "command_error": Endpoint(
        "Command misheard",
        "Of the utterances of fewer than five words, those not transcribed exactly.",
        "short commands",
        "is misheard",
        "are misheard",
    ),
    "cer": Endpoint(
        "Characters wrong",
        "Character error rate: characters replaced, dropped and added, per character said.",
        "characters",
        "is wrong",
        "are wrong",
    ),
    "empty": Endpoint(
        "Heard as silence",
        "Of the utterances that were recognized, those that came back as an empty text.",
        "utterances",
        "comes back empty",
        "come back empty",
    ),
    "hallucinated": Endpoint(
        "Text invented",
        "Of the utterances for which it could be told, those whose text holds a loop, a burst of words or words on "
        "silence: a lower bound, fluent inventions are not seen.",
        "utterances",
        "comes back with invented text",
        "come back with invented text",
    ),
    "wrong_language": Endpoint(
        "Wrong language",
        "Of the utterances for which it could be told, those written in another language or script than was spoken.",
        "utterances",
        "comes back in another language",
        "come back in another language",
    ),
    "text_failed": Endpoint(
        "Recognizer failed",
        "Of the utterances given to the recognizer, those on which it failed.",
        "utterances",
        "fails",
        "fail",
    ),
    "text_refused": Endpoint(
        "Recognizer refused",
        "Of the utterances given to the recognizer, those that it refused.",
        "utterances",
        "is refused",
        "are refused",
    ),
    "text_missing": Endpoint(
        "Text missing",
        "Of the utterances given to the recognizer, those of which no text came back.",
        "utterances",
        "has no text",
        "have no text",
    ),
    "wrong_priority": Endpoint(
        "Wrong priority",
        "Of the calls that belong in a queue, those that reached none of its priority: another queue, the "
        "machine, or nobody.",
        "calls for a queue",
        "gets the wrong priority",
        "get the wrong priority",
    ),
    "no_match": Endpoint(
        "Asked again at least once",
        "The calls with a turn in which the service understood nothing.",
        "calls",
        "has a turn in which nothing is understood",
        "have a turn in which nothing is understood",
    ),
    "gave_up": Endpoint(
        "Attempts used up",
        "The calls in which all attempts at a question were used up, wherever they went then.",
        "calls",
        "uses up its attempts",
        "use up their attempts",
    ),
    "contained": Endpoint(
        "Ended with the machine",
        "The calls that no person answered, rightly or wrongly.",
        "calls",
        "ends with the machine",
        "end with the machine",
    ),
    "digits_wrong_1": Endpoint(
        "Number wrong at the first attempt",
        "Of the calls in which a number was said, those in which it was not understood exactly at the first attempt.",
        "calls with a number",
        "has a wrong number at the first attempt",
        "have a wrong number at the first attempt",
    ),
    "digits_wrong_2": Endpoint(
        "Number wrong after two attempts",
        "The same within two attempts.",
        "calls with a number",
        "has no right number within two attempts",
        "have no right number within two attempts",
    ),
    "digits_wrong_3": Endpoint(
        "Number wrong after three attempts",
        "The same within three attempts.",
        "calls with a number",
        "has no right number within three attempts",
        "have no right number within three attempts",
    ),
    "wrong_number": Endpoint(
        "Wrong number accepted",
        "Of the calls in which a number was said or taken, those that went on with a wrong one.",
        "calls with a number",
        "goes on with a wrong number",
        "go on with a wrong number",
    ),
    "confident_error": Endpoint(
        "Confidently wrong",
        "The calls in which the service took something wrong with a confidence that it takes for sure; counted only "
        "where the recognizer's confidence separates right from wrong.",
        "calls",
        "has a confident error",
        "have a confident error",
    ),
}
"""In the order in which the first line of a report prefers them."""
