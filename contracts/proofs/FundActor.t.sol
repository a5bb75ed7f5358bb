// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CaretEscrow} from "../CaretEscrow.sol";
import {ICaretErrors as Refusal} from "../interfaces/ICaretErrors.sol";
import {Mandate} from "../interfaces/ICaretTypes.sol";
import {Puppet} from "../test/Puppet.sol";
import {Scripted} from "./Scripted.sol";

/// @notice The actor's gas: 2 SEI in any 24 hours, one at once, while a mandate is in force.
contract FundActorTest is Scripted {
    function setUp() public override {
        super.setUp();
        vm.deal(address(escrow), 10 ether);
    }

    // ------------------------------------------------------------ what is paid

    function test_native_sei_is_paid_and_announced() external {
        vm.expectEmit(address(escrow));
        emit CaretEscrow.ActorFunded(0.4 ether);
        _fund(NATIVE, 0.4 ether);
        vm.assertEq(actor.balance, 0.4 ether);
        vm.assertEq(address(escrow).balance, 9.6 ether);
        vm.assertEq(wsei.balanceOf(address(escrow)), 1_000_000 ether);
    }

    function test_wrapped_sei_is_unwrapped_and_paid() external {
        _fund(address(wsei), 0.4 ether);
        vm.assertEq(actor.balance, 0.4 ether);
        vm.assertEq(address(escrow).balance, 10 ether);
        vm.assertEq(wsei.balanceOf(address(escrow)), 1_000_000 ether - 0.4 ether);
    }

    function test_a_shortfall_of_native_sei_is_unwrapped() external {
        vm.deal(address(escrow), 0.1 ether);
        _fund(NATIVE, 0.4 ether);
        vm.assertEq(actor.balance, 0.4 ether);
        vm.assertEq(address(escrow).balance, 0);
        vm.assertEq(wsei.balanceOf(address(escrow)), 1_000_000 ether - 0.3 ether);
    }

    function test_wrapped_sei_is_not_made_up_from_native() external {
        _leaveWrapped(0.3 ether);
        _refusesFund(
            address(wsei),
            0.4 ether,
            abi.encodeWithSelector(Refusal.InsufficientBalance.selector, address(wsei), 0.3 ether, 0.4 ether)
        );
        _fund(address(wsei), 0.3 ether);
    }

    function test_more_than_there_is_is_refused() external {
        _leaveWrapped(0.3 ether);
        vm.deal(address(escrow), 0.1 ether - 1);
        _refusesFund(
            NATIVE,
            0.4 ether,
            abi.encodeWithSelector(Refusal.InsufficientBalance.selector, NATIVE, 0.4 ether - 1, 0.4 ether)
        );
        vm.deal(address(escrow), 0.1 ether);
        _fund(NATIVE, 0.4 ether);
    }

    function test_gas_is_paid_in_sei_only() external {
        _refusesFund(address(usdc), 1, abi.encodeWithSelector(Refusal.NotGasToken.selector, address(usdc)));
    }

    function test_nothing_is_not_paid() external {
        _refusesFund(NATIVE, 0, abi.encodeWithSelector(Refusal.ZeroAmount.selector));
    }

    // ------------------------------------------------------------ who and when

    function test_the_actor_alone_draws_gas() external {
        address[4] memory others = [owner, server, admin, stranger];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.prank(others[i]);
            vm.expectRevert(abi.encodeWithSelector(Refusal.NotActor.selector, others[i]));
            escrow.fundActor(NATIVE, 1);
        }
        address other = makeAddr("another actor");
        _open(owner, other);
        vm.prank(other);
        vm.expectRevert(abi.encodeWithSelector(Refusal.NotActor.selector, other));
        escrow.fundActor(NATIVE, 1);
    }

    function test_a_pause_stops_gas() external {
        vm.prank(guardian);
        orchestrator.pause();
        _refusesFund(NATIVE, 1, abi.encodeWithSelector(Refusal.TradingPaused.selector));
        vm.prank(admin);
        orchestrator.unpause();
        _fund(NATIVE, 1);
    }

    function test_a_revocation_stops_gas() external {
        vm.prank(owner);
        escrow.revoke(2, "");
        _refusesFund(NATIVE, 1, abi.encodeWithSelector(Refusal.NoMandate.selector));
    }

    function test_a_drop_stops_gas() external {
        vm.prank(server);
        escrow.drop();
        _refusesFund(NATIVE, 1, abi.encodeWithSelector(Refusal.NoMandate.selector));
    }

    function test_gas_ends_with_the_mandate() external {
        vm.warp(mandate.validUntil);
        _fund(NATIVE, 1);
        vm.warp(uint256(mandate.validUntil) + 1);
        _refusesFund(
            NATIVE,
            1,
            abi.encodeWithSelector(
                Refusal.MandateExpired.selector,
                mandate.validUntil,
                uint256(mandate.validUntil) + 1
            )
        );
    }

    function test_a_fresh_escrow_pays_no_gas() external {
        address other = makeAddr("another actor");
        escrow = _open(owner, other);
        actor = other;
        vm.deal(address(escrow), 1 ether);
        _refusesFund(NATIVE, 1, abi.encodeWithSelector(Refusal.NoMandate.selector));
    }

    function test_the_default_mandate_pays_gas_until_it_is_dropped() external {
        actor = makeAddr("another actor");
        escrow = _openWithExit(owner, actor, CODE);
        vm.deal(address(escrow), 5 ether);
        _fund(NATIVE, 1 ether);
        vm.prank(server);
        escrow.drop();
        _skip(1 days);
        _refusesFund(NATIVE, 1, abi.encodeWithSelector(Refusal.NoMandate.selector));
    }

    // ------------------------------------------------------------ how much

    function test_one_sei_can_be_drawn_at_once() external {
        vm.assertEq(escrow.gasAvailable(), 1 ether);
        _refusesFund(
            NATIVE,
            1 ether + 1,
            abi.encodeWithSelector(Refusal.GasLimitExceeded.selector, 1 ether + 1, 1 ether)
        );
        _fund(NATIVE, 1 ether);
        vm.assertEq(escrow.gasAvailable(), 0);
        _refusesFund(address(wsei), 1, abi.encodeWithSelector(Refusal.GasLimitExceeded.selector, 1, 0));
    }

    function test_gas_comes_back_evenly_over_a_day() external {
        _fund(NATIVE, 1 ether);
        vm.warp(_now() + 6 hours);
        vm.assertEq(escrow.gasAvailable(), 0.25 ether);
        _refusesFund(
            NATIVE,
            0.25 ether + 1,
            abi.encodeWithSelector(Refusal.GasLimitExceeded.selector, 0.25 ether + 1, 0.25 ether)
        );
        _fund(NATIVE, 0.25 ether);
        vm.warp(_now() + 1 days - 1);
        vm.assertEq(escrow.gasAvailable(), 999_988e12);
        vm.warp(_now() + 1);
        vm.assertEq(escrow.gasAvailable(), 1 ether);
        vm.warp(_now() + 9 days);
        vm.assertEq(escrow.gasAvailable(), 1 ether);
    }

    function test_a_wei_counts_as_a_whole_micro_sei() external {
        _fund(NATIVE, 1);
        vm.assertEq(escrow.gasAvailable(), 1 ether - 1e12);
        _fund(NATIVE, 1e12);
        vm.assertEq(escrow.gasAvailable(), 1 ether - 2e12);
        _fund(NATIVE, 1e12 + 1);
        vm.assertEq(escrow.gasAvailable(), 1 ether - 4e12);
    }

    function test_native_and_wrapped_sei_share_a_bucket() external {
        _fund(NATIVE, 0.6 ether);
        _refusesFund(
            address(wsei),
            0.4 ether + 1,
            abi.encodeWithSelector(Refusal.GasLimitExceeded.selector, 0.4 ether + 1, 0.4 ether)
        );
        _fund(address(wsei), 0.4 ether);
    }

    function test_gas_and_trades_do_not_know_each_other() external {
        _swap(_buy(50 * USDC));
        _fund(NATIVE, 1 ether);
        (uint256 loss, uint256 volume, uint256 since, , ) = escrow.status();
        vm.assertEq(loss, 0.5e6);
        vm.assertEq(volume, 50 * USD);
        _skip(12 hours);
        _fund(NATIVE, 0.5 ether);
        (uint256 lossAfter, uint256 volumeAfter, uint256 sinceAfter, , ) = escrow.status();
        vm.assertEq(lossAfter, loss);
        vm.assertEq(volumeAfter, volume);
        vm.assertEq(sinceAfter, since);
        _skip(6 hours);
        _swap(_buy(1 * USDC));
        vm.assertEq(escrow.gasAvailable(), 0.25 ether);
    }

    function test_the_gas_bucket_outlives_a_mandate() external {
        _fund(NATIVE, 1 ether);
        _adopt(_next());
        vm.assertEq(escrow.gasAvailable(), 0);
        vm.prank(owner);
        escrow.revoke(7, "");
        _adopt(_next());
        _refusesFund(NATIVE, 1, abi.encodeWithSelector(Refusal.GasLimitExceeded.selector, 1, 0));
    }

    // ------------------------------------------------------------ an actor that is a contract

    function test_an_actor_that_refuses_its_gas_is_told_so() external {
        Puppet puppet = _puppet();
        puppet.setAccepting(false);
        vm.expectRevert(
            abi.encodeWithSelector(Refusal.ActorPaymentFailed.selector, address(puppet), 0.2 ether)
        );
        puppet.run(address(escrow), abi.encodeCall(CaretEscrow.fundActor, (NATIVE, 0.2 ether)));
    }

    function test_an_actor_that_calls_back_finds_the_door_shut() external {
        Puppet puppet = _puppet();
        bytes memory order = abi.encodeCall(CaretEscrow.fundActor, (NATIVE, 0.2 ether));
        puppet.arm(address(escrow), order);
        puppet.run(address(escrow), order);
        vm.assertTrue(puppet.touched() && !puppet.succeeded());
        vm.assertEq(puppet.answer(), abi.encodeWithSignature("ReentrancyGuardReentrantCall()"));
        vm.assertEq(address(puppet).balance, 0.2 ether);
        vm.assertEq(escrow.gasAvailable(), 0.8 ether);
    }

    // ------------------------------------------------------------ inside

    function _puppet() private returns (Puppet puppet) {
        puppet = new Puppet();
        escrow = _open(owner, address(puppet));
        vm.deal(address(escrow), 5 ether);
        _adopt(_next());
    }

    function _fund(address token, uint256 amount) private {
        vm.prank(actor);
        escrow.fundActor(token, amount);
    }

    function _refusesFund(address token, uint256 amount, bytes memory reason) private {
        vm.prank(actor);
        vm.expectRevert(reason);
        escrow.fundActor(token, amount);
    }

    function _leaveWrapped(uint256 amount) private {
        uint256 held = wsei.balanceOf(address(escrow));
        vm.prank(owner);
        escrow.withdraw(address(wsei), owner, held - amount);
    }
}
