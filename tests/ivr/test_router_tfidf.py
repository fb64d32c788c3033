"""The TF-IDF router does what scikit-learn does, chooses on validation texts alone, and is the same everywhere."""

import json
import os
import pickle
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hydra.utils import instantiate
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from callgap.errors import InputError
from callgap.ivr.routers import Banking77, Clinc150, Routed, Router, TfidfRouter, WrittenTexts

WANTS = {
    "balance": ["what is my balance", "my balance please", "tell me the balance", "how much money is in my account"],
    "lost-card": ["i lost my card", "my card is lost", "somebody took my card", "the card is gone and lost"],
    "transfer": ["send money to my brother", "transfer money", "make a transfer please", "a transfer to savings"],
}
VALIDATION = {
    "balance": ("the balance of my account",),
    "lost-card": ("lost my bank card",),
    "transfer": ("please transfer the money",),
    "out-of-scope": ("will it rain tomorrow", "a table for two", "play some music"),
}
TEST = {
    "balance": ("balance of the account please", "What is my balance?"),
    "lost-card": ("the card is lost",),
    "transfer": ("transfer it to savings",),
    "out-of-scope": ("how tall is the tower", "sing a song"),
}


def texts(**parts):
    return WrittenTexts(**{"train": WANTS, "validation": VALIDATION, "test": TEST} | parts)


@pytest.fixture
def made(tmp_path):
    def make(**options):
        return TfidfRouter(**{"texts": texts(), "least_texts": 1, "cache": tmp_path / "cache"} | options)

    return make


def test_it_gives_the_probabilities_of_scikit_learn_trained_in_the_plain_way(made):
    rows = [(text, intent) for intent, each in WANTS.items() for text in each]
    pipeline = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"\S+"),
        LogisticRegression(C=30.0, tol=1e-3, max_iter=1000),
    ).fit(*zip(*rows, strict=True))
    said = [text for each in TEST.values() for text in each if "?" not in text]
    expected = pipeline.predict_proba(said)
    found = made(threshold=0.0).route(said)
    for routed, row in zip(found, expected, strict=True):
        order = np.argsort(-row, kind="stable")
        assert routed.confidence == pytest.approx(row[order[0]], abs=1e-5)
        assert (routed.intent, routed.runner_up) == tuple(pipeline.classes_[order[:2]])


def test_two_intents_are_as_good_as_many(made):
    two = {name: tuple(WANTS[name]) for name in ("balance", "lost-card")}
    pipeline = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"\S+"),
        LogisticRegression(C=30.0, tol=1e-3, max_iter=1000),
    ).fit(*zip(*[(text, intent) for intent, each in two.items() for text in each], strict=True))
    found = made(texts=texts(train=two), threshold=0.0).route(["my balance"])[0]
    assert found.intent == "balance"
    assert found.confidence == pytest.approx(pipeline.predict_proba(["my balance"])[0][0], abs=1e-5)


def test_it_is_a_router_and_its_accuracy_is_of_texts_that_it_has_not_seen(made):
    router = made()
    router.check()
    assert isinstance(router, Router)
    assert router.intents == ("balance", "lost-card", "transfer")
    found = router.accuracy()
    # "What is my balance?" is a training text with a capital and a question mark.
    assert found.known == 1
    assert {checked.intent: checked.texts for checked in found.by_intent} == {
        "balance": 1,
        "lost-card": 1,
        "transfer": 1,
    }
    assert found.out_of_scope.texts == 2


def test_test_texts_choose_nothing(made):
    other = texts(test={"balance": ("will it rain on my balance",), "out-of-scope": ("the lost card of balance",)})
    assert made(texts=other).identity() | {"texts_sha256": ""} == made().identity() | {"texts_sha256": ""}
    changed = texts(validation=VALIDATION | {"out-of-scope": ("what is the balance of power",)})
    assert made(texts=changed).chosen_threshold != made().chosen_threshold


