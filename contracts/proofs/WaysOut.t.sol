// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CaretEscrow} from "../CaretEscrow.sol";
import {ICaretErrors as Refusal} from "../interfaces/ICaretErrors.sol";
import {Puppet} from "../test/Puppet.sol";
import {Vm} from "./Forge.sol";
import {Scripted} from "./Scripted.sol";
import {Glutton} from "./Signers.sol";

/// @notice The owner's withdrawal, and releases to the owner; the exit code is in Exit.t.sol.
contract WaysOutTest is Scripted {
    function setUp() public override {
        super.setUp();
        vm.deal(address(escrow), 10 ether);
    }

    // ------------------------------------------------------------ withdrawing

    function test_the_owner_withdraws_to_anybody() external {
        vm.expectEmit(address(escrow));
        emit CaretEscrow.Withdrawn(address(usdc), stranger, 7);
        _withdraw(address(usdc), stranger, 7);
        vm.assertEq(usdc.balanceOf(stranger), 7);
    }

    function test_nobody_else_withdraws() external {
        address[5] memory others = [actor, server, guardian, admin, stranger];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.prank(others[i]);
            vm.expectRevert(abi.encodeWithSelector(Refusal.NotOwner.selector, others[i]));
            escrow.withdraw(address(usdc), owner, 1);
        }
    }

    function test_the_highest_amount_stands_for_all() external {
        vm.expectEmit(address(escrow));
        emit CaretEscrow.Withdrawn(address(usdc), owner, 1_000_000 * USDC);
        _withdraw(address(usdc), owner, type(uint256).max);
        vm.assertEq(usdc.balanceOf(address(escrow)), 0);
    }

    function test_all_native_sei_takes_the_wrapped_along() external {
        vm.expectEmit(address(escrow));
        emit CaretEscrow.Withdrawn(NATIVE, owner, 1_000_010 ether);
        _withdraw(NATIVE, owner, type(uint256).max);
        vm.assertEq(owner.balance, 1_000_010 ether);
        vm.assertEq(wsei.balanceOf(address(escrow)), 0);
        vm.assertEq(address(escrow).balance, 0);
    }

    function test_native_sei_is_unwrapped_for_a_shortfall_only() external {
        _withdraw(NATIVE, owner, 10 ether);
        vm.assertEq(wsei.balanceOf(address(escrow)), 1_000_000 ether);
        _withdraw(NATIVE, owner, 4 ether);
        vm.assertEq(wsei.balanceOf(address(escrow)), 999_996 ether);
        vm.assertEq(address(escrow).balance, 0);
        vm.assertEq(owner.balance, 14 ether);
    }

    function test_more_than_there_is_is_refused() external {
        bytes memory reason = abi.encodeWithSelector(
            Refusal.InsufficientBalance.selector,
            NATIVE,
            1_000_010 ether,
            1_000_010 ether + 1
        );
        vm.prank(owner);
        vm.expectRevert(reason);
        escrow.withdraw(NATIVE, owner, 1_000_010 ether + 1);
        vm.prank(owner);
        vm.expectRevert(
            abi.encodeWithSignature(
                "ERC20InsufficientBalance(address,uint256,uint256)",
                address(escrow),
                1_000_000 * USDC,
                1_000_000 * USDC + 1
            )
        );
        escrow.withdraw(address(usdc), owner, 1_000_000 * USDC + 1);
    }

    function test_nothing_is_not_withdrawn() external {
        vm.startPrank(owner);
        vm.expectRevert(abi.encodeWithSelector(Refusal.ZeroAmount.selector));
        escrow.withdraw(address(usdc), owner, 0);
        escrow.withdraw(address(usdc), owner, type(uint256).max);
        vm.expectRevert(abi.encodeWithSelector(Refusal.ZeroAmount.selector));
        escrow.withdraw(address(usdc), owner, type(uint256).max);
    }

    function test_nobody_is_not_paid() external {
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(Refusal.ZeroAddress.selector));
        escrow.withdraw(address(usdc), address(0), 1);
    }

    function test_a_receiver_that_refuses_native_sei_gets_it_wrapped() external {
        Puppet puppet = new Puppet();
        puppet.setAccepting(false);
        vm.expectEmit(address(escrow));
        emit CaretEscrow.Withdrawn(address(wsei), address(puppet), 12 ether);
        _withdraw(NATIVE, address(puppet), 12 ether);
        vm.assertEq(wsei.balanceOf(address(puppet)), 12 ether);
        vm.assertEq(address(puppet).balance, 0);
        vm.assertEq(wsei.balanceOf(address(escrow)), 999_998 ether);
    }

    function test_a_receiver_gets_a_hundred_thousand_gas() external {
        address modest = address(new Glutton(99_000));
        _withdraw(NATIVE, modest, 1 ether);
        vm.assertEq(modest.balance, 1 ether);
        // The call's own stipend comes on top.
        address greedy = address(new Glutton(102_400));
        _withdraw(NATIVE, greedy, 1 ether);
        vm.assertEq(greedy.balance, 0);
        vm.assertEq(wsei.balanceOf(greedy), 1 ether);
    }

    function test_a_receiver_that_calls_back_finds_the_door_shut() external {
        Puppet puppet = new Puppet();
        escrow = _open(address(puppet), makeAddr("another actor"));
        vm.deal(address(escrow), 2 ether);
        bytes memory order = abi.encodeCall(CaretEscrow.withdraw, (NATIVE, address(puppet), 1 ether));
        puppet.arm(address(escrow), order);
        puppet.run(address(escrow), order);
        vm.assertTrue(puppet.touched() && !puppet.succeeded());
        vm.assertEq(puppet.answer(), abi.encodeWithSignature("ReentrancyGuardReentrantCall()"));
        vm.assertEq(address(puppet).balance, 1 ether);
    }

    // ------------------------------------------------------------ nothing in the way

    function test_the_owner_needs_no_orchestrator_and_no_feed() external {
        _silenceAll();
        _withdraw(address(usdc), owner, 5);
        _withdraw(NATIVE, stranger, 11 ether);
        vm.startPrank(owner);
        escrow.releaseFunds(address(usdc), owner, 5);
        escrow.releaseFunds(NATIVE, owner, 3 ether);
        escrow.revoke(50, "");
        escrow.drop();
        vm.stopPrank();
        vm.assertEq(usdc.balanceOf(owner), 10);
        vm.assertEq(stranger.balance, 11 ether);
        vm.assertEq(owner.balance, 3 ether);
    }

    function test_no_pause_and_no_list_gates_a_way_out() external {
        vm.prank(guardian);
        orchestrator.pause();
        vm.startPrank(admin);
        orchestrator.switchOff(address(usdc));
        orchestrator.switchOff(address(wsei));
        orchestrator.switchOff(address(adapter));
        vm.stopPrank();
        _withdraw(address(usdc), owner, 1);
        _withdraw(NATIVE, owner, 1_000_000 ether);
        vm.prank(server);
        escrow.releaseFunds(address(usdc), owner, 1);
        vm.prank(owner);
        escrow.releaseFunds(NATIVE, owner, 1);
        vm.prank(owner);
        escrow.revoke(3, "");
        vm.prank(server);
        escrow.drop();
    }

    function test_a_paused_orchestrator_does_not_stop_a_signature() external {
        vm.prank(guardian);
        orchestrator.pause();
        _adopt(_next());
        escrow.revoke(9, _signedRevoke(9));
    }

    // ------------------------------------------------------------ releasing

    function test_server_and_owner_release_to_the_owner() external {
        vm.expectEmit(address(escrow));
        emit CaretEscrow.Released(address(usdc), owner, 3);
        vm.prank(server);
        escrow.releaseFunds(address(usdc), owner, 3);
        vm.expectEmit(address(escrow));
        emit CaretEscrow.Released(NATIVE, owner, 11 ether);
        vm.prank(owner);
        escrow.releaseFunds(NATIVE, owner, 11 ether);
        vm.assertEq(usdc.balanceOf(owner), 3);
        vm.assertEq(owner.balance, 11 ether);
        vm.assertEq(wsei.balanceOf(address(escrow)), 999_999 ether);
    }

    function test_a_release_goes_to_nobody_else() external {
        address[4] memory others = [server, actor, stranger, address(0)];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.prank(server);
            vm.expectRevert(abi.encodeWithSelector(Refusal.NotTheOwner.selector, others[i], owner));
            escrow.releaseFunds(address(usdc), others[i], 1);
        }
    }

    function test_nobody_else_releases() external {
        address[4] memory others = [actor, guardian, admin, stranger];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.prank(others[i]);
            vm.expectRevert(abi.encodeWithSelector(Refusal.NotServerOrOwner.selector, others[i]));
            escrow.releaseFunds(address(usdc), owner, 1);
        }
    }

    function test_a_replaced_server_releases_no_more() external {
        vm.prank(admin);
        orchestrator.setServer(stranger);
        vm.prank(server);
        vm.expectRevert(abi.encodeWithSelector(Refusal.NotServerOrOwner.selector, server));
        escrow.releaseFunds(address(usdc), owner, 1);
        vm.prank(stranger);
        escrow.releaseFunds(address(usdc), owner, 1);
    }

    function test_nothing_is_not_released() external {
        vm.prank(server);
        vm.expectRevert(abi.encodeWithSelector(Refusal.ZeroAmount.selector));
        escrow.releaseFunds(address(usdc), owner, 0);
    }

    function test_no_more_than_there_is_is_released() external {
        vm.prank(server);
        vm.expectRevert(
            abi.encodeWithSelector(
                Refusal.InsufficientBalance.selector,
                NATIVE,
                1_000_010 ether,
                type(uint256).max
            )
        );
        escrow.releaseFunds(NATIVE, owner, type(uint256).max);
    }

    function test_an_owner_that_refuses_native_sei_is_released_wrapped_sei() external {
        Puppet puppet = new Puppet();
        puppet.setAccepting(false);
        escrow = _open(address(puppet), makeAddr("another actor"));
        vm.deal(address(escrow), 2 ether);
        vm.expectEmit(address(escrow));
        emit CaretEscrow.Released(address(wsei), address(puppet), 2 ether);
        vm.prank(server);
        escrow.releaseFunds(NATIVE, address(puppet), 2 ether);
        vm.assertEq(wsei.balanceOf(address(puppet)), 2 ether);
    }

    // ------------------------------------------------------------ coming in

    function test_native_sei_that_comes_in_is_announced() external {
        vm.deal(stranger, 1 ether);
        vm.expectEmit(address(escrow));
        emit CaretEscrow.Received(stranger, 1 ether);
        vm.prank(stranger);
        (bool sent, ) = address(escrow).call{value: 1 ether}("");
        vm.assertTrue(sent);
        vm.assertEq(escrow.balance(NATIVE), 11 ether);
        vm.assertEq(escrow.balance(address(usdc)), 1_000_000 * USDC);
    }

    function test_unwrapping_is_not_announced() external {
        vm.recordLogs();
        _withdraw(NATIVE, owner, 11 ether);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        // Burnt and paid by the wrapper, withdrawn by the escrow.
        vm.assertEq(logs.length, 3);
        vm.assertEq(logs[2].emitter, address(escrow));
        vm.assertEq(logs[2].topics[0], CaretEscrow.Withdrawn.selector);
    }

    function test_a_deposit_takes_less_than_thirty_thousand_gas() external {
        vm.deal(stranger, 1 ether);
        vm.prank(stranger);
        (bool sent, ) = address(escrow).call{value: 1 ether, gas: 9_000}("");
        vm.assertTrue(sent);
    }

    // ------------------------------------------------------------ inside

    function _withdraw(address token, address to, uint256 amount) private {
        vm.prank(owner);
        escrow.withdraw(token, to, amount);
    }

    /// @dev Whoever calls these fails.
    function _silenceAll() private {
        vm.etch(address(orchestrator), hex"fe");
        vm.etch(address(seiFeed), hex"fe");
        vm.etch(address(usdcFeed), hex"fe");
        vm.expectCall(address(orchestrator), "", 0);
        vm.expectCall(address(seiFeed), "", 0);
        vm.expectCall(address(usdcFeed), "", 0);
    }
}
