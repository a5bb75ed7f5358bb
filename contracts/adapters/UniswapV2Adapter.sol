// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISwapAdapter} from "../interfaces/ISwapAdapter.sol";

interface IUniswapV2Router {
    function swapExactTokensForTokens(
        uint256 amountIn,
        uint256 amountOutMin,
        address[] calldata path,
        address to,
        uint256 deadline
    ) external returns (uint256[] memory amounts);
}

/// @title Uniswap V2 routers, DragonSwap V1 among them
/// @notice The path is `abi.encode(address[])`. Only token-to-token swaps are used, whose name is the same on
///         every fork; the escrow wraps native SEI itself.
contract UniswapV2Adapter is ISwapAdapter {
    /// @inheritdoc ISwapAdapter
    /// @dev A path that is not an encoded address array reverts without a reason.
    function encode(Swap calldata swap) external pure returns (bytes memory callData, address[] memory hops) {
        hops = abi.decode(swap.path, (address[]));
        callData = abi.encodeCall(
            IUniswapV2Router.swapExactTokensForTokens,
            (swap.amountIn, swap.minOut, hops, swap.recipient, swap.deadline)
        );
    }
}
