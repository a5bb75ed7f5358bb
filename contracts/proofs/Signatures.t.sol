// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CaretEscrow} from "../CaretEscrow.sol";
import {ICaretErrors as Refusal} from "../interfaces/ICaretErrors.sol";
import {Mandate, Trade} from "../interfaces/ICaretTypes.sol";
import {Mandates} from "../libraries/Mandates.sol";
import {Scripted} from "./Scripted.sol";
import {PlainAccount, Wallet} from "./Signers.sol";

/// @notice Whose signature counts, and for what.
contract SignaturesTest is Scripted {
    uint256 private constant CURVE = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    function test_the_owners_signature_alone_counts() external {
        (, uint256 key) = makeAddrAndKey("stranger");
        _refusesSignature(_next(), _sign(key, escrow, _hashOf(_next())));
        (, key) = makeAddrAndKey("server");
        _refusesSignature(_next(), _sign(key, escrow, _hashOf(_next())));
    }

    function test_every_field_is_signed() external {
        Mandate memory signed = _next();
        bytes memory signature = _signed(signed);
        for (uint256 field = 0; field < 12; ++field) {
            Mandate memory made = _next();
            if (field == 0) made.nonce += 1;
            else if (field == 1) made.issuedAt -= 1;
            else if (field == 2) made.validUntil += 1;
            else if (field == 3) made.signBy += 1;
            else if (field == 4) made.slippageBps += 1;
            else if (field == 5) made.tradeCap += 1;
            else if (field == 6) made.dailyVolume += 1;
            else if (field == 7) made.dailyLoss += 1;
            else if (field == 8) made.tokens[0] = stranger;
            else if (field == 9) made.adapters[2] = stranger;
            else if (field == 10) made.tokens = _hops(made.tokens[0], made.tokens[1]);
            else made.adapters = _hops(made.adapters[0], made.adapters[1]);
            _refusesSignature(made, signature);
        }
        escrow.setMandate(signed, signature);
    }

    /// @dev Lists are hashed and compared as the words they are: an address with something above it is another word.
    function test_an_address_with_dirt_above_it_is_another_one() external {
        Mandate memory made = _next();
        bytes memory signature = _signed(made);
        bytes memory order = abi.encodeCall(CaretEscrow.setMandate, (made, signature));
        _soil(order, made.tokens[1]);
        (bool done, ) = address(escrow).call(order);
        vm.assertTrue(!done);
        escrow.setMandate(made, signature);
        mandate = made;
        Trade memory trade = _fair();
        trade.tokenOut = address(weth);
        order = abi.encodeCall(CaretEscrow.swap, (trade, made));
        _soil(order, made.tokens[0]);
        vm.prank(actor);
        bytes memory answer;
        (done, answer) = address(escrow).call(order);
        vm.assertTrue(!done);
        vm.assertEq(bytes32(bytes4(answer)), bytes32(Refusal.NotTheMandate.selector));
    }

    function test_a_token_cannot_be_passed_off_as_a_venue() external {
        Mandate memory signed = _next();
        bytes memory signature = _signed(signed);
        (signed.tokens, signed.adapters) = (signed.adapters, signed.tokens);
        _refusesSignature(signed, signature);
    }

    function test_a_signature_is_of_one_escrow() external {
        CaretEscrow second = _open(owner, makeAddr("another actor"));
        Mandate memory made = _next();
        bytes memory signature = _signed(made);
        vm.expectRevert(abi.encodeWithSelector(Refusal.NotSignedByOwner.selector, owner));
        second.setMandate(made, signature);
        bytes memory revocation = _signedRevoke(9);
        vm.expectRevert(abi.encodeWithSelector(Refusal.NotSignedByOwner.selector, owner));
        second.revoke(9, revocation);
    }

    function test_a_signature_is_of_one_chain() external {
        Mandate memory made = _next();
        bytes memory signature = _signed(made);
        bytes memory revocation = _signedRevoke(9);
        uint256 here = block.chainid;
        vm.chainId(here + 1);
        _refusesSignature(made, signature);
        vm.expectRevert(abi.encodeWithSelector(Refusal.NotSignedByOwner.selector, owner));
        escrow.revoke(9, revocation);
        vm.chainId(here);
        escrow.setMandate(made, signature);
    }

    function test_a_signed_mandate_is_no_revocation_and_the_other_way_round() external {
        Mandate memory made = _next();
        bytes memory signature = _signed(made);
        vm.expectRevert(abi.encodeWithSelector(Refusal.NotSignedByOwner.selector, owner));
        escrow.revoke(made.nonce, signature);
        _refusesSignature(made, _signedRevoke(made.nonce));
    }

    function test_a_mangled_signature_is_none() external {
        Mandate memory made = _next();
        bytes memory signature = _signed(made);
        _refusesSignature(made, "");
        _refusesSignature(made, new bytes(65));
        _refusesSignature(made, abi.encodePacked(signature, hex"00"));
        signature[5] ^= 0x01;
        _refusesSignature(made, signature);
    }

    function test_the_mirrored_signature_is_none() external {
        Mandate memory made = _next();
        bytes memory signature = _signed(made);
        (bytes32 r, bytes32 s, uint8 v) = _split(signature);
        _refusesSignature(made, abi.encodePacked(r, bytes32(CURVE - uint256(s)), v == 27 ? 28 : 27));
    }

    function test_an_owner_with_code_still_signs_plainly() external {
        vm.etch(owner, type(PlainAccount).runtimeCode);
        _adopt(_next());
        _swap(_fair());
        escrow.revoke(9, _signedRevoke(9));
        Mandate memory made = _next();
        (, uint256 key) = makeAddrAndKey("stranger");
        _refusesSignature(made, _sign(key, escrow, _hashOf(made)));
    }

    function test_an_owner_that_is_a_contract_answers_for_itself() external {
        (address signer, uint256 key) = makeAddrAndKey("signer");
        Wallet wallet = new Wallet(signer);
        escrow = _open(address(wallet), makeAddr("another actor"));
        Mandate memory made = _next();
        bytes memory signature = _sign(key, escrow, _hashOf(made));
        wallet.setSigner(stranger);
        vm.expectRevert(abi.encodeWithSelector(Refusal.NotSignedByOwner.selector, address(wallet)));
        escrow.setMandate(made, signature);
        wallet.setSigner(signer);
        escrow.setMandate(made, signature);
        vm.assertEq(escrow.nonce(), made.nonce);
        escrow.revoke(5, _sign(key, escrow, Mandates.hashOfRevoke(5)));
        wallet.run(address(escrow), abi.encodeCall(CaretEscrow.revoke, (6, "")));
        vm.assertEq(escrow.nonce(), 6);
    }

    function test_an_owner_that_is_a_silent_contract_signs_nothing() external {
        PlainAccount silent = new PlainAccount();
        escrow = _open(address(silent), makeAddr("another actor"));
        Mandate memory made = _next();
        bytes memory signature = _signed(made);
        vm.expectRevert(abi.encodeWithSelector(Refusal.NotSignedByOwner.selector, address(silent)));
        escrow.setMandate(made, signature);
    }

    function _refusesSignature(Mandate memory made, bytes memory signature) private {
        vm.expectRevert(abi.encodeWithSelector(Refusal.NotSignedByOwner.selector, owner));
        escrow.setMandate(made, signature);
    }

    /// @dev Sets a bit above the last place where `account` stands in `order` as a word.
    function _soil(bytes memory order, address account) private pure {
        for (uint256 i = order.length - 32; i > 3; i -= 32) {
            bytes32 word;
            assembly ("memory-safe") {
                word := mload(add(add(order, 32), i))
            }
            if (word != bytes32(uint256(uint160(account)))) continue;
            order[i] = 0x01;
            return;
        }
        revert("no such word");
    }

    function _split(bytes memory signature) private pure returns (bytes32 r, bytes32 s, uint8 v) {
        assembly ("memory-safe") {
            r := mload(add(signature, 32))
            s := mload(add(signature, 64))
            v := byte(0, mload(add(signature, 96)))
        }
    }
}
