// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Every refusal of the orchestrator, the escrow, the adapters and the lens
/// @notice Figures are in base units of the token concerned (wei for native SEI); times are Unix seconds.
///         Both contracts inherit this, so one ABI decodes whatever a transaction reverts with, except
///         what an exchange or a token reverts with: that is passed on unchanged.
interface ICaretErrors {
    // Who may call

    error NotServer(address caller);
    error NotServerOrAdmin(address caller);
    error NotServerOrOwner(address caller);
    error NotActor(address caller);

    // Registration and listing

    /// @notice `owner` is not an address written as a number: it lies below 2^64 or above 2^160 - 1.
    error OwnerOutOfRange(uint256 owner);
    error ActorNotAllowed(address actor);
    error ActorAlreadyRegistered(address actor, address escrow);
    /// @notice The first gas, or a refill, could not be sent to the actor.
    error ActorPaymentFailed(address actor, uint256 amount);
    error ZeroAddress();
    error EmptySymbol();
    error SymbolTaken(string symbol, address token);
    /// @notice The address already is a token, a router or an adapter, and keeps that part for good.
    error AlreadyListed(address entry);
    error NotAContract(address entry);
    /// @notice This network has real tokens; only local and test networks can make new ones.
    error NoTokenFactory();

    // Trading

    error TradingPaused();
    error VenueNotListed(address adapter);
    error TokenNotListed(address token);
    error DeadlinePassed(uint256 deadline, uint256 timestamp);
    /// @notice Allowed is `sequence < id <= sequence + 1024`; a used id stays used.
    error IdOutOfRange(uint256 id, uint256 sequence);
    error ZeroAmount();
    /// @notice The path is malformed, or does not lead from `tokenIn` to `tokenOut`.
    error BadPath(address tokenIn, address tokenOut);
    error Overspent(uint256 spent, uint256 amountIn);
    error TooLittleReceived(uint256 got, uint256 minOut);

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
