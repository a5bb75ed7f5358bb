// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TokenListing} from "../libraries/Listing.sol";

/// @title What an escrow asks the orchestrator
interface ICaretOrchestrator {
    function server() external view returns (address);

    function tradingPaused() external view returns (bool);

    /// @notice The actor registered for an owner's escrow of that index; zero where there is none.
    function actors(uint256 owner, uint256 index) external view returns (address);

    /// @notice The escrow of an actor; zero where there is none.
    function escrows(address actor) external view returns (address);

    /// @notice Whether a swap is one that the lists allow, and whom to call for it. To be asked by an escrow about
    ///         itself.
    /// @dev Reverts with TradingPaused, NotActor, VenueNotListed or TokenNotListed.
    /// @param actor who wants it
    /// @param adapter the venue
    /// @param hops every token of the route in order, first the one spent, last the one received
    /// @param listedBy Unix seconds; entries listed later count as not listed
    /// @return router whom to call
    /// @return input the listing of the token that is spent
    /// @return output the listing of the token that is received
    function route(
        address actor,
        address adapter,
        address[] calldata hops,
        uint256 listedBy
    ) external view returns (address router, TokenListing input, TokenListing output);
}
