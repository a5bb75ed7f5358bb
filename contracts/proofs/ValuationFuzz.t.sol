// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Listing, TokenListing} from "../libraries/Listing.sol";
import {Valuation} from "../libraries/Valuation.sol";
import {TestFeed} from "../testnet/TestFeeds.sol";
import {Test} from "./Forge.sol";

/// @notice Values against exact fractions: rounding is always against the actor, and never by more than it must be.
contract ValuationFuzzTest is Test {
    uint256 private constant BPS = 10_000;

    /// @dev One side of a swap.
    struct Side {
        uint256 amount;
        uint256 answer;
        uint256 decimals;
        uint256 epsilon;
        /// @dev Where the true price is, in basis points of the feed's.
        uint256 truth;
    }

    TestFeed private _feedIn = new TestFeed("in");
    TestFeed private _feedOut = new TestFeed("out");

    function setUp() external {
        vm.warp(1_800_000_000);
    }

    function testFuzz_the_charge_covers_the_true_loss(Side memory spent, Side memory got) external {
        (, , uint256 charge) = _appraise(_tame(spent), _tame(got));
        // charge >= in * truth - out * truth, each over its scale and BPS.
        (uint256 scaleIn, uint256 scaleOut) = (_scale(spent), _scale(got));
        uint256 gave = spent.amount * spent.answer * spent.truth * scaleOut;
        uint256 took = got.amount * got.answer * got.truth * scaleIn;
        vm.assertGe(charge * scaleIn * scaleOut * BPS + took, gave);
    }

    function testFuzz_the_charge_is_less_than_two_micro_dollars_above_the_worst_loss(
        Side memory spent,
        Side memory got
    ) external {
        (, , uint256 charge) = _appraise(_tame(spent), _tame(got));
        (uint256 scaleIn, uint256 scaleOut) = (_scale(spent), _scale(got));
        uint256 gave = spent.amount * spent.answer * (BPS + spent.epsilon) * scaleOut;
        uint256 took = got.amount * got.answer * (BPS - got.epsilon) * scaleIn;
        uint256 unit = scaleIn * scaleOut * BPS;
        if (charge > 0) vm.assertLt(charge * unit + took, gave + 2 * unit);
        else vm.assertGe(took, gave);
    }

    function testFuzz_what_was_spent_is_rounded_up_and_what_was_received_down(
        Side memory spent,
        Side memory got
    ) external {
        (uint256 valueIn, uint256 valueOut, ) = _appraise(_tame(spent), _tame(got));
        uint256 exactIn = spent.amount * spent.answer;
        vm.assertGe(valueIn * _scale(spent), exactIn);
        if (valueIn > 0) vm.assertLt((valueIn - 1) * _scale(spent), exactIn);
        uint256 exactOut = got.amount * got.answer;
        vm.assertLe(valueOut * _scale(got), exactOut);
        vm.assertGt((valueOut + 1) * _scale(got), exactOut);
    }

    function testFuzz_splitting_a_trade_does_not_lower_the_charge(Side memory spent, Side memory got) external {
        (_tame(spent), _tame(got));
        (uint256 wholeValue, , uint256 whole) = _appraise(spent, got);
        (Side memory halfIn, Side memory halfOut) = (_copy(spent), _copy(got));
        (halfIn.amount, halfOut.amount) = (spent.amount / 2, got.amount / 2);
        (uint256 firstValue, , uint256 first) = _appraise(halfIn, halfOut);
        (halfIn.amount, halfOut.amount) = (spent.amount - spent.amount / 2, got.amount - got.amount / 2);
        (uint256 secondValue, , uint256 second) = _appraise(halfIn, halfOut);
        vm.assertGe(first + second, whole);
        vm.assertGe(firstValue + secondValue, wholeValue);
    }

    // ------------------------------------------------------------ inside

    /// @dev In place: amounts to 2^96, any believed answer, at most 18 decimals, an epsilon of at most 10 %.
    function _tame(Side memory side) private pure returns (Side memory) {
        side.amount = bound(side.amount, 0, type(uint96).max);
        side.answer = bound(side.answer, Listing.bandOf(0), Listing.bandOf(255));
        side.decimals = bound(side.decimals, 0, 18);
        side.epsilon = bound(side.epsilon, 1, 1_000);
        side.truth = bound(side.truth, BPS - side.epsilon, BPS + side.epsilon);
        return side;
    }

    function _appraise(
        Side memory spent,
        Side memory got
    ) private returns (uint256 valueIn, uint256 valueOut, uint256 charge) {
        return Valuation.appraise(_list(_feedIn, spent), spent.amount, _list(_feedOut, got), got.amount);
    }

    function _list(TestFeed feed, Side memory side) private returns (TokenListing) {
        feed.set(int256(side.answer), 1_800_000_000);
        return Listing.packToken(address(feed), uint8(side.decimals), 1, uint16(side.epsilon), 0, 255, 0);
    }

    function _copy(Side memory side) private pure returns (Side memory) {
        return Side(side.amount, side.answer, side.decimals, side.epsilon, side.truth);
    }

    function _scale(Side memory side) private pure returns (uint256) {
        return 10 ** (side.decimals + 2);
    }
}
