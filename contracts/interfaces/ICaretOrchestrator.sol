// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TokenListing} from "../libraries/Listing.sol";
import {ISwapAdapter} from "./ISwapAdapter.sol";

/// @title What an escrow asks the orchestrator
interface ICaretOrchestrator {
    function server() external view returns (address);

    function tradingPaused() external view returns (bool);

    /// @notice The actor registered for an owner's escrow of that index; zero where there is none.
    function actors(uint256 owner, uint256 index) external view returns (address);

    /// @notice The escrow of an actor; zero where there is none.
    function escrows(address actor) external view returns (address);

    /// @notice Whether this swap is one the lists allow, and how to do it. To be asked by an escrow about itself.
    /// @dev Reverts with TradingPaused, NotActor, VenueNotListed, TokenNotListed or BadPath.
    /// @param actor who wants it
    /// @param adapter the venue
    /// @param request recipient, amounts, deadline and path
    /// @param listedBy Unix seconds; entries listed later count as not listed
    /// @return router whom to call
    /// @return callData with what
    /// @return input the listing of the token that is spent
    /// @return output the listing of the token that is received
    function route(
        address actor,
        address adapter,
        address tokenIn,
        address tokenOut,
        ISwapAdapter.Swap calldata request,
        uint256 listedBy
    )
        external
        view
        returns (address router, bytes memory callData, TokenListing input, TokenListing output);
}
