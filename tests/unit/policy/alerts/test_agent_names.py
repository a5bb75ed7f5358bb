"""Which of a person's agents a sentence names."""

import pytest

from bot.policy.alerts.agent_names import name_agent

NAMES = ("Bobot", "Alpha", "Night Owl", "SEI", "Daily")
LISTED = ("SEI", "USDC", "WBTC")


@pytest.mark.parametrize(
    ("text", "name", "rest"),
    [
        ("balance of SEI above 1 for agent Bobot", "Bobot", "balance of SEI above 1"),
        ("balance of SEI above 1 for my agent 'bobot'", "Bobot", "balance of SEI above 1"),
        ("balance of SEI above 1 in Bobot", "Bobot", "balance of SEI above 1"),
        ("Bobot balance of SEI above 1", "Bobot", "balance of SEI above 1"),
        ("Bobot's SEI balance above 1", "Bobot", "SEI balance above 1"),
        ("any deposit of USDC to agent called night  owl", "Night Owl", "any deposit of USDC to"),
        ("portfolio above 500 of agent SEI", "SEI", "portfolio above 500"),
        ("SEI balance above 1", "", "SEI balance above 1"),
        ("daily digest at 08:00", "", "daily digest at 08:00"),
        ("Bobots SEI balance above 1", "", "Bobots SEI balance above 1"),
    ],
)
def test_a_name_is_found_and_taken_out(text: str, name: str, rest: str) -> None:
    found = name_agent(text, NAMES, LISTED)
    assert (found.name, " ".join(found.rest.split())) == (name, rest)
    assert not found.unknown


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("balance of SEI above 1 for agent Charlie", "Charlie"),
        ("balance of SEI above 1, agent charlie.", "charlie"),
        ("portfolio of the agent named 'Zed' above 500", "Zed"),
        ("tell me when my agent balance of SEI is above 1", ""),
        ("portfolio of my agent above 500", ""),
        ("portfolio of my agent, every time", ""),
        ("SEI balance of my agent below 10 until friday", ""),
        ("x" * 400 + " agent Charlie", ""),
    ],
)
def test_a_name_that_nobody_has_is_said(text: str, unknown: str) -> None:
    found = name_agent(text, NAMES, LISTED)
    assert (found.name, found.unknown) == ("", unknown)
