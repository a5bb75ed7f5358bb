"""What the checks cost: `python -m scripts.prove.gas` prints the table."""

from scripts.prove.gas import Report, measure


def test_gas_stays_below_its_targets() -> None:
    report = measure()
    assert len(report.rows) > 20, report.render()
    assert not report.misses, f"{report.misses}\n{report.render()}"


def test_a_miss_is_reported() -> None:
    assert "| transaction |" in Report((), ("swap: too much",)).render()
