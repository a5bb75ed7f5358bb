// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CaretEscrow} from "../CaretEscrow.sol";
import {ICaretErrors as Refusal} from "../interfaces/ICaretErrors.sol";
import {Mandate, Trade} from "../interfaces/ICaretTypes.sol";
import {Puppet} from "../test/Puppet.sol";
import {TestToken} from "../testnet/TestToken.sol";
import {Scripted} from "./Scripted.sol";

/// @notice Escrows with an exit code: the code itself, and the default mandate that comes with it.
contract ExitTest is Scripted {
    address private _actor = makeAddr("another actor");

    function setUp() public override {
        super.setUp();
        escrow = _openWithExit(owner, _actor, CODE);
        actor = _actor;
        _stock(escrow);
        vm.deal(address(escrow), 10 ether);
    }

    // ------------------------------------------------------------ the code

    function test_whoever_has_the_code_pushes_all_to_the_owner() external {
        vm.expectEmit(address(escrow));
        emit CaretEscrow.ExitUsed(stranger);
        vm.expectEmit(address(escrow));
        emit CaretEscrow.Released(address(usdc), owner, 1_000_000 * USDC);
        _exit(address(usdc));
        vm.assertEq(usdc.balanceOf(owner), 1_000_000 * USDC);
        (, bool exited) = escrow.stopped();
        vm.assertTrue(exited);
    }

    function test_native_sei_takes_the_wrapped_along() external {
        vm.expectEmit(address(escrow));
        emit CaretEscrow.Released(NATIVE, owner, 1_000_010 ether);
        _exit(NATIVE);
        vm.assertEq(owner.balance, 1_000_010 ether);
        vm.assertEq(wsei.balanceOf(address(escrow)), 0);
    }

    function test_it_works_once_for_each_token_and_again_for_what_comes_later() external {
        _exit(address(usdc));
        vm.recordLogs();
        _exit(address(usdc));
        vm.assertEq(vm.getRecordedLogs().length, 0);
        _exit(address(weth));
        vm.assertEq(weth.balanceOf(owner), 1_000 ether);
        _give(address(usdc), address(escrow), 5);
        _exit(address(usdc));
        vm.assertEq(usdc.balanceOf(owner), 1_000_000 * USDC + 5);
    }

    function test_a_wrong_code_is_refused() external {
        vm.expectRevert(abi.encodeWithSelector(Refusal.WrongExitCode.selector));
        escrow.exit(keccak256("a guess"), NATIVE);
        bytes32 shown = escrow.exitHash();
        vm.expectRevert(abi.encodeWithSelector(Refusal.WrongExitCode.selector));
        escrow.exit(shown, NATIVE);
    }

    function test_without_a_code_there_is_no_exit() external {
        escrow = _open(owner, makeAddr("a third actor"));
        vm.expectRevert(abi.encodeWithSelector(Refusal.WrongExitCode.selector));
        escrow.exit(bytes32(0), NATIVE);
        vm.expectRevert(abi.encodeWithSelector(Refusal.WrongExitCode.selector));
        escrow.exit(CODE, NATIVE);
    }

    function test_after_an_exit_nothing_is_traded_funded_or_signed_ever_again() external {
        Trade memory trade = _fair();
        _exit(address(weth));
        _refuses(trade, abi.encodeWithSelector(Refusal.Exited.selector));
        vm.prank(actor);
        vm.expectRevert(abi.encodeWithSelector(Refusal.Exited.selector));
        escrow.fundActor(NATIVE, 1);
        Mandate memory made = _next();
        bytes memory signature = _signed(made);
        vm.expectRevert(abi.encodeWithSelector(Refusal.Exited.selector));
        escrow.setMandate(made, signature);
        (, , , , bool trading) = escrow.status();
        vm.assertTrue(!trading);
    }

    function test_an_exit_ends_a_signed_mandate_too() external {
        _adopt(_next());
        _swap(_fair());
        _exit(address(weth));
        _refuses(_fair(), abi.encodeWithSelector(Refusal.Exited.selector));
    }

    function test_a_drop_or_a_revocation_does_not_undo_an_exit() external {
        _exit(address(weth));
        vm.prank(server);
        escrow.drop();
        vm.prank(owner);
        escrow.revoke(3, "");
        (bool dropped, bool exited) = escrow.stopped();
        vm.assertTrue(dropped && exited);
        _refuses(_fair(), abi.encodeWithSelector(Refusal.Exited.selector));
    }

    function test_an_exit_keeps_the_other_ways_out() external {
        _exit(address(weth));
        vm.prank(owner);
        escrow.withdraw(address(usdc), stranger, 5);
        vm.prank(server);
        escrow.releaseFunds(address(usdc), owner, 5);
        vm.assertEq(usdc.balanceOf(stranger), 5);
    }

    function test_an_exit_asks_no_orchestrator_and_no_feed() external {
        vm.prank(guardian);
        orchestrator.pause();
        vm.etch(address(orchestrator), hex"fe");
        vm.etch(address(usdcFeed), hex"fe");
        vm.expectCall(address(orchestrator), "", 0);
        vm.expectCall(address(usdcFeed), "", 0);
        _exit(address(usdc));
        _exit(NATIVE);
        vm.assertEq(owner.balance, 1_000_010 ether);
    }

    function test_an_exit_pays_an_owner_that_refuses_native_sei_in_wrapped_sei() external {
        Puppet puppet = new Puppet();
        puppet.setAccepting(false);
        escrow = _openWithExit(address(puppet), makeAddr("a third actor"), CODE);
        vm.deal(address(escrow), 3 ether);
        vm.expectEmit(address(escrow));
        emit CaretEscrow.Released(address(wsei), address(puppet), 3 ether);
        _exit(NATIVE);
        vm.assertEq(wsei.balanceOf(address(puppet)), 3 ether);
    }

    // ------------------------------------------------------------ the default mandate

    function test_the_default_mandate_is_in_force_from_the_start_and_looks_at_no_other() external {
        (, , , uint256 inForce, bool trading) = escrow.status();
        vm.assertEq(inForce, 0);
        vm.assertTrue(trading);
        Mandate memory empty;
        mandate = empty;
        _swap(_fair());
    }

    function test_it_has_the_limits_it_says() external {
        vm.assertEq(escrow.DEFAULT_TRADE_CAP(), 50 * USD);
        vm.assertEq(escrow.DEFAULT_DAILY_VOLUME(), 200 * USD);
        vm.assertEq(escrow.DEFAULT_DAILY_LOSS(), 10 * USD);
        vm.assertEq(escrow.DEFAULT_SLIPPAGE_BPS(), 150);
        _refuses(
            _buy(50 * USDC + 1),
            abi.encodeWithSelector(Refusal.TradeCapExceeded.selector, 50 * USD + 1, 50 * USD)
        );
        _refuses(
            _script(address(usdc), 20 * USDC, address(wsei), 78.8 ether - 1),
            abi.encodeWithSelector(Refusal.SlippageExceeded.selector, 19.7e6 - 1, 19.7e6)
        );
        _swap(_script(address(usdc), 20 * USDC, address(wsei), 78.8 ether));
        _swap(_buy(50 * USDC));
        _swap(_buy(30 * USDC));
        _refuses(_buy(1), abi.encodeWithSelector(Refusal.VolumeExceeded.selector, 1, 0));
        // Ten dollars a day: five at once.
        vm.store(address(escrow), 0, bytes32((uint256(5e6 - 0.2e6 + 1)) | (_now() << 96) | (uint256(40) << 184)));
        _refuses(_buy(20 * USDC), abi.encodeWithSelector(Refusal.LossBudgetExceeded.selector, 0.2e6, 0.2e6 - 1));
    }

    function test_it_covers_what_has_been_listed_for_a_week() external {
        TestToken fresh = new TestToken("Fresh", "NEW", 18, address(this));
        fresh.mint(address(router), 100 ether);
        vm.prank(admin);
        orchestrator.listToken("NEW", address(fresh), address(usdcFeed), 22_000, 35, _code(0.9e8), _code(1.1e8));
        _skip(2 days + 7 days - 1);
        Trade memory trade = _script(address(usdc), 20 * USDC, address(fresh), 20 ether);
        _refuses(trade, abi.encodeWithSelector(Refusal.TokenNotListed.selector, address(fresh)));
        _skip(1);
        trade.deadline = _now();
        _swap(trade);
    }

    function test_it_covers_venues_that_have_been_listed_for_a_week() external {
        address second = _venue();
        _skip(2 days + 7 days - 1);
        Trade memory trade = _fair();
        trade.adapter = second;
        _refuses(trade, abi.encodeWithSelector(Refusal.VenueNotListed.selector, second));
        _skip(1);
        trade.deadline = _now();
        _swap(trade);
    }

    function test_a_signed_mandate_replaces_it() external {
        Mandate memory made = _next();
        vm.assertEq(made.nonce, 1);
        made.tradeCap = uint48(10 * USD);
        _adopt(made);
        _refuses(_fair(), abi.encodeWithSelector(Refusal.TradeCapExceeded.selector, 20 * USD, 10 * USD));
    }

    function test_nothing_falls_back_to_it_after_a_drop() external {
        Trade memory trade = _fair();
        vm.prank(server);
        escrow.drop();
        _refuses(trade, abi.encodeWithSelector(Refusal.NoMandate.selector));
        _adopt(_next());
        _swap(trade);
        vm.prank(server);
        escrow.drop();
        _refuses(_fair(), abi.encodeWithSelector(Refusal.NoMandate.selector));
    }

    function test_nothing_falls_back_to_it_after_a_revocation() external {
        vm.prank(owner);
        escrow.revoke(0, "");
        _refuses(_fair(), abi.encodeWithSelector(Refusal.NoMandate.selector));
        (, , , , bool trading) = escrow.status();
        vm.assertTrue(!trading);
    }

    function test_nothing_falls_back_to_it_when_a_mandate_ends() external {
        Mandate memory made = _next();
        _adopt(made);
        vm.warp(uint256(made.validUntil) + 1);
        _pushAll();
        _refuses(
            _fair(),
            abi.encodeWithSelector(
                Refusal.MandateExpired.selector,
                made.validUntil,
                uint256(made.validUntil) + 1
            )
        );
        (, , , , bool trading) = escrow.status();
        vm.assertTrue(!trading);
    }

    function test_the_buckets_outlive_the_default_mandate() external {
        _swap(_buy(50 * USDC));
        _swap(_buy(50 * USDC));
        _adopt(_next());
        _refuses(_buy(1), abi.encodeWithSelector(Refusal.VolumeExceeded.selector, 1, 0));
    }

    // ------------------------------------------------------------ inside

    function _exit(address token) private {
        vm.prank(stranger);
        escrow.exit(CODE, token);
    }

    function _venue() private returns (address made) {
        bytes memory code = address(adapter).code;
        made = makeAddr("a second adapter");
        vm.etch(made, code);
        vm.prank(admin);
        orchestrator.listVenue(made, address(router));
    }
}
