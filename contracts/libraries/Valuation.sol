// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICaretErrors} from "../interfaces/ICaretErrors.sol";
import {IPriceFeed} from "../interfaces/IPriceFeed.sol";
import {Listing, TokenListing} from "./Listing.sol";

/// @title What amounts are worth by the price feeds, in micro-USD
/// @notice A feed that is odd in any way refuses the trade: there is no second guess and no last known price. What
///         this cannot see is a feed that lies within its band.
library Valuation {
    uint256 internal constant BPS = 10_000;

    /// @dev Of an answer with 8 decimals, what is left of it in micro-USD.
    uint256 private constant FEED_SCALE = 2;

    /// @notice The least and the most that selling `spent` for `got` can have cost, by two feeds read once each.
    /// @return valueIn what was spent, rounded up
    /// @return valueOut what was received, rounded down
    /// @return charge what may have been lost if both feeds err by their epsilon against us, rounded up: what was
    ///         spent at the highest true price less what was received at the lowest. Zero for a gain
    function appraise(
        TokenListing input,
        uint256 spent,
        TokenListing output,
        uint256 got
    ) internal view returns (uint256 valueIn, uint256 valueOut, uint256 charge) {
        uint256 scaleIn = 10 ** (uint256(input.decimals()) + FEED_SCALE);
        uint256 scaleOut = 10 ** (uint256(output.decimals()) + FEED_SCALE);
        uint256 exactIn = spent * _read(input);
        uint256 exactOut = got * _read(output);
        valueIn = _divideUp(exactIn, scaleIn);
        valueOut = exactOut / scaleOut;
        uint256 most = _divideUp(exactIn * (BPS + input.epsilonBps()), scaleIn * BPS);
        uint256 least = (exactOut * (BPS - output.epsilonBps())) / (scaleOut * BPS);
        charge = most > least ? most - least : 0;
    }

    /// @dev A feed that reverts, has no code or answers too little is unusable like any other odd one.
    function _read(TokenListing listing) private view returns (uint256) {
        address feed = listing.feed();
        bytes4 selector = IPriceFeed.latestRoundData.selector;
        int256 answer;
        uint256 updatedAt;
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, selector)
            let answered := staticcall(gas(), feed, free, 4, free, 160)
            if and(answered, gt(returndatasize(), 159)) {
                answer := mload(add(free, 32))
                updatedAt := mload(add(free, 96))
            }
        }
        if (
            answer <= 0 ||
            updatedAt > block.timestamp ||
            block.timestamp - updatedAt > listing.maxAge() ||
            uint256(answer) < Listing.bandOf(listing.low()) ||
            uint256(answer) > Listing.bandOf(listing.high())
        ) revert ICaretErrors.FeedUnusable(feed, answer, updatedAt);
        return uint256(answer);
    }

    function _divideUp(uint256 a, uint256 b) private pure returns (uint256) {
        return (a + b - 1) / b;
    }
}