def test_what_is_not_sure_enough_is_refused_with_the_intent_that_came_nearest(made):
    sure = made(threshold=0.0).route(["i lost my balance"])[0]
    refused = made(threshold=sure.confidence + 1e-4).route(["i lost my balance"])[0]
    assert refused == Routed(None, sure.confidence, sure.intent)
    assert made(threshold=sure.confidence).route(["i lost my balance"])[0] == sure


def test_labels_become_intents_and_the_others_are_out_of_scope(made):
    labels = {"balance": "money", "transfer": "money"}
    plain = made(threshold=0.0).route(["transfer my balance"])[0]
    router = made(labels=labels, threshold=0.5)
    assert router.intents == ("money",)
    assert router.route(["transfer my balance"])[0].confidence > plain.confidence
    assert router.route(["i lost my card"])[0].intent is None
    found = router.accuracy()
    assert (found.in_scope.texts, found.out_of_scope.texts) == (2, 3)
    # What was learned is the same, whatever the labels are called: it is learned once.
    assert router.identity()["trained_sha256"] == made().identity()["trained_sha256"]


def test_texts_outside_help_to_refuse_and_are_checked(made):
    inside = texts(
        validation={k: v for k, v in VALIDATION.items() if k != "out-of-scope"},
        test={k: v for k, v in TEST.items() if k != "out-of-scope"},
    )
    outside = WrittenTexts(validation={"weather": ("will it rain", "is it cold")}, test={"song": ("sing for me",)})
    assert made(texts=inside, outside=outside).accuracy().out_of_scope.texts == 1
    with pytest.raises(InputError, match=r"validation holds no text out of scope.*ivr\.router\.outside"):
        made(texts=inside).check()


def test_a_text_is_routed_alike_alone_and_among_others(made):
    said = [*(text for each in TEST.values() for text in each), "", "zebra", "lost lost lost"]
    router = made()
    assert router.route(said * 3) == [router.route([text])[0] for text in said] * 3


def test_nothing_that_was_understood_is_out_of_scope_whatever_the_threshold(made):
    assert made(threshold=0.0).route(["", " ?!"]) == [Routed(None, 0.0)] * 2


def test_training_is_done_once_and_the_cache_changes_nothing(made, tmp_path, monkeypatch):
    fresh = made().route(["my card", "my balance"])
    (file,) = (tmp_path / "cache").iterdir()
    with np.load(file, allow_pickle=False) as content:
        assert sorted(content.files) == ["bias", "idf", "labels", "vocabulary", "weights"]
    with monkeypatch.context() as patched:
        patched.setattr("callgap.ivr.routers.tfidf.trained", None)
        assert made().route(["my card", "my balance"]) == fresh
    file.write_bytes(file.read_bytes()[:200])
    assert made().route(["my card", "my balance"]) == fresh
    file.write_bytes(pickle.dumps({"weights": 1}))
    assert made().route(["my card", "my balance"]) == fresh
    made(strength=1.0).check()
    assert len(list((tmp_path / "cache").iterdir())) == 2


def test_a_cache_that_cannot_be_written_costs_only_time(made, tmp_path):
    (tmp_path / "file").write_text("in the way")
    assert made(cache=tmp_path / "file").route(["my card"]) == made().route(["my card"])


SCRIPT = """
import json, sys, tempfile
from callgap.ivr.routers import TfidfRouter, WrittenTexts
texts = WrittenTexts(**json.loads(sys.argv[1]))
router = TfidfRouter(texts=texts, least_texts=1, cache=tempfile.mkdtemp())
print(router.route(["my card is lost", "the balance", "rain"]), router.identity())
"""


