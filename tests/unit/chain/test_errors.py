import pytest
from eth_abi.abi import encode
from eth_utils.abi import function_signature_to_4byte_selector as selector
from hypothesis import given
from hypothesis import strategies as st

from bot.chain.bindings import load_abi, load_errors
from bot.chain.errors import NodeError, is_final, is_known_or_spent, name_revert, refusal
from bot.domain.errors import UpstreamError
from bot.ports.chain import ChainRefusedError


def revert(signature: str, *arguments: object) -> bytes:
    kinds = signature[signature.index("(") + 1 : -1]
    return selector(signature) + encode(kinds.split(",") if kinds else [], arguments)


@pytest.mark.parametrize(
    ("data", "name", "figures"),
    [
        (revert("TooLittleReceived(uint256,uint256)", 5, 7), "TooLittleReceived", (5, 7)),
        (revert("TradingPaused()"), "TradingPaused", ()),
        (revert("Error(string)", "UniswapV2: K"), "UniswapV2: K", ()),
        (revert("Panic(uint256)", 0x11), "Panic", (0x11,)),
        (
            revert("Unheard(uint256)", 1)[:6],
            "UnknownRevert",
            (revert("Unheard(uint256)", 1)[:6].hex(),),
        ),
        (revert("Error(string)", "cut short")[:40], "UnreadableRevert", None),
        (revert("TooLittleReceived(uint256,uint256)", 5, 7)[:40], "UnreadableRevert", None),
        (b"", "Reverted", ()),
    ],
)
def test_reverts_have_names_and_figures(
    data: bytes, name: str, figures: tuple[object, ...] | None
) -> None:
    error = name_revert(data)
    assert error.name == name
    if figures is not None:
        assert error.figures == figures


SAMPLES = {
    "address": "0x" + "ab" * 20,
    "uint256": 2**255,
    "int256": -5,
    "string": "USD₮0",
    "bytes32": b"\7" * 32,
}


@pytest.mark.parametrize("contract", ["CaretEscrow", "CaretOrchestrator", "BalanceLens"])
def test_every_error_of_ours_is_read_with_its_figures(contract: str) -> None:
    for error in load_abi(contract).errors:
        figures = tuple(SAMPLES[kind] for kind in error.inputs)
        named = name_revert(error.encode(*figures))
        assert (named.name, named.figures) == (error.name, figures)


@given(data=st.binary(max_size=200))
def test_any_revert_data_has_a_name(data: bytes) -> None:
    assert name_revert(data).name
    known = next(iter(load_errors()))
    assert name_revert(known + data).name


def test_all_errors_of_the_contracts_are_known() -> None:
    for contract in ("CaretEscrow", "CaretOrchestrator", "BalanceLens", "WSEI", "TestToken"):
        for error in load_abi(contract).errors:
            assert load_errors()[error.selector].inputs == error.inputs
    assert {"NotTheOwner", "ERC20InsufficientBalance", "ReentrancyGuardReentrantCall"} <= {
        error.name for error in load_errors().values()
    }


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (NodeError(3, "execution reverted: STF"), "STF"),
        (NodeError(-32000, "VM said no", revert("TradingPaused()")), "TradingPaused"),
        (NodeError(3, "execution reverted"), "Reverted"),
        (NodeError(-32000, "execution reverted: Too little received"), "Too little received"),
        (NodeError(-32603, "EVM error InvalidFEOpcode"), "Reverted"),
        (NodeError(-32003, "Insufficient funds for gas * price + value"), "InsufficientFunds"),
        (NodeError(-32000, "insufficient funds for transfer"), "InsufficientFunds"),
        (NodeError(-32000, "gas required exceeds allowance (12500000)"), "OutOfGas"),
        (NodeError(-32003, "Out of gas: gas required exceeds allowance: 50"), "OutOfGas"),
        (NodeError(-32000, "invalid opcode: INVALID"), "InvalidCode"),
    ],
)
def test_what_the_chain_refuses(error: NodeError, name: str) -> None:
    refused = refusal(error)
    assert isinstance(refused, ChainRefusedError)
    assert refused.name == name


@pytest.mark.parametrize(
    "message",
    ["server busy", "header not found", "rate limit", "request timed out", "internal error", ""],
)
def test_what_was_not_run_is_not_refused(message: str) -> None:
    failed = refusal(NodeError(-32000, message))
    assert isinstance(failed, UpstreamError)
    assert failed.retryable


@pytest.mark.parametrize(
    "message",
    [
        "already known",
        "transaction already imported",
        "tx already exists in cache",
        "tx already in mempool",
        "duplicate tx",
        "nonce too low",
        "nonce too low: next nonce 5, tx nonce 3",
        ": incorrect account sequence",
    ],
)
def test_sent_before_or_nonce_used(message: str) -> None:
    assert is_known_or_spent(NodeError(-32000, message))
    assert not is_final(NodeError(-32000, message))


@pytest.mark.parametrize(
    "message",
    [
        "insufficient funds for gas * price + value",
        ": insufficient funds",
        ": insufficient fee",
        "intrinsic gas too low",
        "max fee per gas less than block base fee",
        "tx gas limit 13000000 exceeds block max gas 12500000: out of gas",
        "invalid chain id for signer",
        "invalid sender",
    ],
)
def test_refused_for_good(message: str) -> None:
    assert is_final(NodeError(-32000, message))
    assert not is_known_or_spent(NodeError(-32000, message))


@pytest.mark.parametrize(
    "message",
    [
        "server busy",
        "mempool is full",
        "txpool is full",
        "replacement transaction underpriced",
        "tx with this nonce already in mempool",
        "transaction underpriced",
        "nonce too high",
        "internal error",
        "something new",
        "",
    ],
)
def test_unknown_whether_it_will_run(message: str) -> None:
    assert not is_final(NodeError(-32000, message))
