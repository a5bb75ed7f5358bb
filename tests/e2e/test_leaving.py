"""docs/leaving.md, command by command, by somebody who has nothing but that page."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.chain.artifacts import REPOSITORY
from tests.e2e.ground import (
    EXIT_CODE,
    EXIT_HASH,
    NO_HASH,
    OWNER,
    OWNER_KEY,
    STRANGER,
    STRANGER_KEY,
    Ground,
    ground,
)
from tests.e2e.pages import CAST, Terminal, sections

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(
        not CAST.exists(), reason="cast is not installed: npm ci in contracts/proofs"
    ),
]

PAGE = REPOSITORY / "docs" / "leaving.md"
PARTS = sections(PAGE)
NEED = "What you need"
ABOUT = "What your escrow is"
BEFORE = "Before the first deposit"
AS_OWNER = "Take it out as the owner"
WITH_CODE = "Take it out with the exit code"
STOP = "Only stop the agent"
NOT_THERE = "An escrow that is not there yet"
PROGRAM = "With our program"
TRIED = (NEED, ABOUT, BEFORE, AS_OWNER, WITH_CODE, STOP, NOT_THERE, PROGRAM)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here() -> AsyncIterator[Ground]:
    async with ground() as here:
        yield here


def terminal(here: Ground, folder: Path, escrow: str, key: str = OWNER_KEY) -> Terminal:
    values = {
        "ETH_RPC_URL": here.rpc_url,
        "ESCROW": escrow,
        "TOKEN": here.usdc,
        "ORCHESTRATOR": here.deployment.orchestrator,
        "OWNER": OWNER,
        "TO": STRANGER,
    }
    code = f"0x{EXIT_CODE.hex()}"
    return Terminal(folder, values, {"private key": key, "exit code": code, "type yes": "yes"})


def filled(blocks: list[str], name: str, value: str) -> list[str]:
    """A value that the page has an example of."""
    changed = [
        "\n".join(
            f"export {name}={value}" if line.startswith(f"export {name}=0") else line
            for line in block.splitlines()
        )
        for block in blocks
    ]
    assert changed != blocks
    return changed


async def test_every_command_of_the_page_is_in_a_part_that_is_tried() -> None:
    assert {title for title, blocks in PARTS.items() if blocks} == set(TRIED)


async def test_the_owner_looks_and_takes_everything_out(here: Ground, tmp_path: Path) -> None:
    escrow = await here.register()
    await here.give(escrow, sei="3", usdc="20")
    one = terminal(here, tmp_path, escrow)
    await one.run_all(PARTS[NEED])
    screen = await one.run_all(PARTS[ABOUT])
    for word in (OWNER, NO_HASH, "\n0\n", "3.000000", "20000000", "false"):
        assert word in screen

    before = await here.sei_of(STRANGER), await here.usdc_of(STRANGER)
    screen = await one.run_all(PARTS[AS_OWNER])
    assert screen.count("status               1 (success)") == 2
    assert await here.sei_of(STRANGER) - before[0] == 3 * 10**18
    assert await here.usdc_of(STRANGER) - before[1] == 20 * 10**6
    assert (await here.sei_of(escrow), await here.usdc_of(escrow)) == (0, 0)
    assert screen.endswith("0.000000000000000000\n0\n")


async def test_the_address_is_checked_before_anything_is_paid_in(
    here: Ground, tmp_path: Path
) -> None:
    set_up, with_code, ask, compute, code = PARTS[BEFORE]
    count = 4
    expected = await here.address_of(OWNER, EXIT_HASH, count)
    one = terminal(here, tmp_path, expected)
    await one.run_all([*PARTS[NEED], *filled([set_up], "INDEX", str(count))])
    assert (await one.run(with_code)).strip().endswith(EXIT_HASH)
    assert (await one.run(ask)).strip() == expected
    assert (await one.run(compute)).strip() == expected
    compiled, deployed = (await one.run(code)).split()
    assert compiled == deployed
    assert len(compiled) > 20_000


async def test_the_exit_code_pays_an_owner_that_cannot_sign(here: Ground, tmp_path: Path) -> None:
    exchange = "0x" + "e1" * 20
    exchange = here.w3.to_checksum_address(exchange)
    escrow = await here.register(exchange, EXIT_HASH)
    await here.give(escrow, sei="1", usdc="5")
    one = terminal(here, tmp_path, escrow, STRANGER_KEY)
    await one.run_all(PARTS[NEED])
    await one.run(next(block for block in PARTS[ABOUT] if "TOKEN=" in block))
    screen = await one.run_all(PARTS[WITH_CODE])
    assert screen.count("status               1 (success)") == 2
    assert (await here.sei_of(exchange), await here.usdc_of(exchange)) == (10**18, 5 * 10**6)
    assert await here.call("CaretEscrow", escrow, "stopped") == (False, True)


async def test_the_owner_stops_the_agent(here: Ground, tmp_path: Path) -> None:
    escrow = await here.register(exit_hash=EXIT_HASH)
    assert (await here.call("CaretEscrow", escrow, "status"))[-1] is True
    one = terminal(here, tmp_path, escrow)
    screen = await one.run_all([*PARTS[NEED], *PARTS[STOP]])
    assert "1 (success)" in screen
    assert "4294967295" in screen.splitlines()[-1]
    assert (await here.call("CaretEscrow", escrow, "status"))[-1] is False


async def test_money_at_an_escrow_that_was_never_deployed(here: Ground, tmp_path: Path) -> None:
    escrow = await here.address_of(OWNER, NO_HASH, 7)
    await here.give(escrow, sei="2", usdc="4")
    one = terminal(here, tmp_path, escrow)
    set_up = filled(PARTS[BEFORE][:1], "INDEX", "7")
    await one.run_all([*PARTS[NEED], *set_up])
    await one.run(next(block for block in PARTS[ABOUT] if "TOKEN=" in block).splitlines()[0])
    screen = await one.run_all(PARTS[NOT_THERE])
    assert escrow in screen
    assert "1 (success)" in screen
    await one.run_all(PARTS[AS_OWNER])
    assert (await here.sei_of(escrow), await here.usdc_of(escrow)) == (0, 0)


async def test_our_program_as_the_owner_and_with_the_code(here: Ground, tmp_path: Path) -> None:
    look, as_owner, with_code, not_there = PARTS[PROGRAM]
    escrow = await here.register(exit_hash=EXIT_HASH)
    await here.give(escrow, sei="1", usdc="5")
    index = await here.call("CaretEscrow", escrow, "index")
    one = terminal(here, tmp_path, escrow)
    set_up = filled(PARTS[BEFORE][:1], "INDEX", str(index))
    await one.run_all([*PARTS[NEED], *set_up, PARTS[AS_OWNER][0].splitlines()[0]])
    screen = await one.run(look)
    assert "Nothing is wrong." in screen
    assert "5 USDC came in" in screen
    offered = [line for line in screen.splitlines() if line.startswith("cast ")]
    assert len(offered) > 10
    assert (await one.run("\n".join(offered))).splitlines().count(escrow) == 2

    before = await here.usdc_of(STRANGER)
    assert "Left in the escrow: nothing." in await one.run(as_owner)
    assert await here.usdc_of(STRANGER) - before == 5 * 10**6

    await here.give(escrow, usdc="6")
    one.answers["private key"] = STRANGER_KEY
    before = await here.usdc_of(OWNER)
    assert "Left in the escrow: nothing." in await one.run(with_code)
    assert await here.usdc_of(OWNER) - before == 6 * 10**6

    other = await here.address_of(OWNER, NO_HASH, 11)
    await here.give(other, sei="1", usdc="7")
    one.values["ESCROW"], one.answers["private key"] = other, OWNER_KEY
    await one.run_all([*PARTS[NEED], *filled(PARTS[BEFORE][:1], "INDEX", "11")])
    before = await here.usdc_of(OWNER)
    screen = await one.run(not_there)
    assert "✓ The escrow is deployed" in screen
    assert await here.usdc_of(OWNER) - before == 7 * 10**6
