// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICaretErrors as Refusal} from "../interfaces/ICaretErrors.sol";
import {Mandate, Trade} from "../interfaces/ICaretTypes.sol";
import {Scripted} from "./Scripted.sol";

/// @notice Trade cap, slippage, loss and volume. At the feeds' price a swap of USDC and SEI costs 1 % of the loss
///         budget: 0.35 % of what is spent and 0.65 % of what is bought, or the other way round.
contract BudgetTest is Scripted {
    // ------------------------------------------------------------ one trade

    function test_the_trade_cap_is_inclusive() external {
        _swap(_buy(50 * USDC));
    }

    function test_one_micro_dollar_over_the_trade_cap_is_refused() external {
        _refuses(
            _buy(50 * USDC + 1),
            abi.encodeWithSelector(Refusal.TradeCapExceeded.selector, 50 * USD + 1, 50 * USD)
        );
    }

    function test_what_is_spent_is_rounded_up() external {
        // 200 WSEI are $50; one wei more is more than $50.
        _refuses(
            _script(address(wsei), 200 ether + 1, address(usdc), 50 * USDC),
            abi.encodeWithSelector(Refusal.TradeCapExceeded.selector, 50 * USD + 1, 50 * USD)
        );
    }

    function test_the_trade_cap_counts_what_was_spent_not_what_might_have_been() external {
        Trade memory trade = _buy(50 * USDC);
        trade.amountIn = 500 * USDC;
        _swap(trade);
    }

    function test_the_slippage_is_inclusive() external {
        // 1.5 % of $20 are 30 cents: 78.8 WSEI are $19.70.
        _swap(_script(address(usdc), 20 * USDC, address(wsei), 78.8 ether));
    }

    function test_one_wei_more_slippage_is_refused() external {
        _refuses(
            _script(address(usdc), 20 * USDC, address(wsei), 78.8 ether - 1),
            abi.encodeWithSelector(Refusal.SlippageExceeded.selector, 19.7e6 - 1, 19.7e6)
        );
    }

    function test_the_least_to_receive_is_rounded_up() external {
        // 98.5 % of 10 micro-dollars are 9.85: 10 are wanted, and 9.99 are 9.
        _refuses(
            _script(address(usdc), 10, address(wsei), 40e12 - 1),
            abi.encodeWithSelector(Refusal.SlippageExceeded.selector, 9, 10)
        );
        _swap(_script(address(usdc), 10, address(wsei), 40e12));
    }

    function test_slippage_is_measured_without_epsilon() external {
        Mandate memory made = _next();
        made.slippageBps = 0;
        _adopt(made);
        _swap(_fair());
        _refuses(
            _script(address(usdc), 20 * USDC, address(wsei), 80 ether - 1),
            abi.encodeWithSelector(Refusal.SlippageExceeded.selector, 20e6 - 1, 20e6)
        );
    }

    function test_decimals_are_each_tokens_own() external {
        // $40 each: 0.01 WETH of 18 decimals and 40 USDC of 6.
        _swap(_script(address(weth), 0.01 ether, address(usdc), 40 * USDC));
        (uint256 loss, uint256 volume, , , ) = escrow.status();
        vm.assertEq(volume, 40 * USD);
        // 0.65 % and 0.35 %.
        vm.assertEq(loss, 0.4e6);
    }

    // ------------------------------------------------------------ the charge

    function test_the_charge_is_what_both_feeds_may_hide() external {
        _swap(_script(address(usdc), 20 * USDC, address(wsei), 79 ether));
        (uint256 loss, uint256 volume, , , ) = escrow.status();
        // 20 * 1.0035 - 19.75 * 0.9935 = 20.07 - 19.621625
        vm.assertEq(loss, 0.448375e6);
        vm.assertEq(volume, 20 * USD);
    }

    function test_the_charge_is_rounded_up_on_both_sides() external {
        // 1 micro-dollar and 0.35 % are 2; 0.9935 are 0.
        _swap(_script(address(usdc), 1, address(wsei), 4e12));
        (uint256 loss, uint256 volume, , , ) = escrow.status();
        vm.assertEq(loss, 2);
        vm.assertEq(volume, 1);
    }

    function test_a_gain_refills_nothing() external {
        _swap(_fair());
        _swap(_script(address(usdc), 20 * USDC, address(wsei), 160 ether));
        (uint256 loss, uint256 volume, , , ) = escrow.status();
        vm.assertEq(loss, 0.2e6);
        vm.assertEq(volume, 40 * USD);
    }

    function test_a_trade_that_both_feeds_may_hide_is_free() external {
        // 20 * 1.0035 / 0.9935, over 0.25, rounded up: just enough.
        uint256 enough = (uint256(80 ether) * 10_035 + 9_934) / 9_935;
        _swap(_script(address(usdc), 20 * USDC, address(wsei), enough));
        (uint256 loss, , , , ) = escrow.status();
        vm.assertEq(loss, 0);
        _swap(_script(address(usdc), 20 * USDC, address(wsei), enough - 1));
        (loss, , , , ) = escrow.status();
        vm.assertEq(loss, 1);
    }

    // ------------------------------------------------------------ loss

    function test_half_of_the_daily_loss_can_be_lost_at_once() external {
        _limitLoss(0.4e6);
        _swap(_fair());
        (uint256 loss, , , , ) = escrow.status();
        vm.assertEq(loss, 0.2e6);
    }

    function test_a_micro_dollar_over_the_loss_budget_is_refused() external {
        _limitLoss(0.4e6 - 1);
        _refuses(_fair(), abi.encodeWithSelector(Refusal.LossBudgetExceeded.selector, 0.2e6, 0.2e6 - 1));
    }

    function test_a_lost_budget_is_back_after_a_day() external {
        _limitLoss(0.4e6);
        _swap(_fair());
        _skip(1 days - 1);
        _refuses(_fair(), abi.encodeWithSelector(Refusal.LossBudgetExceeded.selector, 0.2e6, 199_997));
        _skip(1);
        _swap(_fair());
    }

    function test_a_lost_budget_comes_back_evenly_and_rounded_down() external {
        _limitLoss(0.4e6);
        _swap(_fair());
        // 200,000 * 43,201 / 86,400 = 100,002.3
        _skip(43_201);
        _refuses(_fair(), abi.encodeWithSelector(Refusal.LossBudgetExceeded.selector, 0.2e6, 100_002));
        _swap(_buy(10 * USDC));
        (uint256 loss, , uint256 since, , ) = escrow.status();
        vm.assertEq(loss, 199_998);
        vm.assertEq(since, _now());
    }

    // ------------------------------------------------------------ volume

    function test_half_of_the_daily_volume_can_be_traded_at_once() external {
        _swap(_buy(50 * USDC));
        _swap(_buy(50 * USDC));
        _refuses(_buy(1), abi.encodeWithSelector(Refusal.VolumeExceeded.selector, 1, 0));
    }

    function test_a_micro_dollar_over_the_volume_is_refused() external {
        _swap(_buy(50 * USDC));
        _swap(_buy(49 * USDC));
        _refuses(_buy(1 * USDC + 1), abi.encodeWithSelector(Refusal.VolumeExceeded.selector, 1e6 + 1, 1e6));
        _swap(_buy(1 * USDC));
    }

    function test_volume_comes_back_evenly() external {
        _swap(_buy(50 * USDC));
        _swap(_buy(50 * USDC));
        _skip(6 hours);
        _refuses(_buy(25 * USDC + 1), abi.encodeWithSelector(Refusal.VolumeExceeded.selector, 25e6 + 1, 25e6));
        _swap(_buy(25 * USDC));
    }

    function test_a_rested_bucket_holds_no_more_than_half_a_day() external {
        _swap(_fair());
        _skip(20 days);
        _swap(_buy(50 * USDC));
        _swap(_buy(50 * USDC));
        _refuses(_buy(1), abi.encodeWithSelector(Refusal.VolumeExceeded.selector, 1, 0));
    }

    function test_volume_counts_in_both_directions() external {
        _swap(_buy(50 * USDC));
        _swap(_script(address(wsei), 200 ether, address(usdc), 50 * USDC));
        _refuses(_buy(1), abi.encodeWithSelector(Refusal.VolumeExceeded.selector, 1, 0));
    }

    function test_odd_limits_are_halved_downwards() external {
        Mandate memory made = _next();
        made.dailyVolume = uint48(40 * USD + 1);
        _adopt(made);
        _refuses(_buy(20 * USDC + 1), abi.encodeWithSelector(Refusal.VolumeExceeded.selector, 20e6 + 1, 20e6));
        _swap(_fair());
    }

    // ------------------------------------------------------------ from mandate to mandate

    function test_the_buckets_outlive_a_mandate() external {
        _swap(_buy(50 * USDC));
        _swap(_buy(30 * USDC));
        (uint256 loss, uint256 volume, uint256 since, , ) = escrow.status();
        _adopt(_next());
        (uint256 lossAfter, uint256 volumeAfter, uint256 sinceAfter, , ) = escrow.status();
        vm.assertEq(loss, lossAfter);
        vm.assertEq(volume, volumeAfter);
        vm.assertEq(since, sinceAfter);
        _refuses(_buy(20 * USDC + 1), abi.encodeWithSelector(Refusal.VolumeExceeded.selector, 20e6 + 1, 20e6));
    }

    function test_the_buckets_outlive_a_revocation() external {
        _swap(_buy(50 * USDC));
        _swap(_buy(50 * USDC));
        vm.prank(owner);
        escrow.revoke(5, "");
        _adopt(_next());
        _refuses(_buy(1), abi.encodeWithSelector(Refusal.VolumeExceeded.selector, 1, 0));
    }

    function test_lower_limits_find_full_buckets_that_empty_within_a_day() external {
        _swap(_buy(50 * USDC));
        _swap(_buy(30 * USDC));
        _lower();
        _refuses(_buy(1), abi.encodeWithSelector(Refusal.LossBudgetExceeded.selector, 2, 0));
        // Of $80 a sixteenth is left, in a bucket of $10.
        _skip(22.5 hours);
        _refuses(_buy(5 * USDC + 1), abi.encodeWithSelector(Refusal.VolumeExceeded.selector, 5e6 + 1, 5e6));
        _swap(_buy(5 * USDC));
        (uint256 loss, uint256 volume, , , ) = escrow.status();
        vm.assertEq(volume, 10 * USD);
        vm.assertEq(loss, 0.1e6);
    }

    function test_lower_limits_and_then_the_higher_ones_again_refill_nothing() external {
        _swap(_buy(50 * USDC));
        _swap(_buy(50 * USDC));
        Mandate memory higher = mandate;
        _lower();
        Trade memory idle = _buy(20 * USDC);
        // Written under the lower limits, by a swap that spends nothing.
        idle.data = abi.encode(
            _orders(address(usdc), 0, address(wsei), 80 ether, address(escrow)),
            _hops(address(usdc), address(wsei))
        );
        _swap(idle);
        (uint256 loss, uint256 volume, , , ) = escrow.status();
        vm.assertEq(volume, 100 * USD);
        vm.assertEq(loss, 1 * USD);
        higher.nonce = escrow.nonce() + 1;
        _adopt(higher);
        _refuses(_buy(1), abi.encodeWithSelector(Refusal.VolumeExceeded.selector, 1, 0));
    }

    function test_higher_limits_leave_what_was_used() external {
        _swap(_buy(50 * USDC));
        _swap(_buy(50 * USDC));
        Mandate memory made = _next();
        made.dailyVolume = uint48(220 * USD);
        _adopt(made);
        _refuses(_buy(10 * USDC + 1), abi.encodeWithSelector(Refusal.VolumeExceeded.selector, 10e6 + 1, 10e6));
        _swap(_buy(10 * USDC));
    }

    function test_limits_of_zero_allow_nothing() external {
        Mandate memory made = _next();
        made.dailyVolume = 0;
        _adopt(made);
        _refuses(_buy(1), abi.encodeWithSelector(Refusal.VolumeExceeded.selector, 1, 0));
        made = _next();
        made.dailyLoss = 0;
        _adopt(made);
        _refuses(_buy(1), abi.encodeWithSelector(Refusal.LossBudgetExceeded.selector, 2, 0));
        made = _next();
        made.tradeCap = 0;
        _adopt(made);
        _refuses(_buy(1), abi.encodeWithSelector(Refusal.TradeCapExceeded.selector, 1, 0));
    }

    function test_the_highest_limits_work() external {
        _adopt(_roomy());
        _give(address(usdc), address(escrow), 120_000_000 * USDC);
        _give(address(wsei), address(router), 480_000_000 ether);
        _swap(_buy(120_000_000 * USDC));
        (uint256 loss, uint256 volume, , , ) = escrow.status();
        vm.assertEq(volume, 120_000_000 * USD);
        vm.assertEq(loss, 1_200_000 * USD);
    }

    /// @dev To $20 of volume and $1 of loss.
    function _lower() private {
        Mandate memory made = _next();
        made.dailyVolume = uint48(20 * USD);
        made.dailyLoss = uint48(1 * USD);
        _adopt(made);
    }

    function _limitLoss(uint48 dailyLoss) private {
        Mandate memory made = _next();
        made.dailyLoss = dailyLoss;
        _adopt(made);
    }
}
