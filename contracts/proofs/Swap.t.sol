// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CaretEscrow} from "../CaretEscrow.sol";
import {ICaretErrors as Refusal} from "../interfaces/ICaretErrors.sol";
import {Mandate, Trade} from "../interfaces/ICaretTypes.sol";
import {Scripted} from "./Scripted.sol";

/// @notice What a swap must be to happen at all; what it may cost is in Budget.t.sol.
contract SwapTest is Scripted {
    function test_a_swap_returns_and_announces_what_the_balances_did() external {
        Trade memory trade = _script(address(usdc), 20 * USDC, address(wsei), 80 ether);
        trade.id += 4;
        vm.expectEmit(address(escrow));
        // $20 at most 0.35 % more for $20 at least 0.65 % less: 20.07 - 19.87.
        emit CaretEscrow.Swapped(
            trade.id,
            address(adapter),
            address(usdc),
            address(wsei),
            20 * USDC,
            80 ether,
            20 * USD,
            0.2e6
        );
        (uint256 spent, uint256 got) = _swap(trade);
        vm.assertEq(spent, 20 * USDC);
        vm.assertEq(got, 80 ether);
        vm.assertEq(escrow.sequence(), trade.id);
        vm.assertEq(usdc.balanceOf(address(escrow)), 999_980 * USDC);
        vm.assertEq(wsei.balanceOf(address(escrow)), 1_000_080 ether);
    }

    // ------------------------------------------------------------ when

    function test_the_deadline_is_inclusive() external {
        Trade memory trade = _fair();
        trade.deadline = _now() + 5;
        vm.warp(trade.deadline);
        _swap(trade);
    }

    function test_a_second_after_the_deadline_is_too_late() external {
        Trade memory trade = _fair();
        trade.deadline = _now() + 5;
        vm.warp(trade.deadline + 1);
        _refuses(trade, abi.encodeWithSelector(Refusal.DeadlinePassed.selector, trade.deadline, trade.deadline + 1));
    }

    function test_a_used_id_is_used() external {
        Trade memory trade = _fair();
        _swap(trade);
        _refuses(trade, abi.encodeWithSelector(Refusal.IdOutOfRange.selector, 1, 1));
    }

    function test_a_skipped_id_never_runs() external {
        Trade memory trade = _fair();
        trade.id = 10;
        _swap(trade);
        trade.id = 9;
        _refuses(trade, abi.encodeWithSelector(Refusal.IdOutOfRange.selector, 9, 10));
    }

    function test_an_id_may_lie_1024_ahead() external {
        Trade memory trade = _fair();
        _swap(trade);
        trade.id = 1 + 1024;
        _swap(trade);
        vm.assertEq(escrow.sequence(), 1025);
    }

    function test_an_id_may_not_lie_1025_ahead() external {
        Trade memory trade = _fair();
        _swap(trade);
        trade.id = 1 + 1025;
        _refuses(trade, abi.encodeWithSelector(Refusal.IdOutOfRange.selector, 1026, 1));
    }

    function test_an_id_of_zero_is_none() external {
        Trade memory trade = _fair();
        trade.id = 0;
        _refuses(trade, abi.encodeWithSelector(Refusal.IdOutOfRange.selector, 0, 0));
    }

    /// @dev Else 4.2 million swaps of dust would start the ids anew.
    function test_ids_end_where_the_sequence_does() external {
        uint256 last = type(uint32).max;
        bytes32 slot = vm.load(address(escrow), bytes32(0));
        // flags 8 | sequence 32 | gas at 32 | gas 24 | since 32 | volume 48 | loss 48, from the highest bit down.
        vm.store(address(escrow), bytes32(0), slot | bytes32((last - 1) << 184));
        vm.assertEq(escrow.sequence(), last - 1);
        Trade memory trade = _fair();
        trade.id = last + 1;
        _refuses(trade, abi.encodeWithSelector(Refusal.IdOutOfRange.selector, last + 1, last - 1));
        trade.id = last;
        _swap(trade);
        vm.assertEq(escrow.sequence(), last);
        trade.id = last + 1;
        _refuses(trade, abi.encodeWithSelector(Refusal.IdOutOfRange.selector, last + 1, last));
    }

    function test_a_pause_stops_swaps_and_its_end_lets_them_go_on() external {
        vm.prank(guardian);
        orchestrator.pause();
        _refuses(_fair(), abi.encodeWithSelector(Refusal.TradingPaused.selector));
        vm.prank(admin);
        orchestrator.unpause();
        _swap(_fair());
    }

    // ------------------------------------------------------------ who

    function test_only_the_actor_swaps() external {
        address[4] memory others = [owner, server, admin, stranger];
        Trade memory trade = _fair();
        Mandate memory held = mandate;
        for (uint256 i = 0; i < others.length; ++i) {
            vm.prank(others[i]);
            vm.expectRevert(abi.encodeWithSelector(Refusal.NotActor.selector, others[i]));
            escrow.swap(trade, held);
        }
    }

    function test_the_actor_of_one_escrow_is_none_of_another() external {
        address other = makeAddr("another actor");
        CaretEscrow second = _open(owner, other);
        Mandate memory held = mandate;
        second.setMandate(held, _sign(ownerKey, second, _hashOf(held)));
        Trade memory trade = _fair();
        vm.prank(actor);
        vm.expectRevert(abi.encodeWithSelector(Refusal.NotActor.selector, actor));
        second.swap(trade, held);
        vm.prank(other);
        vm.expectRevert(abi.encodeWithSelector(Refusal.NotActor.selector, other));
        escrow.swap(trade, held);
    }

    // ------------------------------------------------------------ what the mandate covers

    function test_another_mandate_than_the_one_in_force_is_refused() external {
        Mandate memory other = mandate;
        other.tradeCap += 1;
        Trade memory trade = _fair();
        vm.expectRevert(
            abi.encodeWithSelector(Refusal.NotTheMandate.selector, _wordOf(other), _wordOf(mandate))
        );
        vm.prank(actor);
        escrow.swap(trade, other);
    }

    function test_the_mandate_in_force_with_another_end_is_refused() external {
        Mandate memory other = mandate;
        other.validUntil += 1;
        Trade memory trade = _fair();
        vm.expectRevert(
            abi.encodeWithSelector(Refusal.NotTheMandate.selector, _wordOf(other), _wordOf(mandate))
        );
        vm.prank(actor);
        escrow.swap(trade, other);
    }

    function test_only_tokens_of_the_mandate_are_spent() external {
        _narrow();
        Trade memory trade = _script(address(weth), 0.005 ether, address(usdc), 20 * USDC);
        _refuses(trade, abi.encodeWithSelector(Refusal.TokenNotInMandate.selector, address(weth)));
    }

    function test_only_tokens_of_the_mandate_are_bought() external {
        _narrow();
        Trade memory trade = _script(address(usdc), 20 * USDC, address(weth), 0.005 ether);
        _refuses(trade, abi.encodeWithSelector(Refusal.TokenNotInMandate.selector, address(weth)));
    }

    function test_only_venues_of_the_mandate_are_used() external {
        _narrow();
        Trade memory trade = _v2Trade(address(usdc), address(wsei), 20 * USDC);
        trade.deadline = _now();
        _refuses(trade, abi.encodeWithSelector(Refusal.VenueNotInMandate.selector, v2Adapter));
    }

    function test_a_mandate_without_tokens_covers_none() external {
        Mandate memory made = _next();
        made.tokens = new address[](0);
        _adopt(made);
        _refuses(_fair(), abi.encodeWithSelector(Refusal.TokenNotInMandate.selector, address(usdc)));
    }

    // ------------------------------------------------------------ amounts

    function test_nothing_is_not_spent() external {
        Trade memory trade = _fair();
        trade.amountIn = 0;
        _refuses(trade, abi.encodeWithSelector(Refusal.ZeroAmount.selector));
    }

    function test_nothing_is_not_wanted() external {
        Trade memory trade = _fair();
        trade.minOut = 0;
        _refuses(trade, abi.encodeWithSelector(Refusal.ZeroAmount.selector));
    }

    function test_a_router_that_takes_one_unit_more_is_refused() external {
        Trade memory trade = _fair();
        trade.amountIn -= 1;
        _refuses(trade, abi.encodeWithSelector(Refusal.Overspent.selector, 20 * USDC, 20 * USDC - 1));
    }

    function test_a_router_can_take_no_more_than_the_unit_that_gives_it_away() external {
        Trade memory trade = _fair();
        trade.amountIn -= 2;
        _refuses(
            trade,
            abi.encodeWithSignature(
                "ERC20InsufficientAllowance(address,uint256,uint256)",
                address(router),
                20 * USDC - 1,
                20 * USDC
            )
        );
    }

    function test_exactly_the_least_is_enough() external {
        Trade memory trade = _fair();
        vm.assertEq(trade.minOut, 80 ether);
        _swap(trade);
    }

    function test_one_unit_less_than_the_least_is_refused() external {
        Trade memory trade = _fair();
        trade.minOut += 1;
        _refuses(trade, abi.encodeWithSelector(Refusal.TooLittleReceived.selector, 80 ether, 80 ether + 1));
    }

    function test_what_goes_to_somebody_else_was_not_received() external {
        Trade memory trade = _fair();
        bytes memory orders = _orders(address(usdc), 20 * USDC, address(wsei), 80 ether, stranger);
        trade.data = abi.encode(orders, _hops(address(usdc), address(wsei)));
        _refuses(trade, abi.encodeWithSelector(Refusal.TooLittleReceived.selector, 0, 80 ether));
    }

    function test_what_was_not_taken_does_not_count() external {
        Trade memory trade = _fair();
        trade.amountIn = 45 * USDC;
        (uint256 spent, ) = _swap(trade);
        vm.assertEq(spent, 20 * USDC);
        (, uint256 volume, , , ) = escrow.status();
        vm.assertEq(volume, 20 * USD);
    }

    function test_a_router_that_gives_what_it_should_take_has_taken_nothing() external {
        Trade memory trade = _fair();
        bytes memory orders = _orders(address(wsei), 0, address(usdc), 5 * USDC, address(escrow));
        trade.data = abi.encode(orders, _hops(address(usdc), address(wsei)));
        _refuses(trade, abi.encodeWithSelector(Refusal.TooLittleReceived.selector, 0, 80 ether));
    }

    function test_a_router_that_takes_nothing_and_gives_is_welcome() external {
        (uint256 spent, uint256 got) = _swap(_gift());
        vm.assertEq(spent, 0);
        vm.assertEq(got, 80 ether);
    }

    function test_a_token_that_is_not_held_is_not_spent() external {
        uint256 held = usdc.balanceOf(address(escrow));
        vm.prank(owner);
        escrow.withdraw(address(usdc), owner, held - 7 * USDC);
        _refuses(
            _fair(),
            abi.encodeWithSelector(Refusal.InsufficientBalance.selector, address(usdc), 7 * USDC, 20 * USDC)
        );
    }

    function test_all_that_is_held_can_be_spent() external {
        uint256 held = usdc.balanceOf(address(escrow));
        vm.prank(owner);
        escrow.withdraw(address(usdc), owner, held - 20 * USDC);
        _swap(_fair());
        vm.assertEq(usdc.balanceOf(address(escrow)), 0);
    }

    // ------------------------------------------------------------ native SEI

    function test_a_shortfall_of_wrapped_sei_is_wrapped_and_no_more() external {
        _leaveSei({wrapped: 30 ether, native: 100 ether});
        (uint256 spent, ) = _swap(_script(address(wsei), 80 ether, address(usdc), 20 * USDC));
        vm.assertEq(spent, 80 ether);
        vm.assertEq(address(escrow).balance, 50 ether);
        vm.assertEq(wsei.balanceOf(address(escrow)), 0);
    }

    function test_the_last_native_sei_can_be_wrapped() external {
        _leaveSei({wrapped: 30 ether, native: 50 ether});
        _swap(_script(address(wsei), 80 ether, address(usdc), 20 * USDC));
        vm.assertEq(address(escrow).balance, 0);
    }

    function test_native_sei_stays_native_where_wrapped_is_enough() external {
        _leaveSei({wrapped: 80 ether, native: 50 ether});
        _swap(_script(address(wsei), 80 ether, address(usdc), 20 * USDC));
        vm.assertEq(address(escrow).balance, 50 ether);
    }

    function test_native_and_wrapped_sei_count_together_when_both_are_too_little() external {
        _leaveSei({wrapped: 30 ether, native: 50 ether - 1});
        _refuses(
            _script(address(wsei), 80 ether, address(usdc), 20 * USDC),
            abi.encodeWithSelector(Refusal.InsufficientBalance.selector, address(wsei), 80 ether - 1, 80 ether)
        );
    }

    function test_native_sei_pays_for_wrapped_sei_only() external {
        vm.deal(address(escrow), 1_000 ether);
        vm.startPrank(owner);
        escrow.withdraw(address(usdc), owner, type(uint256).max);
        vm.stopPrank();
        _refuses(
            _fair(),
            abi.encodeWithSelector(Refusal.InsufficientBalance.selector, address(usdc), 0, 20 * USDC)
        );
    }

    function test_bought_sei_stays_wrapped() external {
        _leaveSei({wrapped: 0, native: 5 ether});
        _swap(_fair());
        vm.assertEq(wsei.balanceOf(address(escrow)), 80 ether);
        vm.assertEq(address(escrow).balance, 5 ether);
    }

    // ------------------------------------------------------------ inside

    function _narrow() private {
        Mandate memory made = _next();
        made.tokens = _hops(address(usdc), address(wsei));
        made.adapters = new address[](1);
        made.adapters[0] = address(adapter);
        _adopt(made);
        _swap(_fair());
    }

    function _gift() private view returns (Trade memory trade) {
        trade = _fair();
        bytes memory orders = _orders(address(usdc), 0, address(wsei), 80 ether, address(escrow));
        trade.data = abi.encode(orders, _hops(address(usdc), address(wsei)));
    }

    function _leaveSei(uint256 wrapped, uint256 native) private {
        vm.deal(address(escrow), native);
        uint256 held = wsei.balanceOf(address(escrow));
        vm.prank(owner);
        escrow.withdraw(address(wsei), owner, held - wrapped);
    }
}
