// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CaretEscrow} from "../CaretEscrow.sol";
import {ICaretErrors as Refusal} from "../interfaces/ICaretErrors.sol";
import {Mandate, Trade} from "../interfaces/ICaretTypes.sol";
import {Mandates} from "../libraries/Mandates.sol";
import {Scripted} from "./Scripted.sol";

/// @notice How a mandate comes into force and how it ends; who signs it is in Signatures.t.sol.
contract MandatesTest is Scripted {
    // ------------------------------------------------------------ bringing one in

    function test_anybody_brings_a_mandate_in_and_it_is_announced_in_full() external {
        Mandate memory made = _next();
        bytes memory signature = _signed(made);
        bytes32 structHash = _hashOf(made);
        vm.expectEmit(address(escrow));
        emit CaretEscrow.MandateSet(made.nonce, structHash, made);
        vm.prank(stranger);
        escrow.setMandate(made, signature);
        vm.assertEq(escrow.nonce(), made.nonce);
        (, , , uint256 inForce, bool trading) = escrow.status();
        vm.assertEq(bytes32(inForce), _wordOf(made));
        vm.assertTrue(trading);
    }

    function test_the_nonce_must_be_above_the_last() external {
        Mandate memory made = _next();
        made.nonce = 7;
        _adopt(made);
        made.tradeCap += 1;
        _refusesMandate(made, abi.encodeWithSelector(Refusal.NonceTooLow.selector, 7, 7));
        made.nonce = 6;
        _refusesMandate(made, abi.encodeWithSelector(Refusal.NonceTooLow.selector, 6, 7));
        made.nonce = 8;
        _adopt(made);
    }

    function test_a_mandate_is_brought_in_once() external {
        _refusesMandate(mandate, abi.encodeWithSelector(Refusal.NonceTooLow.selector, 2, 2));
    }

    function test_a_nonce_of_zero_is_none() external {
        CaretEscrow fresh = _open(owner, makeAddr("another actor"));
        Mandate memory made = _next();
        made.nonce = 0;
        bytes memory signature = _sign(ownerKey, fresh, _hashOf(made));
        vm.expectRevert(abi.encodeWithSelector(Refusal.NonceTooLow.selector, 0, 0));
        fresh.setMandate(made, signature);
    }

    function test_the_last_second_to_bring_it_in_is_inclusive() external {
        Mandate memory made = _next();
        bytes memory signature = _signed(made);
        vm.warp(made.signBy);
        escrow.setMandate(made, signature);
    }

    function test_a_withheld_mandate_lapses() external {
        Mandate memory made = _next();
        bytes memory signature = _signed(made);
        vm.warp(uint256(made.signBy) + 1);
        vm.expectRevert(
            abi.encodeWithSelector(Refusal.SignatureTooLate.selector, made.signBy, uint256(made.signBy) + 1)
        );
        escrow.setMandate(made, signature);
    }

    function test_a_mandate_may_begin_now() external {
        Mandate memory made = _next();
        vm.assertEq(made.issuedAt, _now());
        _adopt(made);
    }

    function test_a_mandate_may_not_begin_later() external {
        Mandate memory made = _next();
        made.issuedAt += 1;
        _refusesMandate(made, abi.encodeWithSelector(Refusal.MandateNotIssuedYet.selector, made.issuedAt, _now()));
    }

    function test_a_mandate_may_end_now() external {
        Mandate memory made = _next();
        made.validUntil = uint40(_now());
        _adopt(made);
        _swap(_fair());
    }

    function test_a_mandate_may_not_have_ended() external {
        Mandate memory made = _next();
        made.validUntil = uint40(_now() - 1);
        _refusesMandate(made, abi.encodeWithSelector(Refusal.MandateExpired.selector, made.validUntil, _now()));
    }

    function test_all_of_it_may_not_be_slippage() external {
        Mandate memory made = _next();
        made.slippageBps = 10_000;
        _refusesMandate(made, abi.encodeWithSelector(Refusal.SlippageNotAllowed.selector, 10_000));
        made.slippageBps = 9_999;
        _adopt(made);
    }

    // ------------------------------------------------------------ its end

    function test_the_end_of_a_mandate_is_inclusive() external {
        vm.warp(mandate.validUntil);
        _pushAll();
        _swap(_fair());
        (, , , , bool trading) = escrow.status();
        vm.assertTrue(trading);
    }

    function test_a_second_after_its_end_nothing_is_traded() external {
        vm.warp(uint256(mandate.validUntil) + 1);
        _pushAll();
        _refuses(
            _fair(),
            abi.encodeWithSelector(
                Refusal.MandateExpired.selector,
                mandate.validUntil,
                uint256(mandate.validUntil) + 1
            )
        );
        (, , , , bool trading) = escrow.status();
        vm.assertTrue(!trading);
    }

    // ------------------------------------------------------------ from the very next transaction

    function test_a_new_mandate_counts_at_once_also_for_trades_made_before() external {
        Trade memory trade = _buy(20 * USDC);
        Mandate memory before = mandate;
        Mandate memory made = _next();
        made.tradeCap = uint48(20 * USD - 1);
        escrow.setMandate(made, _signed(made));
        vm.prank(actor);
        vm.expectRevert(
            abi.encodeWithSelector(Refusal.NotTheMandate.selector, _wordOf(before), _wordOf(made))
        );
        escrow.swap(trade, before);
        mandate = made;
        _refuses(trade, abi.encodeWithSelector(Refusal.TradeCapExceeded.selector, 20 * USD, 20 * USD - 1));
    }

    function test_a_revocation_counts_at_once_also_for_trades_made_before() external {
        Trade memory trade = _fair();
        vm.prank(owner);
        escrow.revoke(2, "");
        _refuses(trade, abi.encodeWithSelector(Refusal.NoMandate.selector));
    }

    function test_a_drop_counts_at_once_also_for_trades_made_before() external {
        Trade memory trade = _fair();
        vm.prank(server);
        escrow.drop();
        _refuses(trade, abi.encodeWithSelector(Refusal.NoMandate.selector));
    }

    // ------------------------------------------------------------ revoking

    function test_the_owner_revokes_without_a_signature() external {
        vm.expectEmit(address(escrow));
        emit CaretEscrow.Revoked(9);
        vm.prank(owner);
        escrow.revoke(9, "");
        vm.assertEq(escrow.nonce(), 9);
        (bool dropped, bool exited) = escrow.stopped();
        vm.assertTrue(dropped && !exited);
        (, , , , bool trading) = escrow.status();
        vm.assertTrue(!trading);
    }

    function test_anybody_brings_a_signed_revocation_in() external {
        bytes memory signature = _signedRevoke(2);
        vm.prank(stranger);
        escrow.revoke(2, signature);
        _refuses(_fair(), abi.encodeWithSelector(Refusal.NoMandate.selector));
    }

    function test_nobody_revokes_without_the_owner() external {
        address[3] memory others = [server, actor, stranger];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.prank(others[i]);
            vm.expectRevert(abi.encodeWithSelector(Refusal.NotSignedByOwner.selector, owner));
            escrow.revoke(2, "");
        }
    }

    function test_a_revocation_is_of_the_nonce_that_was_signed() external {
        bytes memory signature = _signedRevoke(3);
        vm.expectRevert(abi.encodeWithSelector(Refusal.NotSignedByOwner.selector, owner));
        escrow.revoke(4, signature);
    }

    function test_a_revocation_is_not_of_the_past() external {
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(Refusal.NonceTooLow.selector, 1, 2));
        escrow.revoke(1, "");
    }

    function test_a_revocation_voids_what_was_signed_and_withheld() external {
        Mandate memory withheld = _next();
        withheld.nonce = 9;
        bytes memory signature = _signed(withheld);
        vm.prank(owner);
        escrow.revoke(9, "");
        vm.expectRevert(abi.encodeWithSelector(Refusal.NonceTooLow.selector, 9, 9));
        escrow.setMandate(withheld, signature);
    }

    function test_a_withheld_revocation_cannot_end_a_later_mandate() external {
        bytes memory signature = _signedRevoke(2);
        _adopt(_next());
        vm.expectRevert(abi.encodeWithSelector(Refusal.NonceTooLow.selector, 2, 3));
        escrow.revoke(2, signature);
        _swap(_fair());
    }

    function test_a_revoked_escrow_trades_again_by_a_new_signature_only() external {
        vm.prank(owner);
        escrow.revoke(5, "");
        _refuses(_fair(), abi.encodeWithSelector(Refusal.NoMandate.selector));
        Mandate memory made = _next();
        vm.assertEq(made.nonce, 6);
        _adopt(made);
        _swap(_fair());
    }

    function test_the_highest_nonce_is_the_end() external {
        vm.prank(owner);
        escrow.revoke(type(uint32).max, "");
        Mandate memory made = mandate;
        made.nonce = type(uint32).max;
        _refusesMandate(
            made,
            abi.encodeWithSelector(Refusal.NonceTooLow.selector, type(uint32).max, type(uint32).max)
        );
    }

    // ------------------------------------------------------------ dropping

    function test_server_and_owner_drop() external {
        vm.expectEmit(address(escrow));
        emit CaretEscrow.Dropped(server);
        vm.prank(server);
        escrow.drop();
        _refuses(_fair(), abi.encodeWithSelector(Refusal.NoMandate.selector));
        _adopt(_next());
        _swap(_fair());
        vm.expectEmit(address(escrow));
        emit CaretEscrow.Dropped(owner);
        vm.prank(owner);
        escrow.drop();
        _refuses(_fair(), abi.encodeWithSelector(Refusal.NoMandate.selector));
    }

    function test_nobody_else_drops() external {
        address[4] memory others = [actor, guardian, admin, stranger];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.prank(others[i]);
            vm.expectRevert(abi.encodeWithSelector(Refusal.NotServerOrOwner.selector, others[i]));
            escrow.drop();
        }
    }

    function test_a_dropped_mandate_does_not_come_back() external {
        vm.prank(server);
        escrow.drop();
        _refusesMandate(mandate, abi.encodeWithSelector(Refusal.NonceTooLow.selector, 2, 2));
        vm.prank(server);
        escrow.drop();
        _refuses(_fair(), abi.encodeWithSelector(Refusal.NoMandate.selector));
    }

    function test_a_fresh_escrow_trades_nothing() external {
        escrow = _open(owner, makeAddr("another actor"));
        _stock(escrow);
        Trade memory trade = _fair();
        Mandate memory held = mandate;
        vm.prank(makeAddr("another actor"));
        vm.expectRevert(abi.encodeWithSelector(Refusal.NoMandate.selector));
        escrow.swap(trade, held);
        (, , , uint256 inForce, bool trading) = escrow.status();
        vm.assertEq(inForce, 0);
        vm.assertTrue(!trading);
    }

    function _refusesMandate(Mandate memory made, bytes memory reason) private {
        bytes memory signature = _signed(made);
        vm.expectRevert(reason);
        escrow.setMandate(made, signature);
    }
}
