// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Daily limits as leaking buckets
/// @notice A limit of X a day is a bucket of capacity X/2 that empties at X/2 in 24 hours: in any 24 hours at most
///         X/2 that had room at the start and X/2 that leaked meanwhile fit in, so at most X. Capacity and leak are
///         rounded down, against the actor.
library Buckets {
    /// @notice What is left in a bucket after `elapsed` seconds. One that is over its capacity, as when a lower limit
    ///         replaced a higher one, keeps what is in it and empties within a day: were it cut to the capacity, a
    ///         lower limit and then the higher one again would refill it at once.
    /// @param drawn what was in it
    /// @param daily the limit X, in the same unit
    function leaked(uint256 drawn, uint256 daily, uint256 elapsed) internal pure returns (uint256) {
        uint256 capacity = daily / 2;
        uint256 out = (elapsed * (drawn > capacity ? drawn : capacity)) / 1 days;
        return drawn > out ? drawn - out : 0;
    }

    /// @notice How much more fits in.
    /// @param drawn what is in it now, as `leaked` says
    function room(uint256 drawn, uint256 daily) internal pure returns (uint256) {
        uint256 capacity = daily / 2;
        return drawn < capacity ? capacity - drawn : 0;
    }
}
