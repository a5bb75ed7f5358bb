// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IWSEI} from "../interfaces/IWSEI.sol";
import {TestToken} from "./TestToken.sol";

interface IPool {
    function token0() external view returns (address);

    function token1() external view returns (address);
}

interface IUniswapV2Pair is IPool {
    function getReserves() external view returns (uint112 reserve0, uint112 reserve1, uint32 timestamp);

    function swap(uint256 amount0Out, uint256 amount1Out, address to, bytes calldata data) external;
}

interface IUniswapV3Pool is IPool {
    function slot0() external view returns (uint160 sqrtPriceX96, int24, uint16, uint16, uint16, uint8, bool);

    function swap(
        address recipient,
        bool zeroForOne,
        int256 amountSpecified,
        uint160 sqrtPriceLimitX96,
        bytes calldata data
    ) external returns (int256 amount0, int256 amount1);
}

/// @title Trades Uniswap pools of test tokens back to given prices, with money it makes itself
/// @notice For local and test networks. It must be a minter of every test token in the pools, and hold native
///         SEI enough for the WSEI it sells.
contract PoolMaker {
    /// @param sqrtPriceX96 wanted sqrt(token1 / token0) in base units, times 2^96
    struct Target {
        address pool;
        bool isV3;
        uint160 sqrtPriceX96;
    }

    uint256 private constant Q96 = 1 << 96;
    uint256 private constant BPS = 10_000;

    address public immutable keeper;
    IWSEI public immutable wsei;

    /// @dev The pool being traded with, the only one whose callback is served.
    address private _pool;

    error NotKeeper(address caller);
    error UnknownPool(address caller);

    constructor(IWSEI wsei_, address keeper_) payable {
        wsei = wsei_;
        keeper = keeper_;
    }

    receive() external payable {}

    /// @notice Moves every pool that is off by more than `bandBps` of its price to the price wanted.
    function restore(Target[] calldata targets, uint256 bandBps) external {
        if (msg.sender != keeper) revert NotKeeper(msg.sender);
        for (uint256 i = 0; i < targets.length; ++i) {
            if (!_isStray(targets[i], bandBps)) continue;
            if (targets[i].isV3) _restoreV3(targets[i]);
            else _restoreV2(targets[i]);
        }
    }

    /// @dev Called by a V3 pool: pays what it is owed.
    function uniswapV3SwapCallback(int256 amount0, int256 amount1, bytes calldata) external {
        if (msg.sender != _pool) revert UnknownPool(msg.sender);
        if (amount0 > 0) _pay(msg.sender, IPool(msg.sender).token0(), uint256(amount0));
        if (amount1 > 0) _pay(msg.sender, IPool(msg.sender).token1(), uint256(amount1));
    }

    /// @notice How many pools `restore` would move.
    function countStray(Target[] calldata targets, uint256 bandBps) external view returns (uint256 count) {
        for (uint256 i = 0; i < targets.length; ++i) {
            if (_isStray(targets[i], bandBps)) ++count;
        }
    }

    /// @notice The pool's sqrt(token1 / token0) in base units, times 2^96.
    function sqrtPrice(address pool, bool isV3) public view returns (uint256 price) {
        if (isV3) {
            (price, , , , , , ) = IUniswapV3Pool(pool).slot0();
        } else {
            (uint256 reserve0, uint256 reserve1, ) = IUniswapV2Pair(pool).getReserves();
            price = Math.sqrt(Math.mulDiv(reserve1, 1 << 192, reserve0));
        }
    }

    function _restoreV3(Target calldata target) private {
        bool zeroForOne = sqrtPrice(target.pool, true) > target.sqrtPriceX96;
        _pool = target.pool;
        IUniswapV3Pool(target.pool).swap(
            address(this),
            zeroForOne,
            type(int256).max,
            target.sqrtPriceX96,
            ""
        );
        _pool = address(0);
    }

    function _restoreV2(Target calldata target) private {
        IUniswapV2Pair pair = IUniswapV2Pair(target.pool);
        (uint256 reserve0, uint256 reserve1, ) = pair.getReserves();
        uint256 product = reserve0 * reserve1;
        uint256 price = target.sqrtPriceX96;
        if (sqrtPrice(target.pool, false) > price) {
            uint256 end = Math.mulDiv(Math.mulDiv(product, Q96, price), Q96, price);
            (uint256 paid, uint256 out) = _amounts(reserve0, reserve1, end);
            _pay(target.pool, pair.token0(), paid);
            pair.swap(0, out, address(this), "");
        } else {
            uint256 end = Math.mulDiv(Math.mulDiv(product, price, Q96), price, Q96);
            (uint256 paid, uint256 out) = _amounts(reserve1, reserve0, end);
            _pay(target.pool, pair.token1(), paid);
            pair.swap(out, 0, address(this), "");
        }
    }

    function _pay(address pool, address token, uint256 amount) private {
        uint256 held = IERC20(token).balanceOf(address(this));
        if (held < amount && token == address(wsei)) wsei.deposit{value: amount - held}();
        else if (held < amount) TestToken(token).mint(address(this), amount - held);
        IERC20(token).transfer(pool, amount);
    }

    function _isStray(Target calldata target, uint256 bandBps) private view returns (bool) {
        uint256 wanted = target.sqrtPriceX96;
        uint256 actual = sqrtPrice(target.pool, target.isV3);
        uint256 off = actual > wanted ? actual - wanted : wanted - actual;
        // A root is off by half of what its square is off by.
        return off * 2 * BPS > wanted * bandBps;
    }

    /// @dev The input a with (x + a) * (x + 0.997 a) = `end`, where `end` is x * y over the wanted price of x:
    ///      0.997 a^2 + 1.997 x a + x^2 - end = 0. And what it buys, as the pair counts it.
    function _amounts(uint256 x, uint256 y, uint256 end) private pure returns (uint256 paid, uint256 out) {
        uint256 b = 1997 * x;
        uint256 root = Math.sqrt(b * b + 4 * 997 * 1000 * (end - x * x));
        paid = (root - b) / (2 * 997);
        out = (paid * 997 * y) / (x * 1000 + paid * 997);
    }
}
