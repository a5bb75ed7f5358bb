// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What an escrow asks the orchestrator
interface ICaretOrchestrator {
    function server() external view returns (address);

    function tradingPaused() external view returns (bool);

    /// @notice The router to call for a venue.
    /// @dev Reverts with TradingPaused or VenueNotListed.
    function routerFor(address adapter) external view returns (address router);

    /// @dev Reverts with TokenNotListed naming the first token that is not listed or is switched off.
    function requireListed(address[] calldata path) external view;
}
