// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Every refusal of the orchestrator, the escrow, the adapters and the lens
/// @notice Amounts are in base units of the token concerned (wei for native SEI), values in micro-USD by the
///         price feeds, times in Unix seconds. Both contracts inherit this, so one ABI decodes whatever a
///         transaction reverts with, except what an exchange or a token reverts with: that is passed on unchanged.
interface ICaretErrors {
    // Who may call

    error NotServer(address caller);
    error NotPauser(address caller);
    error NotServerOrOwner(address caller);
    error NotOwner(address caller);
    /// @notice `caller` is not the registered actor of this escrow.
    error NotActor(address caller);

    // Registration and listing

    /// @notice `owner` is not an address written as a number: it lies below 2^64 or above 2^160 - 1.
    error OwnerOutOfRange(uint256 owner);
    /// @notice An index has 96 bits.
    error IndexOutOfRange(uint256 index);
    error ActorNotAllowed(address actor);
    error ActorAlreadyRegistered(address actor, address escrow);
    /// @notice The first gas, or a refill, could not be sent to the actor.
    error ActorPaymentFailed(address actor, uint256 amount);
    /// @notice No actor is registered before the first lists are closed.
    error NotSealed();
    error AlreadySealed();
    error ZeroAddress();
    error EmptySymbol();
    error SymbolTaken(string symbol, address token);
    /// @notice The address already is a token, a router or an adapter, and keeps that part for good.
    error AlreadyListed(address entry);
    error NotAContract(address entry);
    /// @notice Token and feed must have at most 18 and exactly 8 decimals.
    error DecimalsNotAllowed(address entry, uint256 decimals);
    /// @notice The band is empty, or wider than a factor of 64.
    error BandNotAllowed(uint256 low, uint256 high);
    /// @notice Maximum age or epsilon is zero, or epsilon is over 10 %.
    error FeedTermsNotAllowed(uint256 maxAge, uint256 epsilonBps);
    /// @notice This network has real tokens; only local and test networks can make new ones.
    error NoTokenFactory();

    // Mandates

    /// @notice Nothing is signed, or what was signed is revoked or dropped.
    error NoMandate();
    /// @notice The exit code was used: this escrow trades no more.
    error Exited();
    /// @notice The mandate passed is not the one in force.
    error NotTheMandate(bytes32 passed, bytes32 inForce);
    error MandateExpired(uint256 validUntil, uint256 timestamp);
    error MandateNotIssuedYet(uint256 issuedAt, uint256 timestamp);
    error SignatureTooLate(uint256 signBy, uint256 timestamp);
    /// @notice A mandate's nonce must be above the last one, a revocation's not below it.
    error NonceTooLow(uint256 nonce, uint256 last);
    /// @notice The signature is not the owner's.
    error NotSignedByOwner(address owner);
    error SlippageNotAllowed(uint256 slippageBps);
    error WrongExitCode();

    // Trading

    error TradingPaused();
    /// @notice The venue is not listed, switched off, or younger than the mandate allows.
    error VenueNotListed(address adapter);
    /// @notice The token is not listed, switched off, or younger than the mandate allows.
    error TokenNotListed(address token);
    error TokenNotInMandate(address token);
    error VenueNotInMandate(address adapter);
    error DeadlinePassed(uint256 deadline, uint256 timestamp);
    /// @notice Allowed is `sequence < id <= sequence + 1024`; a used id stays used.
    error IdOutOfRange(uint256 id, uint256 sequence);
    error ZeroAmount();
    /// @notice The path is malformed, or does not lead from `tokenIn` to `tokenOut`.
    error BadPath(address tokenIn, address tokenOut);
    error Overspent(uint256 spent, uint256 amountIn);
    error TooLittleReceived(uint256 got, uint256 minOut);
    /// @notice The token has no price feed: what a trade of it is worth cannot be measured.
    error NoFeed(address token);
    /// @notice The feed is stale, from the future, zero, negative, out of its band, or does not answer (all zero).
    error FeedUnusable(address feed, int256 answer, uint256 updatedAt);
    error TradeCapExceeded(uint256 value, uint256 cap);
    error SlippageExceeded(uint256 valueOut, uint256 least);
    error LossBudgetExceeded(uint256 charge, uint256 available);
    error VolumeExceeded(uint256 value, uint256 available);

    // Moving money

    /// @notice For native SEI `available` counts native and wrapped together.
    error InsufficientBalance(address token, uint256 available, uint256 needed);
    /// @notice Money leaves to the owner only.
    error NotTheOwner(address to, address owner);
    error NotGasToken(address token);
    error GasLimitExceeded(uint256 amount, uint256 available);

    // Reading

    error BalanceUnreadable(address token, address holder);
}
