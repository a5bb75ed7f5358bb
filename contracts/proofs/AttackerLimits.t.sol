// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CaretEscrow} from "../CaretEscrow.sol";
import {Trade} from "../interfaces/ICaretTypes.sol";
import {Greed} from "./attacks/Greed.sol";
import {Hand} from "./attacks/Hand.sol";

/// @notice Families about the budgets: volume, loss, gas, ids.
contract AttackerLimitsTest is Greed {
    bytes private _last;

    /// @dev Here the volume binds, not the loss.
    function test_churn() external {
        _begin("churn", 150, 200 * USD, 10 * USD);
        pairs = Pairs.Widest;
        _run(_roundTrip);
    }

    function test_defaultMandate() external {
        _beginDefault("defaultMandate", owner);
        pairs = Pairs.Widest;
        _run(_roundTrip);
    }

    /// @dev A budget of 20 micro-USD a call, so that parts of a micro-USD would show.
    function test_dust() external {
        uint256 dust = _callsWanted();
        _begin("dust", 300, (dust * USD) / 50, dust * 20);
        (withGas, pairs, least, margin, spare) = (false, Pairs.Widest, 100, 400, 70);
        _run(_dust);
    }

    /// @dev The same where the volume binds: a trade of less than a micro-USD must count as one, and must not pass for
    ///      worth one.
    function test_dustVolume() external {
        uint256 dust = _callsWanted();
        _begin("dustVolume", 300, dust * 120, dust * 120);
        (withGas, pairs, least, margin, spare) = (false, Pairs.Widest, 100, 800, 3);
        _run(_dustForNothing);
    }

    function test_bucketEdges() external {
        _begin("bucketEdges", 300, 1_000 * USD, 5 * USD);
        _run(_edges);
    }

    function test_idBurning() external {
        _begin("idBurning", 300, 1_000 * USD, 5 * USD);
        _run(_ids);
    }

    /// @dev Gas alone, so that parts of a micro-SEI would show.
    function test_gasDrain() external {
        _begin("gasDrain", 300, 1_000 * USD, 5 * USD);
        (perDay, least, leastGas) = (0, type(uint256).max, 1e12);
        _run(_gas);
    }

    /// @dev All SEI is native at first.
    function test_wrapping() external {
        _begin("wrapping", 300, 1_000 * USD, 5 * USD);
        vm.prank(owner);
        escrow.withdraw(address(wsei), owner, type(uint256).max);
        _run(_wrapping);
    }

    // ------------------------------------------------------------ tricks

    /// @dev There and back at the floor, each leg at the true prices that suit it.
    function _roundTrip() internal {
        (address tokenIn, address tokenOut) = _pair();
        uint256 value = _affordable(tokenIn, tokenOut) + 2;
        _takeAt(tokenIn, tokenOut, value);
        _takeAt(tokenOut, tokenIn, value);
        _takeAt(tokenIn, tokenOut, 1 + _roll(mandate.tradeCap));
        // A minute's room is enough for this one.
        vm.warp(block.timestamp + 1 minutes);
        _favour(tokenIn, tokenOut);
        uint256 below = (BPS - mandate.slippageBps) * 100 - 20 - _roll(2_000);
        Trade memory trade = _tradeAt(Route.V3, tokenIn, tokenOut, 50_000, below);
        _mustFail(actor, address(escrow), _swapCall(trade), "a trade below the floor");
    }

    /// @dev What is spent counts as just below a whole micro-USD, what is received as just above one.
    function _dust() internal {
        for (uint256 i = 0; i < 6; ++i) {
            (address tokenIn, address tokenOut) = _pair();
            _favour(tokenIn, tokenOut);
            uint256 whole = 100 + _roll(200);
            Trade memory trade = _tradeAt(Route.Scripted, tokenIn, tokenOut, 1, 1);
            trade.amountIn = ((whole * 1_000 + 999) * 1e21) / (_answer(tokenIn) * (BPS + _epsilonOf(tokenIn)));
            uint256 least_ = _answer(tokenOut) * (BPS - _epsilonOf(tokenOut));
            uint256 given = (((whole - _roll(4)) * 1_000 + 1) * 1e21) / least_;
            (, trade.data) = _scriptedFor(tokenIn, trade.amountIn, tokenOut, given + 1);
            _swapAs(actor, trade);
        }
    }

    function _dustForNothing() internal {
        for (uint256 i = 0; i < 8; ++i) {
            (address tokenIn, address tokenOut) = _pair();
            _favour(tokenIn, tokenOut);
            Trade memory trade = _tradeAt(Route.Scripted, tokenIn, tokenOut, 1, 1);
            trade.amountIn = (trade.amountIn * (90 + _roll(10))) / 100;
            (, trade.data) = _scripted(tokenIn, trade.amountIn, tokenOut, 1, trade.amountIn);
            _swapAs(actor, trade);
        }
    }

    /// @dev To the unit what has room, one more, and one more second.
    function _edges() internal {
        for (uint256 i = 0; i < 3; ++i) {
            (address tokenIn, address tokenOut) = _pair();
            uint256 value = _affordable(tokenIn, tokenOut);
            _takeAt(tokenIn, tokenOut, value + _roll(4));
            vm.warp(block.timestamp + _roll(3));
        }
        if (_roll(4) > 0) return;
        // A day less a second, a day, a day and a second since the start.
        uint256 edge = startedAt + ((block.timestamp - startedAt) / 1 days) * 1 days + 1 days - 1;
        if (edge > startedAt + DAYS * 1 days) return;
        for (uint256 i = 0; i < 3; ++i) {
            vm.warp(edge + i);
            _pushAll();
            _takeAll();
        }
    }

    function _ids() internal {
        if (_last.length > 0) _mustFail(actor, address(escrow), _last, "a trade twice");
        uint256 used = escrow.sequence();
        Trade memory trade = _gift();
        uint256[6] memory ids = [0, used, used - 1, used + 1025, (1 << 32) + used + 1, type(uint256).max];
        for (uint256 i = 0; i < ids.length; ++i) {
            trade.id = ids[i];
            _mustFail(actor, address(escrow), _swapCall(trade), "an id out of range");
        }
        trade.id = used + 1 + _roll(1024);
        bytes memory data = _swapCall(trade);
        if (_swapAs(actor, trade)) _last = data;
    }

    function _gas() internal {
        uint256 room = escrow.gasAvailable();
        _setTruth(address(wsei), int256(_epsilonOf(address(wsei))));
        Hand.Move[] memory moves = new Hand.Move[](2);
        moves[0] = Hand.Move(address(escrow), _funding(address(wsei), room + 1));
        moves[1] = Hand.Move(address(escrow), _funding(NATIVE, 1));
        hand.arm(moves);
        _attempt(actor, address(escrow), _funding(NATIVE, room / 2 + 1 + _roll(room + 1)));
        _mustFail(actor, address(escrow), _funding(address(wsei), room + 1), "more gas than there is room");
        // A second refills a dozen micro-SEI; less than one of them at a time is drawn.
        vm.warp(block.timestamp + 1);
        for (uint256 i = 0; i < 6; ++i) {
            _attempt(actor, address(escrow), _funding(_roll(2) == 0 ? NATIVE : address(wsei), 1e12 - 1 - _roll(1e6)));
        }
        _mustFail(actor, address(escrow), _funding(address(weth), 1), "gas in another token");
        _mustFail(server, address(escrow), _funding(NATIVE, 1), "gas for the server");
    }

    function _wrapping() internal {
        _setTruth(address(wsei), int256(_epsilonOf(address(wsei))));
        // The wrapped part sold, and a little more than it.
        Trade memory trade = _tradeAt(Route.V3, address(wsei), address(usdc), 1, MILLION + 20_000);
        trade.amountIn = wsei.balanceOf(address(escrow)) + 1 + _roll(1e18);
        _favour(address(wsei), address(usdc));
        _swapAs(actor, trade);
        _attempt(actor, address(escrow), _funding(address(wsei), 1 + _roll(1e18)));
        trade.id = escrow.sequence() + 1;
        trade.amountIn = wsei.balanceOf(address(escrow)) + address(escrow).balance + 1;
        _mustFail(actor, address(escrow), _swapCall(trade), "more SEI than there is");
    }

    function _funding(address token, uint256 amount) private pure returns (bytes memory) {
        return abi.encodeCall(CaretEscrow.fundActor, (token, amount));
    }
}
