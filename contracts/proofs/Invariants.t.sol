// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {CaretEscrow} from "../CaretEscrow.sol";
import {Test} from "./Forge.sol";
import {World} from "./World.sol";

/// @notice What holds whatever happens, and in whatever order.
contract InvariantsTest is Test {
    /// @dev As forge names it.
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    World private _world;

    function setUp() external {
        _world = new World();
        _world.begin();
        _target(address(_world));
    }

    /// @notice Told to forge: what an invariant run calls. Trades and waiting most of the time.
    function targetSelectors() external view returns (FuzzSelector[] memory wanted) {
        wanted = new FuzzSelector[](1);
        bytes4[] memory selectors = new bytes4[](12);
        selectors[0] = World.trade.selector;
        selectors[1] = World.wait_.selector;
        selectors[2] = World.fund.selector;
        selectors[3] = World.adopt.selector;
        selectors[4] = World.stop.selector;
        selectors[5] = World.pause.selector;
        selectors[6] = World.takeOut.selector;
        selectors[7] = World.attack.selector;
        selectors[8] = World.move.selector;
        selectors[9] = World.trade.selector;
        selectors[10] = World.trade.selector;
        selectors[11] = World.sleep.selector;
        wanted[0] = FuzzSelector(address(_world), selectors);
    }

    function invariant_money_limits_ids_and_refusals() public view {
        _moneyLeavesToTheOwnerAsGasOrInSwaps();
        _noDayGoesOverItsLimits();
        _theSequenceRisesAndTheNonceNeverFalls();
        vm.assertEq(_world.wrong(), "");
    }

    /// @dev A run in which nothing happens would prove nothing.
    function test_the_world_trades_and_draws_gas() external {
        for (uint256 i = 0; i < 30; ++i) {
            _world.trade(3, 20e6, 10_000);
            _world.fund(0.3 ether, i % 2 == 0);
            _world.wait_(3 hours);
            _world.attack(i * 257, 9);
            _world.move(i, 95 + (i % 11));
            _world.takeOut(i, 1e6);
        }
        _world.stop(4);
        _world.trade(3, 20e6, 10_000);
        _world.adopt(type(uint256).max);
        _world.pause(0);
        _world.trade(3, 20e6, 10_000);
        _world.pause(1);
        _world.trade(3, 5e6, 10_000);
        vm.assertGt(_world.swaps(), 20);
        vm.assertGt(_world.draws(), 10);
        vm.assertGt(_world.mostVolume(), 100e6);
        vm.assertGt(_world.mostLoss(), 1e6);
        vm.assertGt(_world.mostGas(), 1.5 ether);
        invariant_money_limits_ids_and_refusals();
    }

    function _moneyLeavesToTheOwnerAsGasOrInSwaps() private view {
        (, address[3] memory tokens, address[5] memory people) = _world.parts();
        for (uint256 i = 0; i < tokens.length; ++i) {
            vm.assertEq(_world.holding(tokens[i]), _world.expected(tokens[i]));
            for (uint256 j = 0; j < people.length; ++j) vm.assertEq(IERC20(tokens[i]).balanceOf(people[j]), 0);
        }
        vm.assertEq(people[0].balance, _world.gasPaid());
    }

    function _noDayGoesOverItsLimits() private view {
        vm.assertLe(_world.mostVolume(), 200e6);
        vm.assertLe(_world.mostLoss(), 10e6);
        vm.assertLe(_world.mostGas(), 2 ether);
    }

    function _theSequenceRisesAndTheNonceNeverFalls() private view {
        (CaretEscrow escrow, , ) = _world.parts();
        vm.assertEq(escrow.sequence(), _world.lastId());
        vm.assertEq(escrow.nonce(), _world.lastNonce());
    }
}
