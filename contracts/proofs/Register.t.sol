// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CaretEscrow} from "../CaretEscrow.sol";
import {CaretOrchestrator} from "../CaretOrchestrator.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ICaretErrors as Refusal} from "../interfaces/ICaretErrors.sol";
import {ITokenFactory} from "../interfaces/ITokenFactory.sol";
import {IWSEI} from "../interfaces/IWSEI.sol";
import {Puppet} from "../test/Puppet.sol";
import {Stage} from "./Stage.sol";

/// @notice Who is registered as whose actor, and who may do what to all of them.
contract RegisterTest is Stage {
    address private _new = makeAddr("a new actor");

    // ------------------------------------------------------------ registering

    function test_a_registration_opens_an_escrow_and_announces_both() external {
        address expected = orchestrator.escrowAddress(_number(stranger), 0, 0);
        vm.expectEmit(address(orchestrator));
        emit CaretOrchestrator.EscrowDeployed(stranger, expected, 0, 0);
        vm.expectEmit(address(orchestrator));
        emit CaretOrchestrator.ActorRegistered(stranger, _new, expected, 0, 2 ether);
        vm.prank(server);
        address made = orchestrator.registerActor{value: 2 ether}(_number(stranger), _new);
        vm.assertEq(made, expected);
        vm.assertEq(_new.balance, 2 ether);
        vm.assertEq(orchestrator.escrows(_new), made);
        vm.assertEq(orchestrator.actors(_number(stranger), 0), _new);
        vm.assertEq(orchestrator.actorCount(_number(stranger)), 1);
        vm.assertTrue(orchestrator.isActor(_new));
        vm.assertEq(CaretEscrow(payable(made)).actor(), _new);
    }

    function test_an_owners_escrows_are_numbered() external {
        CaretEscrow second = _open(owner, _new);
        CaretEscrow third = _open(owner, stranger);
        vm.assertEq(orchestrator.actorCount(_number(owner)), 3);
        vm.assertEq(orchestrator.actors(_number(owner), 0), actor);
        vm.assertEq(orchestrator.actors(_number(owner), 1), _new);
        vm.assertEq(orchestrator.actors(_number(owner), 2), stranger);
        vm.assertEq(orchestrator.actors(_number(owner), 3), address(0));
        vm.assertEq(second.index(), 1);
        vm.assertEq(third.index(), 2);
        vm.assertEq(second.actor(), _new);
        vm.assertEq(escrow.actor(), actor);
    }

    function test_the_server_alone_registers() external {
        address[4] memory others = [owner, guardian, admin, stranger];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.startPrank(others[i]);
            vm.expectRevert(abi.encodeWithSelector(Refusal.NotServer.selector, others[i]));
            orchestrator.registerActor(_number(owner), _new);
            vm.expectRevert(abi.encodeWithSelector(Refusal.NotServer.selector, others[i]));
            orchestrator.registerActorWithExit(_number(owner), _new, bytes32(uint256(1)));
            vm.stopPrank();
        }
    }

    function test_an_account_id_is_no_owner() external {
        _refusesOwner(0);
        _refusesOwner(123_456_789);
        _refusesOwner(type(uint64).max);
        _refusesOwner(uint256(type(uint160).max) + 1);
        _refusesOwner(type(uint256).max);
        vm.startPrank(server);
        orchestrator.registerActor(uint256(type(uint64).max) + 1, _new);
        orchestrator.registerActor(type(uint160).max, stranger);
        vm.stopPrank();
    }

    function test_nobody_is_no_actor() external {
        _refusesActor(address(0), abi.encodeWithSelector(Refusal.ActorNotAllowed.selector, address(0)));
    }

    function test_an_owner_is_not_its_own_actor() external {
        _refusesActor(owner, abi.encodeWithSelector(Refusal.ActorNotAllowed.selector, owner));
    }

    function test_an_actor_is_registered_once() external {
        bytes memory reason = abi.encodeWithSelector(
            Refusal.ActorAlreadyRegistered.selector,
            actor,
            address(escrow)
        );
        _refusesActor(actor, reason);
        vm.prank(server);
        vm.expectRevert(reason);
        orchestrator.registerActor(_number(stranger), actor);
    }

    function test_an_actor_that_refuses_its_first_gas_is_not_registered() external {
        Puppet puppet = new Puppet();
        puppet.setAccepting(false);
        vm.startPrank(server);
        vm.expectRevert(abi.encodeWithSelector(Refusal.ActorPaymentFailed.selector, address(puppet), 1));
        orchestrator.registerActor{value: 1}(_number(owner), address(puppet));
        vm.assertTrue(!orchestrator.isActor(address(puppet)));
        orchestrator.registerActor(_number(owner), address(puppet));
        vm.stopPrank();
    }

    function test_nobody_is_registered_before_the_lists_are_closed() external {
        CaretOrchestrator fresh = _fresh();
        vm.prank(server);
        vm.expectRevert(abi.encodeWithSelector(Refusal.NotSealed.selector));
        fresh.registerActor(_number(owner), actor);
        vm.prank(admin);
        fresh.seal();
        vm.prank(server);
        fresh.registerActor(_number(owner), actor);
    }

    function test_registering_stays_below_two_hundred_and_fifty_thousand_gas_at_seis_price() external {
        vm.prank(server);
        orchestrator.registerActor(_number(stranger), _new);
        // Two fresh slots cost 72,000 each there rather than 20,000 + 2,100.
        vm.assertLt(uint256(vm.lastCallGas().gasTotalUsed) + 2 * 52_000, 250_000);
    }

    // ------------------------------------------------------------ pausing

    function test_guardian_server_and_admin_pause() external {
        address[3] memory pausers = [guardian, server, admin];
        for (uint256 i = 0; i < pausers.length; ++i) {
            vm.expectEmit(address(orchestrator));
            emit CaretOrchestrator.Paused(pausers[i]);
            vm.prank(pausers[i]);
            orchestrator.pause();
            vm.assertTrue(orchestrator.tradingPaused());
            vm.expectEmit(address(orchestrator));
            emit CaretOrchestrator.Unpaused(admin);
            vm.prank(admin);
            orchestrator.unpause();
            vm.assertTrue(!orchestrator.tradingPaused());
        }
    }

    function test_nobody_else_pauses() external {
        address[3] memory others = [owner, actor, stranger];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.prank(others[i]);
            vm.expectRevert(abi.encodeWithSelector(Refusal.NotPauser.selector, others[i]));
            orchestrator.pause();
        }
    }

    function test_the_admin_alone_resumes_and_names() external {
        address[3] memory others = [guardian, server, stranger];
        for (uint256 i = 0; i < others.length; ++i) {
            bytes memory reason = abi.encodeWithSignature("OwnableUnauthorizedAccount(address)", others[i]);
            vm.startPrank(others[i]);
            vm.expectRevert(reason);
            orchestrator.unpause();
            vm.expectRevert(reason);
            orchestrator.setServer(others[i]);
            vm.expectRevert(reason);
            orchestrator.setGuardian(others[i]);
            vm.expectRevert(reason);
            orchestrator.seal();
            vm.expectRevert(reason);
            orchestrator.listToken("X", address(usdc), address(0), 0, 0, 0, 0);
            vm.expectRevert(reason);
            orchestrator.listVenue(v2Adapter, v2Router);
            vm.expectRevert(reason);
            orchestrator.switchOff(address(usdc));
            vm.stopPrank();
        }
    }

    function test_a_registration_goes_on_while_trading_is_paused() external {
        vm.prank(guardian);
        orchestrator.pause();
        _open(owner, _new);
    }

    // ------------------------------------------------------------ naming

    function test_server_and_guardian_are_replaced_at_once() external {
        vm.startPrank(admin);
        vm.expectEmit(address(orchestrator));
        emit CaretOrchestrator.ServerSet(stranger);
        orchestrator.setServer(stranger);
        vm.expectEmit(address(orchestrator));
        emit CaretOrchestrator.GuardianSet(_new);
        orchestrator.setGuardian(_new);
        vm.stopPrank();
        vm.assertEq(orchestrator.server(), stranger);
        vm.assertEq(orchestrator.guardian(), _new);
        vm.prank(server);
        vm.expectRevert(abi.encodeWithSelector(Refusal.NotServer.selector, server));
        orchestrator.registerActor(_number(owner), _new);
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(Refusal.NotPauser.selector, guardian));
        orchestrator.pause();
    }

    function test_server_and_guardian_can_be_removed() external {
        vm.startPrank(admin);
        orchestrator.setServer(address(0));
        orchestrator.setGuardian(address(0));
        vm.stopPrank();
        vm.assertEq(orchestrator.server(), address(0));
        vm.assertEq(orchestrator.guardian(), address(0));
    }

    function test_a_new_admin_accepts_first() external {
        vm.prank(admin);
        orchestrator.transferOwnership(stranger);
        vm.assertEq(orchestrator.owner(), admin);
        vm.prank(stranger);
        orchestrator.acceptOwnership();
        vm.assertEq(orchestrator.owner(), stranger);
    }

    function test_the_lists_are_closed_once_and_for_good() external {
        CaretOrchestrator fresh = _fresh();
        vm.startPrank(admin);
        vm.expectEmit(address(fresh));
        emit CaretOrchestrator.Sealed();
        fresh.seal();
        vm.assertTrue(fresh.isSealed());
        vm.expectRevert(abi.encodeWithSelector(Refusal.AlreadySealed.selector));
        fresh.seal();
        vm.stopPrank();
    }

    // ------------------------------------------------------------ deploying

    function test_a_deployment_names_everybody() external {
        CaretOrchestrator fresh = _fresh();
        vm.assertEq(fresh.owner(), admin);
        vm.assertEq(fresh.server(), server);
        vm.assertEq(fresh.guardian(), guardian);
        vm.assertEq(address(fresh.usdt()), address(usdc));
        vm.assertEq(address(fresh.wsei()), address(wsei));
        vm.assertEq(address(fresh.tokenFactory()), address(0));
        vm.assertEq(address(fresh.implementation().orchestrator()), address(fresh));
        vm.assertEq(address(fresh.implementation().wsei()), address(wsei));
        vm.assertTrue(!fresh.isSealed() && !fresh.tradingPaused());
    }

    function test_a_deployment_has_a_quote_token_and_a_wrapper() external {
        vm.expectRevert(abi.encodeWithSelector(Refusal.ZeroAddress.selector));
        new CaretOrchestrator(admin, server, guardian, IERC20(address(0)), IWSEI(address(wsei)), ITokenFactory(address(0)));
        vm.expectRevert(abi.encodeWithSelector(Refusal.ZeroAddress.selector));
        new CaretOrchestrator(admin, server, guardian, IERC20(address(usdc)), IWSEI(address(0)), ITokenFactory(address(0)));
        vm.expectRevert(abi.encodeWithSignature("OwnableInvalidOwner(address)", address(0)));
        new CaretOrchestrator(address(0), server, guardian, IERC20(address(usdc)), IWSEI(address(wsei)), ITokenFactory(address(0)));
    }

    // ------------------------------------------------------------ inside

    function _fresh() private returns (CaretOrchestrator) {
        return
            new CaretOrchestrator(
                admin,
                server,
                guardian,
                IERC20(address(usdc)),
                IWSEI(address(wsei)),
                ITokenFactory(address(0))
            );
    }

    function _refusesOwner(uint256 number) private {
        bytes memory reason = abi.encodeWithSelector(Refusal.OwnerOutOfRange.selector, number);
        vm.startPrank(server);
        vm.expectRevert(reason);
        orchestrator.registerActor(number, _new);
        vm.expectRevert(reason);
        orchestrator.deployEscrow(number, 0, 0);
        vm.expectRevert(reason);
        orchestrator.escrowAddress(number, 0, 0);
        vm.stopPrank();
    }

    function _refusesActor(address actor_, bytes memory reason) private {
        vm.prank(server);
        vm.expectRevert(reason);
        orchestrator.registerActor(_number(owner), actor_);
    }

    function _number(address account) private pure returns (uint256) {
        return uint256(uint160(account));
    }
}