@pytest.mark.slow
def test_another_process_with_other_hashes_and_threads_gives_the_same(made):
    environment = os.environ | {"PYTHONHASHSEED": "7", "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps({"train": WANTS, "validation": VALIDATION, "test": TEST})],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    router = made()
    assert done.stdout.strip() == f"{router.route(['my card is lost', 'the balance', 'rain'])} {router.identity()}"


def test_a_copy_for_another_process_carries_settings_and_no_model(made):
    router = made()
    router.check()
    copy = pickle.loads(pickle.dumps(router))
    assert set(vars(copy)) < set(vars(router))
    assert copy.route(["my card"]) == router.route(["my card"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labels": {"ballance": "x"}}, r"ivr\.router\.labels: found 'ballance'; did you mean 'balance'\?"),
        ({"labels": {}}, r"ivr\.router\.labels is empty"),
        ({"labels": {"balance": "out-of-scope"}}, r"ivr\.router\.labels\.balance: .*leave the label out"),
        ({"least_texts": 50}, r"no word stands in 50 of the 12 training texts"),
        ({"texts": texts(train={"balance": ("a",)})}, r"found training texts of 1 intents \(balance\)"),
        ({"texts": texts(train={})}, r"found training texts of 0 intents"),
    ],
)
def test_what_cannot_be_learned_is_one_sentence_before_anything_is_heard(made, options, message):
    with pytest.raises(InputError, match=message):
        made(**options).check()


def test_a_service_can_name_it(tmp_path):
    content = {
        "_target_": "callgap.ivr.routers.TfidfRouter",
        "texts": {
            "_target_": "callgap.ivr.routers.WrittenTexts",
            "train": WANTS,
            "validation": VALIDATION,
            "test": TEST,
        },
        "labels": {"balance": "balance"},
        "least_texts": 1,
        "cache": str(tmp_path),
    }
    assert instantiate(content, _convert_="all").route(["my balance please"])[0].intent == "balance"


BANK = {
    "balance": "balance",
    "report_lost_card": "lost-card",
    "transfer": "transfer",
    "transactions": "transactions",
    "pay_bill": "bill",
    "pin_change": "pin",
}


def few(data, labels):
    """The part of CLINC150 with these labels, and what is out of scope, as written texts."""
    split = Clinc150(root=data / "clinc150").split()
    parts = {}
    for part in ("train", "validation", "test"):
        found = [text for text in getattr(split, part) if text.intent is None or text.intent in labels]
        names = Counter(text.intent or "out-of-scope" for text in found)
        parts[part] = {n: tuple(t.text for t in found if (t.intent or "out-of-scope") == n) for n in names}
    return WrittenTexts(**parts)


def test_real_questions_to_a_bank_are_routed_far_better_than_by_chance(data, tmp_path):
    found = TfidfRouter(texts=few(data, BANK), labels=BANK, cache=tmp_path).accuracy()
    assert (found.in_scope.texts, found.out_of_scope.texts) == (180, 1000)
    assert found.in_scope_accuracy > 0.8
    assert found.out_of_scope_recall > 0.8


@pytest.mark.slow
def test_the_whole_of_clinc150_and_of_banking77_is_routed_as_well_as_documented(data, tmp_path):
    clinc = Clinc150(root=data / "clinc150")
    none = Clinc150(root=data / "clinc150", domains=())
    found = {
        "clinc150": TfidfRouter(texts=clinc, cache=tmp_path).accuracy(),
        "clinc150, every text": TfidfRouter(texts=clinc, cache=tmp_path, threshold=0.0).accuracy(),
        "bank": TfidfRouter(texts=clinc, labels=BANK, cache=tmp_path).accuracy(),
        "banking77": TfidfRouter(texts=Banking77(root=data / "banking77"), outside=none, cache=tmp_path).accuracy(),
    }
    table = (Path(__file__).resolve().parents[2] / "docs" / "routers.md").read_text(encoding="utf-8")
    for name, accuracy in found.items():
        inside, outside = accuracy.in_scope, accuracy.out_of_scope
        row = f"| {name} | {inside.correct} of {inside.texts} | {outside.correct} of {outside.texts} |"
        assert row in table
