// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CaretEscrow} from "../../CaretEscrow.sol";
import {Mandate, Trade} from "../../interfaces/ICaretTypes.sol";
import {Hand} from "./Hand.sol";
import {Ledger} from "./Ledger.sol";

/// @notice Takes what the contract allows: swaps at the slippage floor in pools of its own, at the true prices that
///         suit it best, until nothing is left in the buckets; and all the gas there is. Between such turns a family
///         plays its trick, so that a trick which gains anything shows as a loss above the bound.
abstract contract Greed is Ledger {
    enum Pairs {
        All,
        WithoutWeth,
        Widest,
        WethForUsdc
    }

    uint256 private constant LEAST = 1_000;
    uint256 private constant MOST_TRADES = 8;
    /// @dev Calls that a trick and a greedy turn make together, at least.
    uint256 private constant CALLS_A_TURN = 4;
    uint256 private constant FEWEST_TURNS = 12;

    Route internal route;
    function() internal private _trick;
    /// @dev How far the run has come, in basis points.
    uint256 internal progress;
    Pairs internal pairs;
    /// @dev Micro-USD below which a trade is not worth the attacker's while.
    uint256 internal least = LEAST;
    uint256 internal leastGas = 0.01 ether;
    uint256 internal margin = MARGIN;
    /// @dev Micro-USD that a trade stays below what there is room for, for what rounding adds to its charge.
    uint256 internal spare = 1;

    /// @dev Turns of trick and greed over the days, then the reckoning.
    function _run(function() internal trick) internal {
        _trick = trick;
        uint256 turns = wanted / CALLS_A_TURN;
        if (turns < FEWEST_TURNS) turns = FEWEST_TURNS;
        for (uint256 i = 0; i <= turns; ++i) {
            progress = (i * BPS) / turns;
            uint256 due = startedAt + (DAYS * 1 days * i) / turns;
            if (i > 0 && i < turns) due += _roll((DAYS * 1 days) / turns / 2);
            if (due > block.timestamp) vm.warp(due);
            // By a call, after which its memory is given back.
            this.turn();
        }
        _conclude();
    }

    function turn() external {
        require(msg.sender == address(this));
        _pushFeeds();
        _takeAll();
        _trick();
        _takeAll();
    }

    /// @dev WETH drifts; SEI does not, so that gas keeps its price.
    function _pushFeeds() private {
        if (frozenBps != 0) return _pushAll();
        int256 drift = int256(_roll(201)) - 100;
        int256 answer = wethFeed.answer();
        if ((answer > 5_000e8 && drift > 0) || (answer < 3_000e8 && drift < 0)) drift = -drift;
        _pushAll();
        _push(wethFeed, answer + (answer * drift) / 10_000);
        _neutral();
    }

    function _takeAll() internal {
        _takeGas();
        uint256 failures = 0;
        for (uint256 i = 0; i < MOST_TRADES && failures < 2; ++i) {
            if (!_takeOne()) ++failures;
        }
    }

    function _takeGas() private {
        if (!withGas) return;
        uint256 amount = escrow.gasAvailable();
        if (amount < leastGas) return;
        _setTruth(address(wsei), int256(_epsilonOf(address(wsei))));
        address token = _roll(2) == 0 ? NATIVE : address(wsei);
        _attempt(actor, address(escrow), abi.encodeCall(CaretEscrow.fundActor, (token, amount)));
    }

    /// @return whether there may be more to take
    function _takeOne() private returns (bool) {
        (address tokenIn, address tokenOut) = _pair();
        uint256 value = _affordable(tokenIn, tokenOut);
        if (value < least) return false;
        return _takeAt(tokenIn, tokenOut, value);
    }

    function _takeAt(address tokenIn, address tokenOut, uint256 value) internal returns (bool) {
        uint256 floor = (BPS - mandate.slippageBps) * 100 + margin;
        _favour(tokenIn, tokenOut);
        if (route == Route.Sandwich) return _sandwich(tokenIn, tokenOut, value, floor);
        Trade memory trade = _tradeAt(route, tokenIn, tokenOut, value, floor);
        return _swapAs(actor, trade);
    }

    function _swapAs(address by, Trade memory trade) internal returns (bool) {
        return _attempt(by, address(escrow), _swapCall(trade));
    }

    function _swapCall(Trade memory trade) internal view returns (bytes memory) {
        Mandate memory held = mandate;
        return abi.encodeCall(CaretEscrow.swap, (trade, held));
    }

    /// @dev In an honest pool, in one transaction: the price pushed to the floor, the swap, the price put back.
    function _sandwich(
        address tokenIn,
        address tokenOut,
        uint256 value,
        uint256 floor
    ) internal returns (bool) {
        Trade memory trade = _tradeAt(Route.V3, tokenIn, tokenOut, value, floor);
        trade.data = abi.encodePacked(tokenIn, HONEST_FEE, tokenOut);
        Hand.Move[] memory moves = new Hand.Move[](3);
        // That pool is smaller: its price moves more under the trade.
        moves[0] = _moveTo(tokenIn, tokenOut, HONEST_FEE, floor + 150);
        moves[1] = Hand.Move(address(escrow), _swapCall(trade));
        moves[2] = _moveTo(tokenIn, tokenOut, HONEST_FEE, MILLION - HONEST_FEE);
        if (moves[0].target == address(0)) moves[0] = Hand.Move(address(usdc), abi.encodeWithSignature("decimals()"));
        if (moves[2].target == address(0)) moves[2] = Hand.Move(address(usdc), abi.encodeWithSignature("decimals()"));
        return _attempt(address(this), address(hand), abi.encodeCall(Hand.run, (moves)));
    }

    // ------------------------------------------------------------ how much

    /// @dev The most that a trade at the floor may be worth now, in micro-USD.
    function _affordable(address tokenIn, address tokenOut) internal view returns (uint256 value) {
        (uint256 lossRoom, uint256 volumeRoom) = _rooms();
        uint256 lost = _lostAtFloor(tokenIn, tokenOut);
        value = (lossRoom * MILLION) / lost;
        if (value > mandate.tradeCap) value = mandate.tradeCap;
        if (value > volumeRoom) value = volumeRoom;
        value = value > spare ? value - spare : 0;
    }

    /// @dev Parts of a million of a trade's value that count against the loss budget.
    function _lostAtFloor(address tokenIn, address tokenOut) internal view returns (uint256) {
        return (mandate.slippageBps + _epsilonOf(tokenIn) + _epsilonOf(tokenOut)) * 100;
    }

    function _rooms() internal view returns (uint256 lossRoom, uint256 volumeRoom) {
        (uint256 lost, uint256 volume, uint256 since, , ) = escrow.status();
        lossRoom = _room(lost, mandate.dailyLoss, block.timestamp - since);
        volumeRoom = _room(volume, mandate.dailyVolume, block.timestamp - since);
    }

    /// @dev Written anew from the design, to find what the contract's buckets really allow.
    function _room(uint256 drawn, uint256 daily, uint256 elapsed) private pure returns (uint256) {
        uint256 capacity = daily / 2;
        uint256 out = (capacity * elapsed) / 1 days;
        drawn = drawn > out ? drawn - out : 0;
        return drawn < capacity ? capacity - drawn : 0;
    }

    function _pair() internal returns (address tokenIn, address tokenOut) {
        address[3] memory all = [address(wsei), address(usdc), address(weth)];
        uint256 first = _roll(3);
        (tokenIn, tokenOut) = (all[first], all[(first + 1 + _roll(2)) % 3]);
        if (pairs == Pairs.All) return (tokenIn, tokenOut);
        if (pairs == Pairs.WethForUsdc) return (address(weth), address(usdc));
        address other = pairs == Pairs.Widest ? address(weth) : address(usdc);
        return _roll(2) == 0 ? (other, address(wsei)) : (address(wsei), other);
    }

    /// @dev A small trade that gives the escrow more than it takes: nothing but a trick's own matter stands in its way.
    function _gift() internal returns (Trade memory) {
        (address tokenIn, address tokenOut) = _pair();
        _favour(tokenIn, tokenOut);
        return _tradeAt(Route.V3, tokenIn, tokenOut, 10_000, MILLION + 20_000);
    }
}
