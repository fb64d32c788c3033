"""A pytest plugin for `make gpu-test`: a run in which a test skips, or none ran, has failed."""

import pytest


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped, passed = (len(reporter.stats.get(outcome, [])) for outcome in ("skipped", "passed"))
    if exitstatus != pytest.ExitCode.TESTS_FAILED and (skipped or not passed):
        reporter.write_line(f"{skipped} tests skipped and {passed} passed: the GPU was not tested", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
