// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ICaretErrors} from "./interfaces/ICaretErrors.sol";
import {ICaretOrchestrator} from "./interfaces/ICaretOrchestrator.sol";
import {ISwapAdapter} from "./interfaces/ISwapAdapter.sol";
import {IWSEI} from "./interfaces/IWSEI.sol";

/// @title One user's money and the one account that may trade it
/// @notice A minimal proxy whose owner and actor are part of its code: neither they nor the code can ever
///         change. Money leaves in three ways only: to the owner; to the actor as gas, within a daily limit;
///         into a swap between listed tokens whose output comes back here.
///
///         What this does NOT protect against: the actor (the bot's key) trading badly. Nothing on the chain
///         bounds the loss of a swap below what `minOut`, chosen by the actor, admits; whoever holds the actor
///         key can trade the balance away through a pool they control, one swap at a time, until trading is
///         paused or the owner has left. Nor against the orchestrator's admin listing a hostile venue or token.
///
///         Native SEI must be sent with more than 21,000 gas (about 30,000): a sender with a fixed limit of
///         21,000, or a contract using `transfer`, will fail to deposit. Amounts are base units throughout.
contract CaretEscrow is ICaretErrors, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @notice Stands for native SEI wherever a token is asked for.
    address public constant NATIVE = address(0);

    /// @notice How far ahead of the last used intent id a new one may lie.
    uint256 public constant ID_WINDOW = 1024;

    /// @notice Capacity of the actor's gas allowance in wei, and what it refills in 24 hours: so one payment is
    ///         at most 1 SEI, and all payments within any 24 hours are at most 2 SEI.
    uint256 public constant GAS_ALLOWANCE = 1 ether;

    /// @notice Gas an owner that is a contract may use to accept native SEI; if that fails it is paid in WSEI.
    uint256 public constant OWNER_SEND_GAS = 100_000;

    /// @notice Lists venues and tokens, names the server. The same for every escrow of a deployment.
    ICaretOrchestrator public immutable orchestrator;

    IWSEI public immutable wsei;

    /// @notice The highest intent id used so far.
    uint64 public sequence;

    /// @dev Wei drawn from the gas allowance and not yet refilled, as of `_gasAt`.
    uint96 private _gasDrawn;
    uint40 private _gasAt;

    event Received(address indexed from, uint256 amount);
    /// @notice `token` is what was really paid: WSEI where the owner could not accept native SEI.
    event Released(address indexed token, address indexed to, uint256 amount);
    event ActorFunded(uint256 amount);
    event Swapped(
        uint256 indexed id,
        address indexed adapter,
        address tokenIn,
        address tokenOut,
        uint256 spent,
        uint256 got
    );

    modifier onlyActor() {
        if (msg.sender != actor()) revert NotActor(msg.sender);
        _;
    }

    /// @dev The owner is asked about first, so that leaving never depends on the orchestrator.
    modifier onlyServer() {
        if (msg.sender != owner() && msg.sender != orchestrator.server()) revert NotServerOrOwner(msg.sender);
        _;
    }

    /// @param orchestrator_ the deployment's orchestrator
    /// @param wsei_ wrapped native SEI
    constructor(ICaretOrchestrator orchestrator_, IWSEI wsei_) {
        orchestrator = orchestrator_;
        wsei = wsei_;
    }

    /// @dev Unwrapping arrives here with 2,300 gas: no event then.
    receive() external payable {
        if (msg.sender != address(wsei)) emit Received(msg.sender, msg.value);
    }

    /// @notice Pays `amount` to the owner. Works while trading is paused. For native SEI a shortfall is
    ///         unwrapped from WSEI, and an owner who cannot accept it gets WSEI instead.
    /// @dev By the server or the owner itself.
    /// @param to must be the owner; asked for so that a mistaken caller fails instead of surprising anyone
    function releaseFunds(address token, address to, uint256 amount) external onlyServer nonReentrant {
        if (to != owner()) revert NotTheOwner(to, owner());
        if (amount == 0) revert ZeroAmount();
        if (token == NATIVE) {
            _unwrapShortfall(amount);
            (bool sent, ) = to.call{value: amount, gas: OWNER_SEND_GAS}("");
            if (!sent) {
                wsei.deposit{value: amount}();
                token = address(wsei);
            }
        }
        if (token != NATIVE) IERC20(token).safeTransfer(to, amount);
        emit Released(token, to, amount);
    }

    /// @notice Pays the actor native SEI for gas, out of native SEI (with WSEI for a shortfall) or out of WSEI.
    /// @param token NATIVE or WSEI
    /// @param amount wei, at most `gasAvailable()`
    function fundActor(address token, uint256 amount) external onlyActor nonReentrant {
        if (orchestrator.tradingPaused()) revert TradingPaused();
        if (token != NATIVE && token != address(wsei)) revert NotGasToken(token);
        if (amount == 0) revert ZeroAmount();
        uint256 available = gasAvailable();
        if (amount > available) revert GasLimitExceeded(amount, available);
        _gasDrawn = uint96(GAS_ALLOWANCE - available + amount);
        _gasAt = uint40(block.timestamp);
        if (token == NATIVE) _unwrapShortfall(amount);
        else _unwrap(amount);
        (bool sent, ) = msg.sender.call{value: amount}("");
        if (!sent) revert ActorPaymentFailed(msg.sender, amount);
        emit ActorFunded(amount);
    }

    /// @notice Swaps exactly `amountIn` of one listed token for at least `minOut` of another through a listed
    ///         venue. What counts is what the escrow's balances did, not what the venue says.
    /// @param id intent id; `sequence < id <= sequence + 1024`. A used or skipped id never runs again
    /// @param deadline Unix seconds, inclusive
    /// @param adapter the venue
    /// @param tokenIn for WSEI a shortfall is wrapped from native SEI; NATIVE itself is not a token here
    /// @param data the route as the adapter encodes it; every hop must be a listed token
    /// @return spent what left the escrow, at most `amountIn`
    /// @return got what came in, at least `minOut`
    function swap(
        uint256 id,
        uint256 deadline,
        address adapter,
        address tokenIn,
        address tokenOut,
        uint256 amountIn,
        uint256 minOut,
        bytes calldata data
    ) external onlyActor nonReentrant returns (uint256 spent, uint256 got) {
        if (block.timestamp > deadline) revert DeadlinePassed(deadline, block.timestamp);
        _consume(id);
        ISwapAdapter.Swap memory request;
        request.recipient = address(this);
        request.amountIn = amountIn;
        request.minOut = minOut;
        request.deadline = deadline;
        request.path = data;
        (spent, got) = _trade(adapter, tokenIn, tokenOut, request);
        emit Swapped(id, adapter, tokenIn, tokenOut, spent, got);
    }

    /// @notice What the escrow holds of `token`; NATIVE for native SEI alone.
    function balance(address token) external view returns (uint256) {
        return token == NATIVE ? address(this).balance : IERC20(token).balanceOf(address(this));
    }

    /// @notice Where money leaves to. Never changes.
    function owner() public view returns (address owner_) {
        (owner_, ) = _parties();
    }

    /// @notice The account that trades. Never changes.
    function actor() public view returns (address actor_) {
        (, actor_) = _parties();
    }

    /// @notice Wei the actor could draw as gas now; refills evenly, rounded down.
    function gasAvailable() public view returns (uint256) {
        uint256 refilled = ((block.timestamp - _gasAt) * GAS_ALLOWANCE) / 1 days;
        return _gasDrawn > refilled ? GAS_ALLOWANCE - (_gasDrawn - refilled) : GAS_ALLOWANCE;
    }

    function _consume(uint256 id) private {
        if (id <= sequence || id > sequence + ID_WINDOW) revert IdOutOfRange(id, sequence);
        sequence = uint64(id);
    }

    function _trade(
        address adapter,
        address tokenIn,
        address tokenOut,
        ISwapAdapter.Swap memory request
    ) private returns (uint256 spent, uint256 got) {
        if (request.amountIn == 0 || request.minOut == 0) revert ZeroAmount();
        address router = orchestrator.routerFor(adapter);
        bytes memory callData = _encode(adapter, tokenIn, tokenOut, request);
        _requireInput(tokenIn, request.amountIn);
        (spent, got) = _execute(router, callData, IERC20(tokenIn), IERC20(tokenOut), request.amountIn);
        if (spent > request.amountIn) revert Overspent(spent, request.amountIn);
        if (got < request.minOut) revert TooLittleReceived(got, request.minOut);
    }

    function _execute(
        address router,
        bytes memory callData,
        IERC20 tokenIn,
        IERC20 tokenOut,
        uint256 amountIn
    ) private returns (uint256 spent, uint256 got) {
        uint256 inBefore = tokenIn.balanceOf(address(this));
        uint256 outBefore = tokenOut.balanceOf(address(this));
        tokenIn.forceApprove(router, amountIn);
        Address.functionCall(router, callData);
        tokenIn.forceApprove(router, 0);
        spent = _decrease(inBefore, tokenIn.balanceOf(address(this)));
        got = _decrease(tokenOut.balanceOf(address(this)), outBefore);
    }

    function _requireInput(address tokenIn, uint256 amountIn) private {
        uint256 held = IERC20(tokenIn).balanceOf(address(this));
        if (held >= amountIn) return;
        uint256 missing = amountIn - held;
        if (tokenIn != address(wsei)) revert InsufficientBalance(tokenIn, held, amountIn);
        if (address(this).balance < missing) {
            revert InsufficientBalance(tokenIn, held + address(this).balance, amountIn);
        }
        wsei.deposit{value: missing}();
    }

    function _unwrapShortfall(uint256 amount) private {
        uint256 held = address(this).balance;
        if (held >= amount) return;
        uint256 wrapped = wsei.balanceOf(address(this));
        if (held + wrapped < amount) revert InsufficientBalance(NATIVE, held + wrapped, amount);
        wsei.withdraw(amount - held);
    }

    function _unwrap(uint256 amount) private {
        uint256 wrapped = wsei.balanceOf(address(this));
        if (wrapped < amount) revert InsufficientBalance(address(wsei), wrapped, amount);
        wsei.withdraw(amount);
    }

    function _encode(
        address adapter,
        address tokenIn,
        address tokenOut,
        ISwapAdapter.Swap memory request
    ) private view returns (bytes memory callData) {
        address[] memory hops;
        (callData, hops) = ISwapAdapter(adapter).encode(request);
        uint256 last = hops.length;
        if (last < 2 || tokenIn == tokenOut || hops[0] != tokenIn || hops[last - 1] != tokenOut) {
            revert BadPath(tokenIn, tokenOut);
        }
        orchestrator.requireListed(hops);
    }

    function _parties() private view returns (address owner_, address actor_) {
        return abi.decode(Clones.fetchCloneArgs(address(this)), (address, address));
    }

    /// @dev Zero where the balance went the other way.
    function _decrease(uint256 from, uint256 to) private pure returns (uint256) {
        return from > to ? from - to : 0;
    }
}
