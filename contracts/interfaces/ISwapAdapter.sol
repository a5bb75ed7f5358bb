// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Turns a swap into a router's calldata, and nothing else
/// @notice An adapter is called for reading only, holds no funds and names no address to call: the router
///         comes from the orchestrator's listing. So the actor can never have an arbitrary call made.
interface ISwapAdapter {
    /// @param recipient who receives the output: always the escrow
    /// @param amountIn exact input, base units
    /// @param minOut least output, base units
    /// @param deadline Unix seconds, inclusive
    /// @param path the venue's own encoding of the route
    struct Swap {
        address recipient;
        uint256 amountIn;
        uint256 minOut;
        uint256 deadline;
        bytes path;
    }

    /// @return callData what to call the router with
    /// @return hops every token on the route in order, first the one spent, last the one received; empty
    ///         when the path is malformed
    function encode(Swap calldata swap) external pure returns (bytes memory callData, address[] memory hops);
}
