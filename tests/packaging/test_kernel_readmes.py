"""The examples of the kernels' READMEs run as they stand, and give what they say."""

import re
from pathlib import Path

import pytest

KERNELS = Path(__file__).resolve().parents[2] / "kernels" / "callgap_kernels"
PAGES = sorted(KERNELS.rglob("README.md"))
EXAMPLE = re.compile(r"```python\n(.*?)```", re.DOTALL)
GIVES_TENSOR = re.compile(r"^(\S.*?)  # (\(?tensor\(.*\))(?:, int64)?$")


def examples(page: Path) -> list[str]:
    return EXAMPLE.findall(page.read_text(encoding="utf-8"))


def test_every_package_has_a_page_with_an_example() -> None:
    named = {page.parent.relative_to(KERNELS).as_posix() for page in PAGES if examples(page)}
    assert named == {".", "edit_distance", "resampling", "resampling/permutation", "tokens"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_examples_run_and_give_what_they_say(page: Path) -> None:
    for example in examples(page):
        names: dict[str, object] = {}
        exec(example, names)
        for line in example.splitlines():
            if told := GIVES_TENSOR.match(line):
                assert repr(eval(told[1], names)) == told[2], line
