// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CaretEscrow} from "../CaretEscrow.sol";
import {CaretOrchestrator} from "../CaretOrchestrator.sol";
import {Trade} from "../interfaces/ICaretTypes.sol";
import {Puppet} from "../test/Puppet.sol";
import {Greed} from "./attacks/Greed.sol";
import {Hand} from "./attacks/Hand.sol";

/// @notice Families about who may do what: registration, release, and how trading ends.
contract AttackerRolesTest is Greed {
    uint256 private constant END = 6_000;

    address private _newcomer;

    function test_secondRegistration() external {
        _begin("secondRegistration", 300, 1_000 * USD, 5 * USD);
        _run(_registrations);
    }

    function test_falseOwner() external {
        _begin("falseOwner", 300, 1_000 * USD, 5 * USD);
        _run(_falseOwners);
    }

    function test_actorReuse() external {
        _begin("actorReuse", 300, 1_000 * USD, 5 * USD);
        _run(_reuse);
    }

    function test_forcedRelease() external {
        _begin("forcedRelease", 300, 1_000 * USD, 5 * USD);
        _run(_releases);
    }

    /// @dev The owner is a contract that takes no native SEI.
    function test_blockedPayout() external {
        Puppet receiver = new Puppet();
        receiver.setAccepting(false);
        _beginDefault("blockedPayout", address(receiver));
        pairs = Pairs.Widest;
        _run(_releases);
    }

    function test_paused() external {
        _begin("paused", 300, 1_000 * USD, 5 * USD);
        _run(_paused);
    }

    function test_expired() external {
        _begin("expired", 300, 1_000 * USD, 5 * USD);
        mandate.nonce += 1;
        mandate.validUntil = uint40(startedAt + (DAYS * 1 days * END) / BPS);
        _adopt(mandate);
        _run(_expired);
    }

    function test_exited() external {
        _beginDefault("exited", owner);
        pairs = Pairs.Widest;
        _run(_exited);
    }

    function test_unregistered() external {
        _begin("unregistered", 300, 1_000 * USD, 5 * USD);
        _run(_theServerIsReplaced);
    }

    // ------------------------------------------------------------ tricks

    /// @dev The same owner again, with other actors, which are then set upon the first escrow.
    function _registrations() internal {
        address other = address(new Hand());
        uint256 owner_ = uint256(uint160(owner));
        bytes memory again = abi.encodeCall(CaretOrchestrator.registerActor, (owner_, actor));
        _mustFail(server, address(orchestrator), again, "an actor twice");
        again = abi.encodeCall(CaretOrchestrator.registerActor, (owner_, other));
        if (_roll(2) == 0) again = abi.encodeCall(CaretOrchestrator.registerActorWithExit, (owner_, other, CODE));
        _attempt(server, address(orchestrator), again);
        again = abi.encodeCall(CaretOrchestrator.deployEscrow, (owner_, 0, _roll(3)));
        _attempt(stranger, address(orchestrator), again);
        _setUpon(other);
    }

    /// @dev The escrow itself, the attacker, numbers that are no address: as owners.
    function _falseOwners() internal {
        address other = address(new Hand());
        address[4] memory owners = [address(escrow), address(boss), address(orchestrator), address(hand)];
        uint256 owner_ = uint256(uint160(owners[_roll(4)]));
        bytes memory call_ = abi.encodeCall(CaretOrchestrator.registerActor, (owner_, other));
        _attempt(server, address(orchestrator), call_);
        _setUpon(other);
        call_ = abi.encodeCall(CaretOrchestrator.registerActor, (_roll(1 << 64), other));
        _mustFail(server, address(orchestrator), call_, "a number as an owner");
        call_ = abi.encodeCall(
            CaretOrchestrator.registerActor,
            ((1 << 160) | uint256(uint160(owner)), address(new Hand()))
        );
        _mustFail(server, address(orchestrator), call_, "an owner beyond 160 bits");
        _mustFail(actor, address(orchestrator), call_, "a registration by an actor");
    }

    /// @dev One actor for another owner too, and an actor that is its own owner.
    function _reuse() internal {
        uint256 other = uint256(uint160(makeAddr("another owner"))) + _roll(1 << 64);
        bytes memory call_ = abi.encodeCall(CaretOrchestrator.registerActor, (other, actor));
        _mustFail(server, address(orchestrator), call_, "an actor for two owners");
        call_ = abi.encodeCall(CaretOrchestrator.registerActorWithExit, (uint256(uint160(owner)), actor, CODE));
        _mustFail(server, address(orchestrator), call_, "an actor for two escrows");
        call_ = abi.encodeCall(CaretOrchestrator.registerActor, (other, address(uint160(other))));
        _mustFail(server, address(orchestrator), call_, "an owner as its own actor");
        call_ = abi.encodeCall(CaretOrchestrator.registerActor, (other, address(0)));
        _mustFail(server, address(orchestrator), call_, "nobody as an actor");
        if (_newcomer == address(0)) {
            _newcomer = address(new Hand());
            call_ = abi.encodeCall(CaretOrchestrator.registerActor, (other, _newcomer));
            _attempt(server, address(orchestrator), call_);
        }
        _setUpon(_newcomer);
    }

    /// @dev Somebody else than the actor asks this escrow for a swap, for gas, for money.
    function _setUpon(address other) private {
        // So that there is some gas to be had.
        vm.warp(block.timestamp + 1 minutes);
        Trade memory trade = _gift();
        _mustFail(other, address(escrow), _swapCall(trade), "a swap by another actor");
        _mustFail(other, address(escrow), _funding(1), "gas for another actor");
        bytes memory call_ = abi.encodeCall(CaretEscrow.withdraw, (address(usdc), other, 1));
        _mustFail(_roll(2) == 0 ? other : server, address(escrow), call_, "a withdrawal by another");
        call_ = abi.encodeCall(CaretEscrow.releaseFunds, (address(usdc), owner, 1));
        _mustFail(other, address(escrow), call_, "a release by another");
        call_ = abi.encodeCall(CaretEscrow.exit, (keccak256(abi.encode(_roll(100))), address(usdc)));
        _mustFail(other, address(escrow), call_, "an exit without its code");
    }

    /// @dev The server pushes money out: to the owner it may, to itself it may not.
    function _releases() internal {
        address to = escrow.owner();
        address[4] memory tokens = [NATIVE, address(wsei), address(usdc), address(weth)];
        for (uint256 i = 0; i < 2; ++i) {
            uint256 which = _roll(4);
            uint256 amount = 1 + _roll(which < 2 ? 1e18 : (which == 2 ? 100_000 : 1e13));
            bytes memory call_ = abi.encodeCall(CaretEscrow.releaseFunds, (tokens[which], to, amount));
            vm.assertTrue(_attempt(server, address(escrow), call_), "a release was blocked");
            call_ = abi.encodeCall(CaretEscrow.releaseFunds, (tokens[which], _roll(2) == 0 ? server : actor, amount));
            _mustFail(server, address(escrow), call_, "a release to somebody else");
            call_ = abi.encodeCall(CaretEscrow.releaseFunds, (tokens[which], to, type(uint256).max));
            _mustFail(server, address(escrow), call_, "a release of more than there is");
        }
    }

    function _paused() internal {
        if (progress < END) {
            _swapAs(actor, _gift());
            _mustFail(stranger, address(orchestrator), abi.encodeCall(CaretOrchestrator.pause, ()), "anybody's pause");
            return;
        }
        if (stoppedAt == 0) {
            _stop();
            vm.prank(guardian);
            orchestrator.pause();
        }
        bytes memory call_ = abi.encodeCall(CaretOrchestrator.unpause, ());
        _mustFail(_roll(2) == 0 ? guardian : server, address(orchestrator), call_, "the thief's own unpause");
        _nothingGoes();
    }

    function _expired() internal {
        if (block.timestamp <= mandate.validUntil) {
            _swapAs(actor, _gift());
            return;
        }
        // The last turn before the end took what was there then; what came in since, nobody can have.
        if (stoppedAt == 0) stoppedAt = mandate.validUntil;
        _nothingGoes();
        bytes memory call_ = abi.encodeCall(
            CaretEscrow.setMandate,
            (mandate, _sign(ownerKey, escrow, _hashOf(mandate)))
        );
        _mustFail(stranger, address(escrow), call_, "an expired mandate again");
    }

    function _exited() internal {
        if (progress < END) {
            _mustFail(server, address(escrow), abi.encodeCall(CaretEscrow.exit, (0, address(usdc))), "a false code");
            return;
        }
        if (stoppedAt == 0) _stop();
        // Whoever has the code takes one cheap token out, and with it all of the attacker's means.
        _attempt(stranger, address(escrow), abi.encodeCall(CaretEscrow.exit, (CODE, address(weth))));
        _give(address(weth), address(escrow), 0.01e18);
        _nothingGoes();
    }

    /// @dev The admin names another server: what the old one holds no longer helps. The actor's key still does.
    function _theServerIsReplaced() internal {
        if (server == address(boss)) {
            vm.prank(admin);
            orchestrator.setServer(address(0));
            server = address(0);
        }
        bytes memory call_ = abi.encodeCall(CaretOrchestrator.registerActor, (uint256(uint160(owner)), stranger));
        _mustFail(address(boss), address(orchestrator), call_, "a registration by the old server");
        call_ = abi.encodeCall(CaretEscrow.releaseFunds, (address(usdc), owner, 1));
        _mustFail(address(boss), address(escrow), call_, "a release by the old server");
        _mustFail(address(boss), address(escrow), abi.encodeCall(CaretEscrow.drop, ()), "a drop by the old server");
        _mustFail(actor, address(orchestrator), abi.encodeCall(CaretOrchestrator.pause, ()), "an actor's pause");
    }

    function _nothingGoes() private {
        Trade memory trade = _gift();
        _mustFail(actor, address(escrow), _swapCall(trade), "a swap after the end");
        _mustFail(actor, address(escrow), _funding(1e12), "gas after the end");
        trade.adapter = v3DeadlineAdapter;
        _mustFail(actor, address(escrow), _swapCall(trade), "a swap elsewhere after the end");
    }

    function _funding(uint256 amount) private returns (bytes memory) {
        return abi.encodeCall(CaretEscrow.fundActor, (_roll(2) == 0 ? NATIVE : address(wsei), amount));
    }
}
