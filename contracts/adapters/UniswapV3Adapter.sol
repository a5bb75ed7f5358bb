// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISwapAdapter} from "../interfaces/ISwapAdapter.sol";
import {V3Path} from "../libraries/V3Path.sol";

interface ISwapRouter02 {
    struct ExactInputParams {
        bytes path;
        address recipient;
        uint256 amountIn;
        uint256 amountOutMinimum;
    }

    function exactInput(ExactInputParams calldata params) external payable returns (uint256 amountOut);
}

/// @title Uniswap V3 routers of the SwapRouter02 kind, DragonSwap V2 and Oku among them
/// @notice The path is packed as `V3Path` says. This router takes no deadline: the escrow has checked it.
contract UniswapV3Adapter is ISwapAdapter {
    /// @inheritdoc ISwapAdapter
    function encode(Swap calldata swap) external pure returns (bytes memory callData, address[] memory hops) {
        hops = V3Path.hops(swap.path);
        callData = abi.encodeCall(
            ISwapRouter02.exactInput,
            (ISwapRouter02.ExactInputParams(swap.path, swap.recipient, swap.amountIn, swap.minOut))
        );
    }
}
