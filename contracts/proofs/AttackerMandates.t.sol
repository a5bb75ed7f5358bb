// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CaretEscrow} from "../CaretEscrow.sol";
import {Mandate, Trade} from "../interfaces/ICaretTypes.sol";
import {Greed} from "./attacks/Greed.sol";
import {Hand} from "./attacks/Hand.sol";

/// @notice Families about signatures: kept back, brought in late, brought in elsewhere, or after the end.
contract AttackerMandatesTest is Greed {
    uint256 private constant END = 6_000;

    CaretEscrow private _sibling;
    bytes[] private _kept;

    function test_renewals() external {
        _begin("renewals", 300, 1_000 * USD, 5 * USD);
        _run(_renewals);
    }

    /// @dev The owner lowers the limits and raises them again.
    function test_withheldMandate() external {
        _begin("withheldMandate", 300, 1_000 * USD, 5 * USD);
        _run(_lowerAndHigher);
    }

    function test_withheldRevoke() external {
        _begin("withheldRevoke", 300, 1_000 * USD, 5 * USD);
        _run(_revoked);
    }

    function test_replayElsewhere() external {
        _begin("replayElsewhere", 300, 1_000 * USD, 5 * USD);
        _sibling = _open(owner, address(new Hand()));
        _run(_replays);
    }

    function test_defaultAfterDrop() external {
        _beginDefault("defaultAfterDrop", owner);
        pairs = Pairs.Widest;
        _run(_dropped);
    }

    // ------------------------------------------------------------ tricks

    /// @dev The same terms signed anew: brought in at once, at the best moment, twice, too late, out of order.
    function _renewals() internal {
        Mandate memory early = _terms(mandate.nonce + 1, 300, 1_000 * USD, 5 * USD);
        Mandate memory late = _terms(mandate.nonce + 2, 300, 1_000 * USD, 5 * USD);
        early.issuedAt -= 1;
        late.signBy = uint40(block.timestamp);
        bytes memory earlyCall = _setting(escrow, early);
        bytes memory lateCall = _setting(escrow, late);
        if (_roll(2) == 0) _bringIn(early, earlyCall);
        _takeAll();
        _bringIn(late, lateCall);
        _takeAll();
        _mustFail(stranger, address(escrow), earlyCall, "a mandate of an earlier nonce");
        _mustFail(stranger, address(escrow), lateCall, "a mandate twice");
        late.nonce += 1;
        late.signBy = uint40(block.timestamp - 1);
        _mustFail(stranger, address(escrow), _setting(escrow, late), "a mandate kept back too long");
        late.signBy = uint40(block.timestamp);
        lateCall = abi.encodeCall(CaretEscrow.setMandate, (late, _sign(uint256(1), escrow, _hashOf(late))));
        _mustFail(stranger, address(escrow), lateCall, "a mandate signed by another");
        Trade memory trade = _gift();
        early.nonce = mandate.nonce;
        _mustFail(actor, address(escrow), abi.encodeCall(CaretEscrow.swap, (trade, early)), "another mandate's terms");
    }

    /// @dev Under the lower limits the attacker makes itself noted as little as it can, then raises them again: the
    ///      bucket must not have forgotten what was in it.
    function _lowerAndHigher() internal {
        Mandate memory lower = _terms(mandate.nonce + 1, 300, 1_000 * USD, 5 * USD / (2 + _roll(20)));
        Mandate memory higher = _terms(mandate.nonce + 2, 300, 1_000 * USD, 5 * USD);
        _bringIn(lower, _setting(escrow, lower));
        _swapAs(actor, _gift());
        vm.warp(block.timestamp + _roll(60));
        _swapAs(actor, _gift());
        _bringIn(higher, _setting(escrow, higher));
        _takeAll();
    }

    /// @dev The server keeps a revocation back until the owner sends one itself; it has kept mandates back, too.
    function _revoked() internal {
        if (stoppedAt == 0 && progress < END) {
            Mandate memory next = _terms(mandate.nonce + 1, 300, 1_000 * USD, 5 * USD);
            next.signBy = uint40(block.timestamp + 30 days);
            if (_kept.length < 20) _kept.push(_setting(escrow, next));
            bytes memory call_ = abi.encodeCall(CaretEscrow.revoke, (5, _sign(uint256(1), escrow, _revokeHash(5))));
            _mustFail(stranger, address(escrow), call_, "a revocation by another");
            if (_roll(3) == 0) _bringIn(next, _setting(escrow, next));
            return;
        }
        bytes memory revoking = abi.encodeCall(
            CaretEscrow.revoke,
            (mandate.nonce + 1, _sign(ownerKey, escrow, _revokeHash(mandate.nonce + 1)))
        );
        if (stoppedAt == 0) {
            _stop();
            vm.assertTrue(_attempt(stranger, address(escrow), revoking), "a revocation was refused");
        }
        bytes memory older = abi.encodeCall(
            CaretEscrow.revoke,
            (mandate.nonce, _sign(ownerKey, escrow, _revokeHash(mandate.nonce)))
        );
        _mustFail(server, address(escrow), older, "an older revocation");
        for (uint256 i = 0; i < 3; ++i) {
            _mustFail(server, address(escrow), _kept[_roll(_kept.length)], "a mandate that was kept back");
        }
        _nothingGoes();
    }

    /// @dev What was signed for another escrow of the same owner, or for another chain.
    function _replays() internal {
        Mandate memory generous = _terms(mandate.nonce + 1 + uint32(_roll(9)), 9_000, 100_000 * USD, 50_000 * USD);
        generous.tradeCap = uint48(10_000 * USD);
        bytes memory call_ = _setting(_sibling, generous);
        _mustFail(stranger, address(escrow), call_, "another escrow's mandate");
        vm.chainId(block.chainid + 1);
        call_ = _setting(escrow, generous);
        vm.chainId(block.chainid - 1);
        _mustFail(stranger, address(escrow), call_, "another chain's mandate");
        // A copy of this chain under another id, as after a fork.
        call_ = _setting(escrow, generous);
        vm.chainId(block.chainid + 1);
        _mustFail(stranger, address(escrow), call_, "this chain's mandate on another");
        vm.chainId(block.chainid - 1);
        uint32 upTo = mandate.nonce + 1;
        call_ = abi.encodeCall(CaretEscrow.revoke, (upTo, _sign(ownerKey, _sibling, _revokeHash(upTo))));
        _mustFail(stranger, address(escrow), call_, "another escrow's revocation");
        _mustFail(actor, address(_sibling), _swapCall(_gift()), "a swap in another escrow");
    }

    /// @dev An escrow with an exit code falls back on nothing once its mandate, signed or not, was dropped.
    function _dropped() internal {
        if (progress < END) {
            if (progress > END / 2 && mandate.nonce == 0) {
                Mandate memory first = _terms(1, 150, 200 * USD, 10 * USD);
                bytes memory setting = _setting(escrow, first);
                _kept.push(setting);
                _bringIn(first, setting);
            }
            _takeAll();
            return;
        }
        if (stoppedAt == 0) {
            _stop();
            bytes memory dropping = abi.encodeCall(CaretEscrow.drop, ());
            _mustFail(stranger, address(escrow), dropping, "anybody's drop");
            vm.assertTrue(_attempt(server, address(escrow), dropping), "a drop was refused");
        }
        Mandate memory none;
        Trade memory trade = _gift();
        _mustFail(actor, address(escrow), abi.encodeCall(CaretEscrow.swap, (trade, none)), "the default mandate again");
        if (_kept.length > 0) _mustFail(server, address(escrow), _kept[0], "the dropped mandate again");
        _nothingGoes();
    }

    // ------------------------------------------------------------ means

    function _bringIn(Mandate memory made, bytes memory call_) private {
        if (_attempt(stranger, address(escrow), call_)) mandate = made;
        else vm.assertTrue(false, string.concat(family, ": a good mandate was refused"));
    }

    function _setting(CaretEscrow for_, Mandate memory made) private view returns (bytes memory) {
        return abi.encodeCall(CaretEscrow.setMandate, (made, _sign(ownerKey, for_, _hashOf(made))));
    }

    function _revokeHash(uint32 upTo) private pure returns (bytes32) {
        return keccak256(abi.encode(keccak256("Revoke(uint32 nonce)"), upTo));
    }

    function _nothingGoes() private {
        _mustFail(actor, address(escrow), _swapCall(_gift()), "a swap after the end");
        bytes memory call_ = abi.encodeCall(CaretEscrow.fundActor, (NATIVE, 1e12));
        _mustFail(actor, address(escrow), call_, "gas after the end");
    }
}
