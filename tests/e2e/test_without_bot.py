"""`watch`, `check` and `exit` as processes: what anybody can do without the bot."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from eth_account import Account
from web3.types import RPCEndpoint

from bot.chain.artifacts import REPOSITORY, load_artifact
from bot.chain.deployer import Deployer, KeyedAccount
from bot.local.chain.accounts import DEPLOYER_KEY
from tests.e2e.ground import (
    EXIT_CODE,
    EXIT_HASH,
    NATIVE,
    NO_HASH,
    OWNER,
    OWNER_KEY,
    STRANGER,
    STRANGER_KEY,
    Ground,
    ground,
    run,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

CODE = f"0x{EXIT_CODE.hex()}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here() -> AsyncIterator[Ground]:
    async with ground() as here:
        yield here


async def deploy(here: Ground, name: str, *arguments: object) -> str:
    deployer = Deployer(here.w3, DEPLOYER_KEY)
    contract = await deployer.deploy(name, load_artifact(name), *arguments)
    return contract.address


async def set_code(here: Ground, address: str, code: bytes) -> None:
    await here.w3.provider.make_request(RPCEndpoint("anvil_setCode"), [address, f"0x{code.hex()}"])


async def test_a_genuine_escrow_has_nothing_wrong(here: Ground) -> None:
    escrow = await here.register(exit_hash=EXIT_HASH)
    await here.give(escrow, sei="1.5", usdc="2")
    code, said, _ = await run("check", escrow.lower(), "--rpc", here.rpc_url, "--owner", OWNER)
    assert code == 0, said
    assert "✗" not in said
    for word in (OWNER, EXIT_HASH, escrow, "the default one", "1.5 SEI, 2 USDC", "not paused"):
        assert word in said

    code, said, _ = await run("check", escrow, "--rpc", here.rpc_url, "--owner", STRANGER)
    assert code == 1
    assert f"✗ owner: {OWNER}, and not {STRANGER}" in said

    orchestrator, index = (
        here.deployment.orchestrator,
        await here.call("CaretEscrow", escrow, "index"),
    )
    command = ["check", escrow, "--rpc", here.rpc_url, "--orchestrator", orchestrator]
    same = ["--exit-hash", EXIT_HASH, "--index", str(index)]
    other = ["--exit-hash", NO_HASH, "--index", str(index + 1)]
    right, wrong = await asyncio.gather(run(*command, *same), run(*command, *other))
    assert (right[0], wrong[0]) == (0, 1)
    assert "✓ exit: " in right[1]
    assert f"✓ index: {index}" in right[1]
    assert f"and not the hash {NO_HASH}" in wrong[1]
    assert f"✗ index: {index}" in wrong[1]
    for token in here.deployment.tokens:
        if token.feed:
            assert f"lists {token.symbol}: {token.address}, feed {token.feed.feed}, on" in right[1]


async def test_a_thiefs_deployment_of_the_same_code_is_not_called_right(here: Ground) -> None:
    """All of its code is this release's; what it lists, and who may list more, is the thief's."""
    here_is, thief = here.deployment, KeyedAccount(here.w3, STRANGER_KEY)
    parts = (here_is.quote.address, here_is.sei.address, NATIVE)
    rogue = await deploy(here, "CaretOrchestrator", STRANGER, OWNER, NATIVE, *parts)
    fake = await deploy(here, "TestToken", "Ether", "WETH", 18, OWNER)
    listing = "WETH", fake, NATIVE, 0, 0, 0, 0
    await here.send(thief, "CaretOrchestrator", rogue, "listToken", *listing)
    await here.send(thief, "CaretOrchestrator", rogue, "switchOff", fake)
    await here.send(thief, "CaretOrchestrator", rogue, "seal")
    terms = int(OWNER, 16), bytes(32), 0
    escrow = here.w3.to_checksum_address(
        await here.call("CaretOrchestrator", rogue, "escrowAddress", *terms)
    )
    await here.send(thief, "CaretOrchestrator", rogue, "deployEscrow", *terms)
    command = ["check", escrow, "--rpc", here.rpc_url, "--owner", OWNER]
    unnamed, real, named = await asyncio.gather(
        run(*command),
        run(*command, "--orchestrator", here_is.orchestrator),
        run(*command, "--orchestrator", rogue),
    )
    assert [code for code, _, _ in (unnamed, real, named)] == [0, 1, 0]
    assert "? is this the orchestrator your operator published?" in unnamed[1]
    assert f"compare {rogue}" in unnamed[1]
    assert unnamed[1].endswith("the orchestrator's address is yours to compare.\n")
    assert f"✗ that orchestrator is {rogue}, and not the one you named" in real[1]
    assert "do not pay in" in real[1]
    assert f"✓ that orchestrator is the one you named, {rogue}" in named[1]
    assert f"lists WETH: {fake}, no feed, so a hop of a route only, off" in named[1]
    assert named[1].endswith("\nNothing is wrong.\n")


async def test_what_only_looks_like_an_escrow_is_told(here: Ground) -> None:
    escrow = await here.register()
    code = bytes(await here.w3.eth.get_code(here.w3.to_checksum_address(escrow)))
    copy = here.w3.to_checksum_address("0x" + "c0" * 20)
    await set_code(here, copy, code)
    exit_code, said, _ = await run("check", copy, "--rpc", here.rpc_url)
    assert exit_code == 1
    assert f"✗ orchestrator, code, owner, exit code and index lead to the address {escrow}" in said

    implementation = here.deployment.implementation
    real = bytes(await here.w3.eth.get_code(here.w3.to_checksum_address(implementation)))
    changed = here.w3.to_checksum_address("0x" + "c1" * 20)
    await set_code(here, changed, real[:-1] + bytes([real[-1] ^ 1]))
    await set_code(here, copy, code.replace(bytes.fromhex(implementation[2:]), b"\xc1" * 20))
    exit_code, said, _ = await run("check", copy, "--rpc", here.rpc_url)
    assert exit_code == 1
    assert f"✗ the code behind it, {changed}" in said
    assert f"✗ that orchestrator makes escrows with the code {implementation}" in said

    for address, word in ((STRANGER, "nothing is deployed"), (here.usdc, "not that of an escrow")):
        exit_code, said, _ = await run("check", address, "--rpc", here.rpc_url)
        assert exit_code == 1
        assert word in said


async def test_an_escrow_is_checked_before_it_is_deployed(here: Ground) -> None:
    escrow = await here.address_of(OWNER, EXIT_HASH, 40)
    about = ["--owner", OWNER, "--orchestrator", here.deployment.orchestrator, "--index", "40"]
    command = ["check", escrow, "--rpc", here.rpc_url, *about]
    code, said, _ = await run(*command, "--exit-hash", EXIT_HASH)
    assert code == 0, said
    assert "nothing is deployed here yet" in said
    code, said, _ = await run(*command)
    assert code == 1
    assert await here.address_of(OWNER, NO_HASH, 40) in said


async def test_the_wrong_key_and_the_wrong_code_send_nothing(here: Ground) -> None:
    escrow = await here.register(exit_hash=EXIT_HASH)
    await here.give(escrow, usdc="2")
    command = ["exit", escrow, "--rpc", here.rpc_url, "--yes"]
    cases = [
        (command, {"EXIT_KEY": STRANGER_KEY}, f"the owner is {OWNER}"),
        (command, {"EXIT_KEY": "0x12"}, "no private key"),
        (command, {}, "EXIT_KEY is not set"),
        ([*command, "--with-code"], {"EXIT_CODE": NO_HASH, "EXIT_KEY": OWNER_KEY}, "not the exit"),
        ([*command, "--with-code", "--to", STRANGER], {}, "to the owner only"),
        (["exit", STRANGER, *command[2:]], {"EXIT_KEY": OWNER_KEY}, "--orchestrator"),
        (["exit", here.usdc, *command[2:]], {"EXIT_KEY": OWNER_KEY}, "no escrow"),
    ]
    poor = Account.create()
    with_code = {"EXIT_KEY": poor.key.hex(), "EXIT_CODE": CODE}
    cases.append(([*command, "--with-code"], with_code, "no SEI to pay gas"))
    results = await asyncio.gather(*(run(*words, env=env) for words, env, _ in cases[:4]))
    results += await asyncio.gather(*(run(*words, env=env) for words, env, _ in cases[4:]))
    for (_, env, word), (code, said, complained) in zip(cases, results, strict=True):
        assert code == 1, said
        assert word in complained
        assert all(secret not in said + complained for secret in env.values() if len(secret) > 9)
    assert await here.usdc_of(escrow) == 2 * 10**6
    assert await here.call("CaretEscrow", escrow, "stopped") == (False, False)


async def test_a_token_that_cannot_be_moved_does_not_stop_the_others(here: Ground) -> None:
    false, broken = await deploy(here, "test/FalseToken"), await deploy(here, "test/BrokenToken")
    odd = await deploy(here, "test/SilentToken")
    escrow = await here.register()
    await here.give(escrow, sei="1", usdc="2")
    owner, wrapped = KeyedAccount(here.w3, OWNER_KEY), here.deployment.sei.address
    await owner.transact(here.w3.to_checksum_address(wrapped), value=10**16)
    await here.send(owner, "TestToken", wrapped, "transfer", escrow, 10**16)
    for token in (false, odd):
        await here.send(here.server, "test/SilentToken", token, "mint", escrow, 5)
    named = [word for token in (broken, false, odd) for word in ("--token", token)]
    command = ["exit", escrow, "--rpc", here.rpc_url, "--yes", *named]
    code, said, _ = await run(*command, env={"EXIT_KEY": OWNER_KEY})
    assert code == 1
    assert (await here.sei_of(escrow), await here.usdc_of(escrow)) == (0, 0), said
    assert said.count("- send all SEI, native and wrapped") == 1
    assert "send all WSEI" not in said
    assert await here.call("TestToken", wrapped, "balanceOf", escrow) == 0
    assert await here.call("TestToken", odd, "balanceOf", OWNER) == 5
    assert f"✗ {broken} cannot be moved: UnknownRevert" in said
    assert f"✗ {false} cannot be moved: SafeERC20FailedOperation" in said
    left = f"Left in the escrow: an unreadable amount of {broken}, 5 base units of the unlisted"
    assert left in said

    code, again, _ = await run(*command, env={"EXIT_KEY": OWNER_KEY})
    assert code == 1
    assert "✓" not in again
    assert left in again


async def test_everything_that_happened_is_told_in_words(here: Ground) -> None:
    first = await here.w3.eth.block_number
    escrow = await here.register(exit_hash=EXIT_HASH)
    other = await here.register()
    await here.give(escrow, sei="1", usdc="2")
    await here.send(here.server, "CaretOrchestrator", here.deployment.orchestrator, "pause")
    code, said, _ = await run(
        *("exit", escrow, "--rpc", here.rpc_url, "--yes", "--with-code"),
        env={"EXIT_KEY": STRANGER_KEY, "EXIT_CODE": CODE},
    )
    assert code == 0, said
    command = ["watch", escrow, "--rpc", here.rpc_url, "--once", "--from", str(first + 1)]
    code, said, _ = await run(*command)
    assert code == 0
    told = [line.split(": ", 1)[1] for line in said.splitlines() if ": " in line and "[0x" in line]
    words = [
        "The escrow was deployed",
        "was registered as the agent's account",
        "1 SEI came in from",
        "2 USDC came in from",
        "Trading was paused for all escrows",
        "The exit code was used",
        f"1 SEI was paid out to the owner, {OWNER}",
        f"2 USDC was paid out to the owner, {OWNER}",
    ]
    assert len(told) == len(words), said
    for line, word in zip(told, words, strict=True):
        assert word in line
    assert other not in said
    assert "Not seen here: native SEI" in said

    code, said, complained = await run(*command, "--json")
    events = [json.loads(line) for line in said.splitlines()]
    assert [event["event"] for event in events] == [
        *("EscrowDeployed", "ActorRegistered", "Received", "Transfer", "Paused"),
        *("ExitUsed", "Released", "Released"),
    ]
    assert events[2]["fields"]["amount"] == str(10**18)
    assert "Not seen here" in complained


async def test_a_token_is_not_called_what_it_calls_itself(here: Ground) -> None:
    escrow = await here.register()
    fake = await deploy(here, "TestToken", "USD Coin", "USDC\x1b[2J", 6, OWNER)
    await here.send(here.server, "TestToken", fake, "faucet", escrow, 10**6)
    code, said, _ = await run("watch", escrow, "--rpc", here.rpc_url, "--once")
    assert code == 0
    assert f"1,000,000 base units of the unlisted token {fake} came in" in said
    assert "\x1b" not in said
    code, _, complained = await run("watch", fake, "--rpc", here.rpc_url, "--once")
    assert code == 1
    assert "is no escrow" in complained


async def test_following_waits_out_a_node_and_ends_when_asked(here: Ground) -> None:
    escrow = await here.register()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "watch", escrow, "--rpc", here.rpc_url),
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout

    async def until(word: str) -> None:
        assert process.stdout
        async with asyncio.timeout(90):
            while word not in (line := (await process.stdout.readline()).decode()):
                assert line, "it ended"

    try:
        await until("Watching")
        await here.give(escrow, usdc="3")
        await until("3 USDC came in")
        os.kill(here.chain.anvil.process.pid, signal.SIGSTOP)
        await until("The RPC does not answer")
        os.kill(here.chain.anvil.process.pid, signal.SIGCONT)
        await until("The RPC answers again")
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 0
    finally:
        os.kill(here.chain.anvil.process.pid, signal.SIGCONT)
        if process.returncode is None:
            process.kill()


async def test_no_node_is_said_in_one_sentence(here: Ground) -> None:
    settings_of_no_concern = {"PORT": "seventy", "SEI_NETWORK": "moon"}
    for command in ("watch", "check", "exit"):
        code, _, complained = await run(
            command, OWNER, "--rpc", "http://127.0.0.1:9", env=settings_of_no_concern
        )
        assert code == 3
        assert "Traceback" not in complained
        assert "chain: no answer" in complained
    code, _, complained = await run("check", "0x12", "--rpc", here.rpc_url)
    assert code == 2
    assert "no address" in complained
