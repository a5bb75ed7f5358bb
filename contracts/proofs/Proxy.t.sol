// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CaretEscrow} from "../CaretEscrow.sol";
import {CaretOrchestrator} from "../CaretOrchestrator.sol";
import {ICaretErrors as Refusal} from "../interfaces/ICaretErrors.sol";
import {Trade} from "../interfaces/ICaretTypes.sol";
import {Scripted} from "./Scripted.sol";

/// @notice An escrow's address and what it commits to, and what its storage costs.
contract ProxyTest is Scripted {
    bytes32 private constant HASH = keccak256("a hash");

    // ------------------------------------------------------------ the address

    function test_the_address_follows_from_owner_exit_code_and_index_alone() external {
        // Written out by hand, as an explorer would: CREATE2 by the orchestrator, salt zero.
        bytes memory runtime = abi.encodePacked(
            hex"363d3d373d3d3d363d73",
            address(orchestrator.implementation()),
            hex"5af43d82803e903d91602b57fd5bf3",
            owner,
            HASH,
            uint96(7)
        );
        vm.assertEq(runtime.length, 0x2d + 64);
        bytes memory creation = abi.encodePacked(hex"61", uint16(runtime.length), hex"3d81600a3d39f3", runtime);
        bytes32 hash = keccak256(abi.encodePacked(hex"ff", address(orchestrator), bytes32(0), keccak256(creation)));
        address expected = address(uint160(uint256(hash)));
        vm.assertEq(orchestrator.escrowAddress(_number(owner), HASH, 7), expected);
        vm.assertEq(orchestrator.deployEscrow(_number(owner), HASH, 7), expected);
        vm.assertEq(expected.code, runtime);
    }

    function test_an_escrow_knows_what_its_address_commits_to() external {
        CaretEscrow made = CaretEscrow(
            payable(orchestrator.deployEscrow(_number(stranger), HASH, type(uint96).max))
        );
        vm.assertEq(made.owner(), stranger);
        vm.assertEq(made.exitHash(), HASH);
        vm.assertEq(made.index(), type(uint96).max);
        vm.assertEq(made.actor(), address(0));
        vm.assertEq(address(made.orchestrator()), address(orchestrator));
        vm.assertEq(address(made.wsei()), address(wsei));
    }

    function test_each_part_makes_another_address() external view {
        address one = orchestrator.escrowAddress(_number(owner), HASH, 0);
        vm.assertTrue(one != orchestrator.escrowAddress(_number(stranger), HASH, 0));
        vm.assertTrue(one != orchestrator.escrowAddress(_number(owner), bytes32(0), 0));
        vm.assertTrue(one != orchestrator.escrowAddress(_number(owner), HASH, 1));
    }

    function test_paid_before_deployed_and_withdrawn_with_no_server_at_all() external {
        vm.prank(admin);
        orchestrator.setServer(address(0));
        address expected = orchestrator.escrowAddress(_number(owner), 0, 9);
        _give(address(usdc), expected, 50 * USDC);
        vm.deal(expected, 3 ether);
        vm.expectEmit(address(orchestrator));
        emit CaretOrchestrator.EscrowDeployed(owner, expected, 0, 9);
        vm.prank(stranger);
        orchestrator.deployEscrow(_number(owner), 0, 9);
        vm.startPrank(owner);
        CaretEscrow(payable(expected)).withdraw(address(usdc), owner, type(uint256).max);
        CaretEscrow(payable(expected)).withdraw(NATIVE, owner, type(uint256).max);
        vm.stopPrank();
        vm.assertEq(usdc.balanceOf(owner), 50 * USDC);
        vm.assertEq(owner.balance, 3 ether);
    }

    function test_deploying_twice_finds_the_first() external {
        address first = orchestrator.deployEscrow(_number(owner), 0, 9);
        vm.recordLogs();
        vm.assertEq(orchestrator.deployEscrow(_number(owner), 0, 9), first);
        vm.assertEq(vm.getRecordedLogs().length, 0);
    }

    function test_a_stranger_who_deploys_first_is_no_obstacle() external {
        address early = orchestrator.deployEscrow(_number(owner), 0, 1);
        vm.assertEq(address(_open(owner, makeAddr("another actor"))), early);
        vm.assertEq(CaretEscrow(payable(early)).actor(), makeAddr("another actor"));
    }

    function test_an_index_has_96_bits() external {
        uint256 most = type(uint96).max;
        orchestrator.deployEscrow(_number(owner), 0, most);
        vm.expectRevert(abi.encodeWithSelector(Refusal.IndexOutOfRange.selector, most + 1));
        orchestrator.deployEscrow(_number(owner), 0, most + 1);
        vm.expectRevert(abi.encodeWithSelector(Refusal.IndexOutOfRange.selector, most + 1));
        orchestrator.escrowAddress(_number(owner), 0, most + 1);
    }

    /// @dev Same owner and index, another exit code: another escrow, which nobody trades.
    function test_an_escrow_names_no_actor_but_its_own() external {
        CaretEscrow other = CaretEscrow(payable(orchestrator.deployEscrow(_number(owner), HASH, 0)));
        vm.assertEq(escrow.actor(), actor);
        vm.assertEq(other.actor(), address(0));
    }

    function test_the_code_behind_the_proxies_is_nobodys() external {
        CaretEscrow code = orchestrator.implementation();
        vm.startPrank(admin);
        vm.expectRevert(abi.encodeWithSelector(Refusal.NotOwner.selector, admin));
        code.withdraw(NATIVE, admin, 1);
        vm.stopPrank();
        vm.prank(actor);
        vm.expectRevert(abi.encodeWithSelector(Refusal.NotActor.selector, actor));
        code.fundActor(NATIVE, 1);
    }

    // ------------------------------------------------------------ storage

    function test_a_repeated_swap_writes_one_slot_that_was_not_zero() external {
        _swap(_fair());
        _skip(1 hours);
        Trade memory trade = _fair();
        trade.deadline = _now();
        vm.assertTrue(_writesTheFirstSlotAlone(trade) != 0);
    }

    function test_the_first_swap_under_a_mandate_finds_its_slot_in_use() external {
        vm.assertTrue(_writesTheFirstSlotAlone(_fair()) != 0);
    }

    function test_the_slot_is_laid_out_as_it_says() external {
        _swap(_buy(50 * USDC));
        vm.deal(address(escrow), 1 ether);
        vm.prank(actor);
        escrow.fundActor(NATIVE, 0.5 ether);
        vm.prank(server);
        escrow.drop();
        uint256 word = uint256(vm.load(address(escrow), 0));
        vm.assertEq(uint48(word), 0.5e6);
        vm.assertEq(uint48(word >> 48), 50 * USD);
        vm.assertEq(uint32(word >> 96), _now());
        vm.assertEq(uint24(word >> 128), 500_000);
        vm.assertEq(uint32(word >> 152), _now());
        vm.assertEq(uint32(word >> 184), 1);
        vm.assertEq(uint8(word >> 216), 1);
        vm.assertEq(uint32(word >> 224), 2);
        vm.assertEq(vm.load(address(escrow), bytes32(uint256(1))), _wordOf(mandate));
        vm.assertEq(vm.load(address(escrow), bytes32(uint256(2))), 0);
    }

    function test_the_router_is_left_an_allowance_of_one() external {
        _swap(_fair());
        vm.assertEq(usdc.allowance(address(escrow), address(router)), 1);
        Trade memory trade = _fair();
        trade.amountIn += 7 * USDC;
        _swap(trade);
        vm.assertEq(usdc.allowance(address(escrow), address(router)), 1);
        trade = _v2Trade(address(usdc), address(wsei), 1 * USDC);
        trade.deadline = _now();
        _swap(trade);
        vm.assertEq(usdc.allowance(address(escrow), v2Router), 1);
        trade = _v3Trade(v3Adapter, address(usdc), address(wsei), 1 * USDC);
        trade.deadline = _now();
        _swap(trade);
        vm.assertEq(usdc.allowance(address(escrow), v3Router02), 1);
    }

    function test_the_allowance_left_is_worth_one_base_unit() external {
        _swap(_fair());
        uint256 before = usdc.balanceOf(address(escrow));
        router.rob(usdc, address(escrow), 1);
        vm.assertEq(usdc.balanceOf(address(escrow)), before - 1);
        vm.expectRevert();
        router.rob(usdc, address(escrow), 1);
        _swap(_fair());
        vm.assertEq(usdc.allowance(address(escrow), address(router)), 1);
    }

    function _writesTheFirstSlotAlone(Trade memory trade) private returns (bytes32 before) {
        before = vm.load(address(escrow), 0);
        vm.record();
        _swap(trade);
        (, bytes32[] memory slots) = vm.accesses(address(escrow));
        vm.assertEq(slots.length, 1);
        vm.assertEq(slots[0], bytes32(0));
    }

    function _number(address account) private pure returns (uint256) {
        return uint256(uint160(account));
    }
}
