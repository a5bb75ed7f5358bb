// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ICaretErrors} from "./interfaces/ICaretErrors.sol";
import {ICaretOrchestrator} from "./interfaces/ICaretOrchestrator.sol";
import {Mandate, Trade} from "./interfaces/ICaretTypes.sol";
import {ISwapAdapter} from "./interfaces/ISwapAdapter.sol";
import {IWSEI} from "./interfaces/IWSEI.sol";
import {Buckets} from "./libraries/Buckets.sol";
import {State, StateWord} from "./libraries/EscrowState.sol";
import {TokenListing} from "./libraries/Listing.sol";
import {Mandates, MandateWord} from "./libraries/Mandates.sol";
import {Valuation} from "./libraries/Valuation.sol";

/// @title One owner's money, and what its actor may do with it
/// @notice A minimal proxy. Its address follows from owner, exit code and index alone, so it can be checked before
///         anything is paid in; neither they nor the code behind it ever change. Money leaves in four ways only:
///         the owner withdraws it; the server or the holder of the exit code pushes it to the owner; the actor
///         draws gas, within a daily limit; the actor swaps it, within the owner's mandate, and what it buys comes
///         back here.
///
///         What a thief of every key on the server can take, in t days, from an escrow with a mandate of loss L and
///         volume V a day: (L + mu V + G) (1 + t) / 2 + F. mu is how far the two feeds of a swap together are
///         off beyond their epsilon (none, normally), G is 2 SEI, F what the actor's account holds. It ends at the
///         mandate's end, at `revoke`, `exit` or when the owner has withdrawn.
///
///         What this does NOT protect against: paying into an address nobody checked; the market falling after a
///         fair trade; a mandate signed on a hostile page; feeds that lie within their band; an issuer freezing its
///         token; an orchestrator whose admin lists hostile tokens or venues (no sooner than two days after it said
///         so, and never for a mandate signed before).
///
///         Native SEI must be sent with more than 21,000 gas (about 30,000): a sender with a fixed limit of 21,000,
///         or a contract using `transfer`, will fail to deposit. Amounts are base units throughout.
contract CaretEscrow is ICaretErrors, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using Mandates for address[];

    /// @dev What a swap is held to. `listedBy`: entries listed later do not count.
    struct Limits {
        uint256 slippageBps;
        uint256 tradeCap;
        uint256 dailyVolume;
        uint256 dailyLoss;
        uint256 listedBy;
    }

    /// @notice Stands for native SEI wherever a token is asked for.
    address public constant NATIVE = address(0);

    /// @notice How far ahead of the last used intent id a new one may lie.
    uint256 public constant ID_WINDOW = 1024;

    /// @notice Most wei the actor may draw as gas in any 24 hours; half of it at once.
    uint256 public constant DAILY_GAS = 2 ether;

    /// @notice Gas an owner that is a contract may use to accept native SEI; if that fails it is paid in WSEI.
    uint256 public constant OWNER_SEND_GAS = 100_000;

    // The default mandate: for escrows with an exit code until a first mandate is brought in. Micro-USD.
    uint256 public constant DEFAULT_TRADE_CAP = 50e6;
    uint256 public constant DEFAULT_DAILY_VOLUME = 200e6;
    uint256 public constant DEFAULT_DAILY_LOSS = 10e6;
    uint256 public constant DEFAULT_SLIPPAGE_BPS = 150;
    /// @notice How long an entry must have been listed for the default mandate to cover it.
    uint256 public constant DEFAULT_LISTING_AGE = 7 days;

    uint8 private constant DROPPED = 1;
    uint8 private constant EXITED = 2;

    uint256 private constant BPS = 10_000;
    uint256 private constant MICRO_SEI = 1e12;
    uint256 private constant ALLOWANCE_LEFT = 1;

    /// @notice Lists venues and tokens, knows the actor, names the server. The same for all escrows of a deployment.
    ICaretOrchestrator public immutable orchestrator;

    IWSEI public immutable wsei;

    StateWord private _state;

    MandateWord private _mandate;

    event Received(address indexed from, uint256 amount);
    /// @notice By the owner. `token` is what was really paid: WSEI where native SEI was not accepted.
    event Withdrawn(address indexed token, address indexed to, uint256 amount);
    /// @notice By the server, or with the exit code; always to the owner.
    event Released(address indexed token, address indexed to, uint256 amount);
    event ActorFunded(uint256 amount);
    /// @param valueIn micro-USD, what counted against the volume
    /// @param charge micro-USD, what counted against the loss budget
    event Swapped(
        uint256 indexed id,
        address indexed adapter,
        address tokenIn,
        address tokenOut,
        uint256 spent,
        uint256 got,
        uint256 valueIn,
        uint256 charge
    );
    event MandateSet(uint32 indexed nonce, bytes32 indexed mandateHash, Mandate mandate);
    event Revoked(uint32 indexed nonce);
    event Dropped(address indexed by);
    /// @notice The exit code was used: no trade and no gas any more.
    event ExitUsed(address indexed by);

    modifier onlyOwner() {
        if (msg.sender != owner()) revert NotOwner(msg.sender);
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

    // ---------------------------------------------------------------- ways out

    /// @notice Pays the owner's money to wherever the owner says. Asks nobody: no pause, list or feed is in the way.
    ///         For native SEI a shortfall is unwrapped, and a receiver that cannot accept it gets WSEI.
    /// @param amount base units; the highest uint256 stands for all there is
    function withdraw(address token, address to, uint256 amount) external onlyOwner nonReentrant {
        if (to == address(0)) revert ZeroAddress();
        if (amount == type(uint256).max) amount = _held(token);
        if (amount == 0) revert ZeroAmount();
        emit Withdrawn(_pay(token, to, amount), to, amount);
    }

    /// @notice Ends all trading for good and pushes all of `token` to the owner, by whoever has the exit code. Call
    ///         it once for each token; NATIVE takes wrapped SEI along, unwrapped.
    /// @dev Seeing the code in a transaction helps nobody: it can only do this again.
    /// @param code the secret whose hash, `keccak256(abi.encode(code))`, is part of this escrow's address
    function exit(bytes32 code, address token) external nonReentrant {
        if (keccak256(abi.encode(code)) != exitHash()) revert WrongExitCode();
        State memory state = _state.unpack();
        if (state.flags & EXITED == 0) {
            state.flags |= EXITED;
            _state = state.pack();
            emit ExitUsed(msg.sender);
        }
        uint256 amount = _held(token);
        if (amount > 0) emit Released(_pay(token, owner(), amount), owner(), amount);
    }

    /// @notice Pays `amount` to the owner, by the server or the owner itself. Works while trading is paused.
    /// @param to must be the owner; asked for so that a mistaken caller fails instead of surprising anyone
    function releaseFunds(address token, address to, uint256 amount) external onlyServer nonReentrant {
        if (to != owner()) revert NotTheOwner(to, owner());
        if (amount == 0) revert ZeroAmount();
        emit Released(_pay(token, to, amount), to, amount);
    }

    // ---------------------------------------------------------------- mandates

    /// @notice Puts a mandate in force that the owner has signed; anybody may bring it in. It replaces the one before
    ///         from the very next transaction on. What is in the daily buckets stays in them.
    /// @param signature of the owner over the EIP-712 message, plain or ERC-1271
    function setMandate(Mandate calldata mandate, bytes calldata signature) external nonReentrant {
        State memory state = _state.unpack();
        if (state.flags & EXITED != 0) revert Exited();
        if (mandate.nonce <= state.nonce) revert NonceTooLow(mandate.nonce, state.nonce);
        if (block.timestamp > mandate.signBy) revert SignatureTooLate(mandate.signBy, block.timestamp);
        _requireWithin(mandate);
        if (mandate.slippageBps >= BPS) revert SlippageNotAllowed(mandate.slippageBps);
        bytes32 structHash = Mandates.hashOf(mandate);
        _requireSigned(structHash, signature);
        state.nonce = mandate.nonce;
        state.flags &= ~DROPPED;
        _state = state.pack();
        _mandate = Mandates.word(structHash, mandate.validUntil);
        emit MandateSet(mandate.nonce, structHash, mandate);
    }

    /// @notice Ends the mandate in force and voids every signature up to `upTo` that was not brought in.
    /// @param upTo a nonce, not below the last one
    /// @param signature of the owner, plain or ERC-1271; not looked at when the owner itself calls
    function revoke(uint32 upTo, bytes calldata signature) external nonReentrant {
        if (msg.sender != owner()) _requireSigned(Mandates.hashOfRevoke(upTo), signature);
        State memory state = _state.unpack();
        if (upTo < state.nonce) revert NonceTooLow(upTo, state.nonce);
        state.nonce = upTo;
        state.flags |= DROPPED;
        _state = state.pack();
        emit Revoked(upTo);
    }

    /// @notice Ends the mandate in force, or the default one, by the server or the owner. Only a new signature with a
    ///         higher nonce allows trading again.
    function drop() external onlyServer nonReentrant {
        State memory state = _state.unpack();
        state.flags |= DROPPED;
        _state = state.pack();
        emit Dropped(msg.sender);
    }

    // ---------------------------------------------------------------- the actor

    /// @notice Pays the actor native SEI for gas, out of native SEI (with WSEI for a shortfall) or out of WSEI. Only
    ///         while a mandate is in force.
    /// @param token NATIVE or WSEI
    /// @param amount wei, at most `gasAvailable()`
    function fundActor(address token, uint256 amount) external nonReentrant {
        if (orchestrator.tradingPaused()) revert TradingPaused();
        if (orchestrator.escrows(msg.sender) != address(this)) revert NotActor(msg.sender);
        if (token != NATIVE && token != address(wsei)) revert NotGasToken(token);
        if (amount == 0) revert ZeroAmount();
        State memory state = _state.unpack();
        _requireInForce(state.flags, _mandate);
        uint256 inBucket = _gasIn(state);
        uint256 room = Buckets.room(inBucket, DAILY_GAS / MICRO_SEI);
        if (amount > room * MICRO_SEI) revert GasLimitExceeded(amount, room * MICRO_SEI);
        state.gas = uint24(inBucket + (amount + MICRO_SEI - 1) / MICRO_SEI);
        state.gasAt = uint32(block.timestamp);
        _state = state.pack();
        if (token == NATIVE) _unwrapShortfall(amount);
        else _unwrap(amount);
        (bool sent, ) = msg.sender.call{value: amount}("");
        if (!sent) revert ActorPaymentFailed(msg.sender, amount);
        emit ActorFunded(amount);
    }

    /// @notice Swaps one listed token for another through a listed venue, within the mandate. What counts is what the
    ///         escrow's balances did and what the price feeds say of it, not what the venue says.
    /// @param mandate the mandate in force; not looked at (so best empty) where the default one is
    /// @return spent what left the escrow, at most `trade.amountIn`
    /// @return got what came in, at least `trade.minOut`
    function swap(
        Trade calldata trade,
        Mandate calldata mandate
    ) external nonReentrant returns (uint256 spent, uint256 got) {
        if (block.timestamp > trade.deadline) revert DeadlinePassed(trade.deadline, block.timestamp);
        State memory state = _state.unpack();
        if (
            trade.id <= state.sequence ||
            trade.id > state.sequence + ID_WINDOW ||
            trade.id > type(uint32).max
        ) revert IdOutOfRange(trade.id, state.sequence);
        Limits memory limits = _limits(state.flags, trade, mandate);
        TokenListing input;
        TokenListing output;
        (spent, got, input, output) = _trade(trade, limits.listedBy);
        (uint256 valueIn, uint256 charge) = _appraise(limits, input, spent, output, got);
        _leak(state, limits.dailyVolume, limits.dailyLoss);
        uint256 room = Buckets.room(state.loss, limits.dailyLoss);
        if (charge > room) revert LossBudgetExceeded(charge, room);
        room = Buckets.room(state.volume, limits.dailyVolume);
        if (valueIn > room) revert VolumeExceeded(valueIn, room);
        state.loss += uint48(charge);
        state.volume += uint48(valueIn);
        state.sequence = uint32(trade.id);
        _state = state.pack();
        emit Swapped(trade.id, trade.adapter, trade.tokenIn, trade.tokenOut, spent, got, valueIn, charge);
    }

    // ---------------------------------------------------------------- reading

    /// @notice What the escrow holds of `token`; NATIVE for native SEI alone.
    function balance(address token) external view returns (uint256) {
        return token == NATIVE ? address(this).balance : IERC20(token).balanceOf(address(this));
    }

    /// @notice The account that may trade; zero before it is registered. Never changes after.
    /// @dev Of the same owner and index there may be another escrow, with another exit code: the actor is but one's.
    function actor() external view returns (address actor_) {
        actor_ = orchestrator.actors(uint256(uint160(owner())), index());
        if (orchestrator.escrows(actor_) != address(this)) actor_ = address(0);
    }

    /// @notice The highest intent id used so far.
    function sequence() external view returns (uint32) {
        return _state.unpack().sequence;
    }

    /// @notice The last nonce used by a mandate or a revocation.
    function nonce() external view returns (uint32) {
        return _state.unpack().nonce;
    }

    /// @notice What was in the buckets at `since`, and the mandate in force.
    /// @return loss micro-USD
    /// @return volume micro-USD
    /// @return since Unix seconds
    /// @return inForce the mandate's word (216 bits of its hash, 40 bits of its end), zero for the default one
    /// @return trading whether a mandate is in force now; says nothing of a pause
    function status()
        external
        view
        returns (uint256 loss, uint256 volume, uint256 since, uint256 inForce, bool trading)
    {
        State memory state = _state.unpack();
        MandateWord word = _mandate;
        bool live = word.isSet() ? block.timestamp <= word.validUntil() : exitHash() != 0;
        return (state.loss, state.volume, state.since, MandateWord.unwrap(word), live && state.flags == 0);
    }

    /// @notice Whether the mandate was revoked or dropped, and whether the exit code was used.
    function stopped() external view returns (bool dropped, bool exited) {
        uint8 flags = _state.unpack().flags;
        return (flags & DROPPED != 0, flags & EXITED != 0);
    }

    /// @notice Wei the actor could draw as gas now, if a mandate is in force; refills evenly, rounded down.
    function gasAvailable() external view returns (uint256) {
        return Buckets.room(_gasIn(_state.unpack()), DAILY_GAS / MICRO_SEI) * MICRO_SEI;
    }

    /// @notice Where money leaves to. Never changes.
    function owner() public view returns (address owner_) {
        (owner_, , ) = _arguments();
    }

    /// @notice The hash of the exit code, zero where there is none. Never changes.
    function exitHash() public view returns (bytes32 exitHash_) {
        (, exitHash_, ) = _arguments();
    }

    /// @notice Which of its owner's escrows this is.
    function index() public view returns (uint96 index_) {
        (, , index_) = _arguments();
    }

    // ---------------------------------------------------------------- inside

    function _limits(
        uint8 flags,
        Trade calldata trade,
        Mandate calldata mandate
    ) private view returns (Limits memory limits) {
        MandateWord inForce = _mandate;
        _requireInForce(flags, inForce);
        if (!inForce.isSet()) {
            return
                Limits(
                    DEFAULT_SLIPPAGE_BPS,
                    DEFAULT_TRADE_CAP,
                    DEFAULT_DAILY_VOLUME,
                    DEFAULT_DAILY_LOSS,
                    block.timestamp - DEFAULT_LISTING_AGE
                );
        }
        bytes32 structHash = Mandates.hashOf(mandate);
        uint256 passed = MandateWord.unwrap(Mandates.word(structHash, mandate.validUntil));
        if (passed != MandateWord.unwrap(inForce)) {
            revert NotTheMandate(bytes32(passed), bytes32(MandateWord.unwrap(inForce)));
        }
        if (!mandate.tokens.includes(trade.tokenIn)) revert TokenNotInMandate(trade.tokenIn);
        if (!mandate.tokens.includes(trade.tokenOut)) revert TokenNotInMandate(trade.tokenOut);
        if (!mandate.adapters.includes(trade.adapter)) revert VenueNotInMandate(trade.adapter);
        return
            Limits(
                mandate.slippageBps,
                mandate.tradeCap,
                mandate.dailyVolume,
                mandate.dailyLoss,
                mandate.issuedAt
            );
    }

    /// @dev The default mandate is in force only until the first signed one, and only with an exit code.
    function _requireInForce(uint8 flags, MandateWord inForce) private view {
        if (flags & EXITED != 0) revert Exited();
        if (flags & DROPPED != 0) revert NoMandate();
        if (!inForce.isSet()) {
            if (exitHash() == 0) revert NoMandate();
        } else if (block.timestamp > inForce.validUntil()) {
            revert MandateExpired(inForce.validUntil(), block.timestamp);
        }
    }

    function _trade(
        Trade calldata trade,
        uint256 listedBy
    ) private returns (uint256 spent, uint256 got, TokenListing input, TokenListing output) {
        if (trade.amountIn == 0 || trade.minOut == 0) revert ZeroAmount();
        (bytes memory callData, address[] memory hops) = _encode(trade);
        address router;
        (router, input, output) = orchestrator.route(msg.sender, trade.adapter, hops, listedBy);
        if (!_leads(hops, trade.tokenIn, trade.tokenOut)) revert BadPath(trade.tokenIn, trade.tokenOut);
        if (input.feed() == address(0)) revert NoFeed(trade.tokenIn);
        if (output.feed() == address(0)) revert NoFeed(trade.tokenOut);
        (spent, got) = _execute(router, callData, trade.tokenIn, trade.tokenOut, trade.amountIn);
        if (spent > trade.amountIn) revert Overspent(spent, trade.amountIn);
        if (got < trade.minOut) revert TooLittleReceived(got, trade.minOut);
    }

    /// @dev Asked for reading only, before the orchestrator says whether it is listed at all: what comes of one that
    ///      is not is never used. An adapter that does not answer gives no hops.
    function _encode(Trade calldata trade) private view returns (bytes memory callData, address[] memory hops) {
        (bool answered, bytes memory answer) = trade.adapter.staticcall(
            abi.encodeCall(
                ISwapAdapter.encode,
                (ISwapAdapter.Swap(address(this), trade.amountIn, trade.minOut, trade.deadline, trade.data))
            )
        );
        if (answered && answer.length > 0) (callData, hops) = abi.decode(answer, (bytes, address[]));
    }

    function _leads(address[] memory hops, address from, address to) private pure returns (bool) {
        return hops.length >= 2 && from != to && hops[0] == from && hops[hops.length - 1] == to;
    }

    /// @dev An allowance of one base unit stays behind: setting a slot from zero costs far more than it can lose. A
    ///      router that took all it was asked to leaves just that one.
    function _execute(
        address router,
        bytes memory callData,
        address tokenIn,
        address tokenOut,
        uint256 amountIn
    ) private returns (uint256 spent, uint256 got) {
        uint256 inBefore = _prepareInput(tokenIn, amountIn);
        uint256 outBefore = IERC20(tokenOut).balanceOf(address(this));
        IERC20(tokenIn).forceApprove(router, amountIn + ALLOWANCE_LEFT);
        Address.functionCall(router, callData);
        if (IERC20(tokenIn).allowance(address(this), router) != ALLOWANCE_LEFT) {
            IERC20(tokenIn).forceApprove(router, ALLOWANCE_LEFT);
        }
        spent = _decrease(inBefore, IERC20(tokenIn).balanceOf(address(this)));
        got = _decrease(IERC20(tokenOut).balanceOf(address(this)), outBefore);
    }

    function _appraise(
        Limits memory limits,
        TokenListing input,
        uint256 spent,
        TokenListing output,
        uint256 got
    ) private view returns (uint256 valueIn, uint256 charge) {
        uint256 valueOut;
        (valueIn, valueOut, charge) = Valuation.appraise(input, spent, output, got);
        if (valueIn > limits.tradeCap) revert TradeCapExceeded(valueIn, limits.tradeCap);
        uint256 least = (valueIn * (BPS - limits.slippageBps) + BPS - 1) / BPS;
        if (valueOut < least) revert SlippageExceeded(valueOut, least);
    }

    /// @dev Empties the trading buckets by what has leaked since they were last written.
    function _leak(State memory state, uint256 dailyVolume, uint256 dailyLoss) private view {
        uint256 elapsed = block.timestamp - state.since;
        state.loss = uint48(Buckets.leaked(state.loss, dailyLoss, elapsed));
        state.volume = uint48(Buckets.leaked(state.volume, dailyVolume, elapsed));
        state.since = uint32(block.timestamp);
    }

    /// @dev Micro-SEI in the gas bucket now.
    function _gasIn(State memory state) private view returns (uint256) {
        return Buckets.leaked(state.gas, DAILY_GAS / MICRO_SEI, block.timestamp - state.gasAt);
    }

    function _requireWithin(Mandate calldata mandate) private view {
        if (mandate.issuedAt > block.timestamp) revert MandateNotIssuedYet(mandate.issuedAt, block.timestamp);
        if (mandate.validUntil < block.timestamp) revert MandateExpired(mandate.validUntil, block.timestamp);
    }

    function _requireSigned(bytes32 structHash, bytes calldata signature) private view {
        if (!Mandates.isSignedBy(owner(), structHash, signature)) revert NotSignedByOwner(owner());
    }

    /// @return paid the token that was really sent
    function _pay(address token, address to, uint256 amount) private returns (address paid) {
        if (token == NATIVE) {
            _unwrapShortfall(amount);
            (bool sent, ) = to.call{value: amount, gas: OWNER_SEND_GAS}("");
            if (sent) return NATIVE;
            wsei.deposit{value: amount}();
            token = address(wsei);
        }
        IERC20(token).safeTransfer(to, amount);
        return token;
    }

    function _held(address token) private view returns (uint256) {
        if (token != NATIVE) return IERC20(token).balanceOf(address(this));
        return address(this).balance + wsei.balanceOf(address(this));
    }

    /// @dev Wraps what is missing of `amountIn`; no more.
    /// @return held what there is then
    function _prepareInput(address tokenIn, uint256 amountIn) private returns (uint256 held) {
        held = IERC20(tokenIn).balanceOf(address(this));
        if (held >= amountIn) return held;
        uint256 missing = amountIn - held;
        if (tokenIn != address(wsei)) revert InsufficientBalance(tokenIn, held, amountIn);
        if (address(this).balance < missing) {
            revert InsufficientBalance(tokenIn, held + address(this).balance, amountIn);
        }
        wsei.deposit{value: missing}();
        return amountIn;
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

    /// @dev Packed behind the proxy's code: owner 20 bytes | hash of the exit code 32 | index 12.
    function _arguments() private view returns (address owner_, bytes32 exitHash_, uint96 index_) {
        bytes memory packed = Clones.fetchCloneArgs(address(this));
        assembly ("memory-safe") {
            owner_ := shr(96, mload(add(packed, 32)))
            exitHash_ := mload(add(packed, 52))
            index_ := shr(160, mload(add(packed, 84)))
        }
    }

    /// @dev Zero where the balance went the other way.
    function _decrease(uint256 from, uint256 to) private pure returns (uint256) {
        return from > to ? from - to : 0;
    }
}
