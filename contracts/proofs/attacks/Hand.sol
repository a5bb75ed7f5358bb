// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice A stolen account that has been given code (EIP-7702): it does several things at once, pays the pools it
///         swaps in, and when it is touched in the middle of somebody's call it plays what it was armed with.
contract Hand {
    struct Move {
        address target;
        bytes data;
    }

    /// @notice How many armed moves were played, and how many of them succeeded.
    uint256 public played;
    uint256 public succeeded;

    Move[] private _armed;
    bool private _playing;

    receive() external payable {
        poke();
    }

    /// @notice All of it, or nothing.
    function run(Move[] calldata moves) external {
        for (uint256 i = 0; i < moves.length; ++i) {
            (bool ok, bytes memory answer) = moves[i].target.call(moves[i].data);
            if (ok) continue;
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
    }

    function arm(Move[] calldata moves) external {
        delete _armed;
        for (uint256 i = 0; i < moves.length; ++i) _armed.push(moves[i]);
    }

    /// @notice What a hostile token calls at every transfer.
    function poke() public {
        if (_playing) return;
        _playing = true;
        for (uint256 i = 0; i < _armed.length; ++i) {
            (bool ok, ) = _armed[i].target.call(_armed[i].data);
            ++played;
            if (ok) ++succeeded;
        }
        _playing = false;
    }

    /// @notice A V3 pool asks for what it is owed.
    function uniswapV3SwapCallback(int256 amount0, int256 amount1, bytes calldata pair) external {
        (address token0, address token1) = abi.decode(pair, (address, address));
        if (amount0 > 0) IERC20(token0).transfer(msg.sender, uint256(amount0));
        if (amount1 > 0) IERC20(token1).transfer(msg.sender, uint256(amount1));
    }
}
