// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICaretErrors as Refusal} from "../interfaces/ICaretErrors.sol";
import {IPriceFeed} from "../interfaces/IPriceFeed.sol";
import {Mandate, Trade} from "../interfaces/ICaretTypes.sol";
import {TestFeed} from "../testnet/TestFeeds.sol";
import {Scripted} from "./Scripted.sol";

/// @notice A price feed that is odd in any way stops a trade on either side of it, and nothing else.
contract FeedsTest is Scripted {
    /// @dev Bands as the stage lists them, read by the formula of `Listing.bandOf`.
    uint256 private constant SEI_LOW = 5_242_880;
    uint256 private constant SEI_HIGH = 201_326_592;

    function setUp() public override {
        super.setUp();
        Mandate memory made = _roomy();
        _adopt(made);
    }

    function test_an_answer_may_be_as_old_as_was_agreed() external {
        uint256 updatedAt = seiFeed.updatedAt();
        _age(22_000);
        vm.assertEq(seiFeed.updatedAt(), updatedAt);
        _swap(_fair());
    }

    function test_an_answer_a_second_older_is_refused() external {
        uint256 updatedAt = seiFeed.updatedAt();
        _age(22_001);
        _refusesBothWays(0.25e8, updatedAt);
    }

    function test_an_answer_of_this_second_is_good() external {
        _tell(0.25e8, _now());
        _swap(_fair());
    }

    function test_an_answer_from_the_future_is_refused() external {
        _tell(0.25e8, _now() + 1);
        _refusesBothWays(0.25e8, _now() + 1);
    }

    function test_an_answer_of_zero_is_refused() external {
        _tell(0, _now());
        _refusesBothWays(0, _now());
    }

    function test_a_negative_answer_is_refused() external {
        _tell(-0.25e8, _now());
        _refusesBothWays(-0.25e8, _now());
    }

    function test_the_lowest_answer_of_the_band_is_believed() external {
        _tell(int256(SEI_LOW), _now());
        _swap(_fair());
    }

    function test_an_answer_below_the_band_is_refused() external {
        _tell(int256(SEI_LOW) - 1, _now());
        _refusesBothWays(int256(SEI_LOW) - 1, _now());
    }

    function test_the_highest_answer_of_the_band_is_believed() external {
        _tell(int256(SEI_HIGH), _now());
        _swap(_fair());
    }

    function test_an_answer_above_the_band_is_refused() external {
        _tell(int256(SEI_HIGH) + 1, _now());
        _refusesBothWays(int256(SEI_HIGH) + 1, _now());
    }

    function test_an_answer_of_zero_seconds_is_stale() external {
        _tell(0.25e8, 0);
        _refusesBothWays(0.25e8, 0);
    }

    function test_a_feed_that_reverts_is_refused() external {
        vm.mockCallRevert(address(seiFeed), abi.encodeCall(IPriceFeed.latestRoundData, ()), "broken");
        _refusesBothWays(0, 0);
    }

    function test_a_failure_that_looks_like_an_answer_is_none() external {
        bytes memory answer = abi.encode(1, 0.25e8, _now(), _now(), 1);
        vm.mockCallRevert(address(seiFeed), abi.encodeCall(IPriceFeed.latestRoundData, ()), answer);
        _refusesBothWays(0, 0);
    }

    function test_a_feed_without_code_is_refused() external {
        vm.etch(address(seiFeed), "");
        _refusesBothWays(0, 0);
    }

    function test_a_feed_that_answers_too_little_is_refused() external {
        bytes memory short = abi.encode(1, 0.25e8, _now(), _now());
        vm.mockCall(address(seiFeed), abi.encodeCall(IPriceFeed.latestRoundData, ()), short);
        _refusesBothWays(0, 0);
        vm.mockCall(
            address(seiFeed),
            abi.encodeCall(IPriceFeed.latestRoundData, ()),
            abi.encodePacked(short, bytes31(0))
        );
        _refusesBothWays(0, 0);
    }

    function test_a_rounds_start_says_nothing_of_its_age() external {
        bytes memory asked = abi.encodeCall(IPriceFeed.latestRoundData, ());
        vm.mockCall(address(seiFeed), asked, abi.encode(7, 0.25e8, 0, _now(), 7));
        _swap(_fair());
        vm.mockCall(address(seiFeed), asked, abi.encode(7, 0.25e8, _now(), _now() - 22_001, 7));
        _refusesBothWays(0.25e8, _now() - 22_001);
    }

    function test_a_feed_that_answers_more_than_asked_is_believed() external {
        bytes memory long = abi.encode(1, 0.25e8, _now(), _now(), 1, 7);
        vm.mockCall(address(seiFeed), abi.encodeCall(IPriceFeed.latestRoundData, ()), long);
        _swap(_fair());
    }

    function test_a_feed_whose_price_moves_is_read_anew() external {
        _swap(_fair());
        _tell(0.5e8, _now());
        _swap(_script(address(wsei), 80 ether, address(usdc), 40 * USDC));
        (, uint256 volume, , , ) = escrow.status();
        vm.assertEq(volume, 60 * USD);
    }

    function test_each_feed_is_read_once() external {
        vm.expectCall(address(seiFeed), abi.encodeCall(IPriceFeed.latestRoundData, ()), 1);
        vm.expectCall(address(usdcFeed), abi.encodeCall(IPriceFeed.latestRoundData, ()), 1);
        vm.expectCall(address(wethFeed), "", 0);
        _swap(_fair());
    }

    function test_a_feed_is_read_after_the_trade() external {
        // A router that moved the feed while it had the call would find the new price used.
        vm.mockCall(address(seiFeed), abi.encodeCall(IPriceFeed.latestRoundData, ()), abi.encode(1, 0, 0, 0, 1));
        Trade memory trade = _script(address(usdc), 20 * USDC, address(wsei), 0);
        _refuses(trade, abi.encodeWithSelector(Refusal.TooLittleReceived.selector, 0, 1));
    }

    function test_test_feeds_are_told_by_their_keeper_alone() external {
        TestFeed[] memory none = new TestFeed[](0);
        vm.startPrank(stranger);
        vm.expectRevert(abi.encodeWithSignature("NotKeeper(address)", stranger));
        feeds.push(none, new int256[](0));
        vm.expectRevert(abi.encodeWithSignature("NotKeeper(address)", stranger));
        feeds.create("X / USD", 1e8);
        vm.expectRevert(abi.encodeWithSignature("NotPublisher(address)", stranger));
        seiFeed.set(1, 1);
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSignature("LengthMismatch()"));
        feeds.push(none, new int256[](1));
        vm.assertEq(feeds.create("X / USD", 3e8).description(), "X / USD");
    }

    // ------------------------------------------------------------ inside

    function _tell(int256 answer, uint256 updatedAt) private {
        vm.prank(address(feeds));
        seiFeed.set(answer, updatedAt);
    }

    /// @dev The other feed stays young.
    function _age(uint256 seconds_) private {
        vm.warp(_now() + seconds_);
        _push(usdcFeed, 1e8);
    }

    function _refusesBothWays(int256 answer, uint256 updatedAt) private {
        bytes memory reason = abi.encodeWithSelector(
            Refusal.FeedUnusable.selector,
            address(seiFeed),
            answer,
            updatedAt
        );
        _refuses(_fair(), reason);
        _refuses(_script(address(wsei), 80 ether, address(usdc), 20 * USDC), reason);
        uint256 before = usdc.balanceOf(owner);
        vm.prank(owner);
        escrow.withdraw(address(usdc), owner, 1);
        vm.assertEq(usdc.balanceOf(owner), before + 1);
    }
}
